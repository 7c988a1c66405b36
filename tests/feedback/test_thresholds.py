import math

import numpy as np
import pytest

from mangaassist.core.types import Intent
from mangaassist.feedback import ScoredFirst, calibrate, threshold_for


def judged(
    count: int, *, half_at: float, seed: int = 0, intent: Intent | None = "faq", slope: float = 12.0
) -> list[ScoredFirst]:
    """First results of which those at `half_at` are good half of the time, better ones more often."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 1, size=count)
    good = rng.random(count) < 1 / (1 + np.exp(-slope * (scores - half_at)))
    return [ScoredFirst(intent, float(score), bool(each)) for score, each in zip(scores, good, strict=True)]


def test_the_threshold_is_where_the_chance_falls_under_the_level() -> None:
    found = calibrate(judged(3_000, half_at=0.6), good_chance=0.5)

    assert found["faq"].score == pytest.approx(0.6, abs=0.03)
    assert found["any"].score == pytest.approx(0.6, abs=0.03)


def test_a_higher_level_asks_for_a_higher_score() -> None:
    firsts = judged(3_000, half_at=0.5)
    level = calibrate(firsts, good_chance=0.8)["faq"].score

    assert level == pytest.approx(0.5 + math.log(4) / 12, abs=0.03)


def test_every_intent_has_a_threshold_of_its_own() -> None:
    firsts = [*judged(800, half_at=0.3), *judged(800, half_at=0.7, seed=1, intent="recommendation")]

    found = calibrate(firsts, good_chance=0.5)

    assert found["faq"].score == pytest.approx(0.3, abs=0.06)
    assert found["recommendation"].score == pytest.approx(0.7, abs=0.06)
    assert threshold_for(found, "faq") == found["faq"].score
    assert threshold_for(found, None) == threshold_for(found, "other") == found["any"].score


def test_an_intent_with_few_judged_queries_leans_on_all_the_others() -> None:
    firsts = [
        *judged(1_000, half_at=0.5),
        ScoredFirst("recommendation", 0.9, False),
        ScoredFirst("recommendation", 0.1, True),
    ]

    assert calibrate(firsts, good_chance=0.5)["recommendation"].slope > 0


def test_a_score_that_says_nothing_has_no_threshold() -> None:
    rng = np.random.default_rng(0)
    firsts = [ScoredFirst("faq", float(rng.random()), bool(rng.random() < 0.5)) for _ in range(300)]

    found = calibrate(firsts, good_chance=0.5)

    assert (found["faq"].score, found["any"].score) == (None, None)


def test_a_threshold_outside_of_what_was_judged_is_none() -> None:
    firsts = [first for first in judged(3_000, half_at=0.3) if first.score > 0.5]

    assert calibrate(firsts, good_chance=0.05)["faq"].score is None


def test_too_few_judged_queries_say_nothing() -> None:
    assert calibrate(judged(19, half_at=0.5), good_chance=0.5) == {}
    assert threshold_for({}, "faq") is None


def test_first_results_that_are_all_good_have_no_threshold() -> None:
    assert (
        calibrate([ScoredFirst("faq", number / 50, True) for number in range(50)], good_chance=0.5)["faq"].score is None
    )
