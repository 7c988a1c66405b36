"""The position-based model: it finds what was planted, says where it cannot, and helps where another model is true."""

import numpy as np
import pytest
from benchmarks.click_models import MODELS, PLACES, by_position, gains_of, simulated_log
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaassist.evaluation import Impressions, PositionBias, fit_position_bias
from mangaassist.evaluation.click_models import FEWEST_IN_ALL, FEWEST_OF_A_PAIR

UNHURRIED = settings(deadline=None, max_examples=25)


def planted(examination: list[float], *, pairs: int, shown: int, seed: int = 0) -> Impressions:
    """Every pair is shown so often, at places drawn evenly; clicks are position-based."""
    rng = np.random.default_rng(seed)
    attraction = rng.uniform(0.05, 0.6, size=pairs)
    pair = np.repeat(np.arange(pairs), shown)
    place = rng.integers(len(examination), size=len(pair))
    clicked = rng.random(len(pair)) < np.array(examination)[place] * attraction[pair]
    return Impressions(pair, place + 1, clicked)


@pytest.mark.parametrize(
    "examination", [[1.0, 0.6, 0.4, 0.3, 0.25], [1.0, 0.95, 0.2], [1.0, 1.0, 1.0], [0.5, 1.0, 0.7]]
)
def test_em_finds_the_planted_examination(examination: list[float]) -> None:
    bias = fit_position_bias(planted(examination, pairs=300, shown=300))

    assert bias is not None
    assert bias.examination == pytest.approx(examination, abs=0.04)
    assert (bias.impressions, bias.pairs) == (90_000, 300)


def test_em_finds_it_although_better_documents_stand_higher() -> None:
    """The shopper's clicks fall faster than their looks: the first places also hold the better documents."""
    log = simulated_log(by_position, seed=0)

    bias = fit_position_bias(log.impressions())

    clicks = log.clicked.mean(axis=0)
    wanted = np.arange(1, PLACES + 1) ** -0.6
    assert bias is not None
    assert np.abs(np.array(bias.examination) - wanted).max() < 0.04
    assert np.abs(clicks / clicks[0] - wanted).max() > 0.08


@pytest.mark.parametrize("model", sorted(MODELS))
def test_debiasing_leaves_little_of_the_bias_also_where_another_click_model_is_true(model: str) -> None:
    log = simulated_log(MODELS[model], seed=1)
    bias = fit_position_bias(log.impressions())
    assert bias is not None

    truth, as_clicked, debiased = gains_of(log, bias)

    assert as_clicked < 0.02 < truth  # a better ranking looks no better, or worse
    assert abs(debiased - truth) < 0.025
    assert abs(debiased - truth) < abs(as_clicked - truth) / 3


def test_nothing_can_be_told_where_every_document_keeps_its_place() -> None:
    still = Impressions(np.repeat([0, 1], 1000), np.repeat([1, 2], 1000), np.tile([True, False], 1000))

    assert fit_position_bias(still) is None


def test_nothing_can_be_told_of_pairs_that_were_hardly_shown() -> None:
    shown = np.arange(100 * (FEWEST_OF_A_PAIR - 1))
    rare = Impressions(shown % 100, 1 + shown // 100 % 2, shown % 3 == 0)

    assert fit_position_bias(rare) is None
    assert fit_position_bias(Impressions(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool))) is None


def test_nothing_can_be_told_of_a_few_well_known_pairs() -> None:
    few = planted([1.0, 0.5], pairs=10, shown=FEWEST_IN_ALL // 10 - 1)
    enough = planted([1.0, 0.5], pairs=10, shown=FEWEST_IN_ALL // 10)

    assert fit_position_bias(few) is None
    assert fit_position_bias(enough) is not None


def test_a_place_with_too_few_impressions_counts_as_looked_at_like_the_one_above() -> None:
    known = planted([1.0, 0.5], pairs=50, shown=100)
    once = Impressions(np.append(known.pairs, 0), np.append(known.positions, 3), np.append(known.clicked, True))

    bias = fit_position_bias(once)

    assert bias is not None
    assert bias.examination[2] == bias.examination[1]
    assert bias.at(40) == bias.examination[2]


def test_a_weight_is_the_inverse_of_the_examination_and_clipped() -> None:
    bias = PositionBias((1.0, 0.5, 0.02), 100, 10)

    assert [bias.weight(place, most=10.0) for place in (1, 2, 3, 9)] == [1.0, 2.0, 10.0, 10.0]


def test_columns_of_different_length_and_places_before_the_first_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in length"):
        Impressions(np.array([1]), np.array([1, 2]), np.array([True]))
    with pytest.raises(ValueError, match="the first is 1"):
        Impressions(np.array([1]), np.array([0]), np.array([True]))


@st.composite
def logs(draw: st.DrawFn) -> Impressions:
    """Logs of any kind, most of them too small for a model to be true of them."""
    seed, pairs, places = draw(st.integers(0, 1000)), draw(st.integers(1, 6)), draw(st.integers(1, 5))
    rng = np.random.default_rng(seed)
    rows = draw(st.integers(900, 2000))
    rate = draw(st.sampled_from([0.0, 0.05, 0.5, 1.0]))
    return Impressions(rng.integers(pairs, size=rows), 1 + rng.integers(places, size=rows), rng.random(rows) < rate)


@UNHURRIED
@given(log=logs())
def test_examination_lies_in_0_to_1_whatever_the_log(log: Impressions) -> None:
    bias = fit_position_bias(log)

    if bias is not None:
        assert all(0 < each <= 1 for each in bias.examination)
        assert bias.weight(1, most=10.0) <= 10


@UNHURRIED
@given(log=logs(), seed=st.integers(0, 100))
def test_neither_the_order_of_rows_nor_the_names_of_pairs_matter(log: Impressions, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(log.pairs))
    renamed = Impressions(7 + 3 * (9 - log.pairs[order]), log.positions[order], log.clicked[order])

    first, other = fit_position_bias(log), fit_position_bias(renamed)

    assert (first is None) == (other is None)
    if first is not None and other is not None:
        assert other.examination == pytest.approx(first.examination, abs=1e-6)


def test_the_same_log_gives_the_same_bias() -> None:
    log = planted([1.0, 0.5, 0.3], pairs=40, shown=60)

    assert fit_position_bias(log) == fit_position_bias(log)
