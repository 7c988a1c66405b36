"""The intervals behind every status, and the thresholds that are settings."""

import numpy as np
import pytest

from mangaassist.core.types import GroupId, QueryId
from mangaassist.evaluation.diagnoses import DIAGNOSES, DiagnosisRules
from mangaassist.evaluation.diagnoses.harm import mean_harm, status_of


def ids(count: int) -> list[QueryId]:
    return [QueryId(f"q{number}") for number in range(count)]


def test_four_values_give_the_interval_of_a_textbook() -> None:
    """1, 2, 3, 4: mean 2.5, standard error 0.6455, t(3) at 2.5 % is 3.182."""
    harm = mean_harm(dict(zip(ids(4), (1.0, 2.0, 3.0, 4.0), strict=True)), {})

    assert harm.mean == 2.5
    assert harm.interval(0.025) == pytest.approx((0.4457, 4.5543), abs=1e-3)


def test_a_need_worded_a_hundred_times_is_one_observation() -> None:
    values = dict.fromkeys(ids(100), 1.0)
    one_need = {query_id: GroupId("need") for query_id in values}

    assert mean_harm(values, one_need).interval(0.01) == (-1.0, 1.0)


def test_two_samples_are_compared_after_welch() -> None:
    """Errors 3 and 4 on 10 and 20 degrees of freedom: 5, on 625 / (81/10 + 256/20) degrees."""
    one = mean_harm(dict(zip(ids(11), np.linspace(-1, 1, 11), strict=True)), {})
    other = mean_harm(dict(zip(ids(21), np.linspace(-3, 3, 21), strict=True)), {})

    apart = one.minus(other)

    assert apart.error == pytest.approx(np.hypot(one.error, other.error))
    assert apart.freedom == pytest.approx(apart.error**4 / (one.error**4 / 10 + other.error**4 / 20))


def test_in_worlds_without_harm_the_interval_lies_above_zero_as_rarely_as_it_says() -> None:
    """Sparse differences in groups of three, as recall gives them; 2 % of 3,000 is 60, with a deviation of 8."""
    rng, above = np.random.default_rng(5), 0
    query_ids = ids(300)
    groups = {query_id: GroupId(str(number // 3)) for number, query_id in enumerate(query_ids)}
    for _ in range(3_000):
        shared = np.repeat(rng.choice([-1 / 3, 0, 1 / 3], p=[0.1, 0.8, 0.1], size=100), 3)
        values = shared + rng.choice([-1 / 3, 0, 1 / 3], p=[0.1, 0.8, 0.1], size=300)
        harm = mean_harm(dict(zip(query_ids, values.tolist(), strict=True)), groups)
        above += harm.interval(0.02)[0] > 0

    assert above <= 60 + 3 * 8


@pytest.mark.parametrize(
    ("value", "low", "status"),
    [(0.05, 0.0, "ok"), (0.029, 0.001, "warn"), (0.03, 0.001, "fail"), (0.5, -0.01, "ok")],
)
def test_an_alarm_needs_certainty_and_a_fail_size_as_well(value: float, low: float, status: str) -> None:
    assert status_of(value, low, tolerated=0.0, threshold=0.03) == status


def test_each_diagnosis_has_its_share_of_the_report_s_false_alarms() -> None:
    assert DiagnosisRules().tail * len(DIAGNOSES) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"false_alarm_rate": 0.0}, "a share between 0 and 1"),
        ({"cold_harm": -0.1}, "what is tolerated cannot be a fail"),
        ({"fewest_queries": 0}, "must be at least 1"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused(setting: dict[str, float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        DiagnosisRules(**setting)  # type: ignore[arg-type]
