from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaassist.promotion import Measured, PairedGain
from mangaassist.promotion.settling import (
    CORRELATION,
    MOST_QUERIES,
    POWER,
    Z_ONE_SIDED_95,
    Z_ONE_SIDED_99,
    OpenRule,
    chance_settled,
    open_floor,
    open_gain,
    open_no_harm,
    queries_to_settle,
)

UNHURRIED = settings(deadline=None)


def gain_of(mean: float, standard_error: float, *, queries: int = 100, groups: int = 100) -> PairedGain:
    wide, narrow = Z_ONE_SIDED_99 * standard_error, Z_ONE_SIDED_95 * standard_error
    return PairedGain(mean, mean - wide, mean + wide, mean - narrow, mean + narrow, queries, groups)


def needed_by_gain(mean: float, standard_error: float, *, fewest_groups: int = 7, groups: int = 100) -> int | None:
    return queries_to_settle([open_gain(gain_of(mean, standard_error, groups=groups), fewest_groups=fewest_groups)])


def test_a_gain_of_one_standard_error_needs_about_ten_times_the_queries() -> None:
    # (2.326 + 0.842)² = 10.04
    assert needed_by_gain(0.05, 0.05) == 1004


def test_twice_the_distance_needs_a_quarter_of_the_queries() -> None:
    near, far = needed_by_gain(0.01, 0.043), needed_by_gain(0.02, 0.043)

    assert near is not None
    assert far is not None
    assert near == pytest.approx(4 * far, abs=4)


def test_a_missed_floor_needs_the_queries_that_put_it_outside_the_interval() -> None:
    # (1.960 + 0.842)² = 7.85; a little less, since the estimate may also come out past the floor
    needed = queries_to_settle([open_floor(Measured(0.79, 0.79 - 0.0196, 0.79 + 0.0196), 0.80, queries=500)])

    assert needed == pytest.approx(7.85 * 500, rel=0.01)


def test_an_estimate_on_its_bound_is_settled_by_no_number() -> None:
    assert needed_by_gain(0.0, 0.05) is None


def test_an_estimate_so_near_its_bound_that_nobody_could_collect_enough_counts_as_on_it() -> None:
    assert needed_by_gain(1e-160, 0.05) is None
    assert needed_by_gain(1e-5, 0.05) is None
    assert needed_by_gain(1e-3, 0.05) is not None


def test_an_open_rule_needs_at_least_one_query_more() -> None:
    assert queries_to_settle([open_floor(Measured(0.5, 0.5, 0.81), 0.80, queries=100)]) == 101


def test_a_gain_over_too_few_groups_needs_queries_until_there_are_enough() -> None:
    assert needed_by_gain(0.3, 0.01, fewest_groups=7, groups=5) == 140


def test_a_small_slice_needs_100_queries_in_the_present_mix_even_where_its_interval_is_narrow() -> None:
    narrow = PairedGain(-0.03, -0.031, 0.0, -0.031, 0.0, queries=50, groups=50)

    assert queries_to_settle([open_no_harm(narrow, 0.05, at_least=100, queries=500)]) == 1000


def test_a_slice_between_its_two_ways_out_is_settled_once_its_interval_fits_between_them() -> None:
    """At -0.025 it is as far from -0.05 as from 0: four times in five one of both ends is past its bound."""
    error = 0.03
    open_rule = open_no_harm(gain_of(-0.025, error), 0.05, at_least=100, queries=100)

    needed = queries_to_settle([open_rule])

    assert needed is not None
    then = NormalDist(-0.025, error * (100 / needed) ** 0.5)
    low, high = -0.05 + Z_ONE_SIDED_95 * then.stdev, -Z_ONE_SIDED_95 * then.stdev
    assert 1 - then.cdf(low) + then.cdf(high) == pytest.approx(POWER, abs=0.01)
    assert needed < 100 * ((Z_ONE_SIDED_95 + 0.8416) * error / 0.025) ** 2  # what one way out alone would need


def rejecting(*, queries: int = 500, correlation: float = CORRELATION) -> OpenRule:
    return OpenRule(-0.02, 0.0125, queries, 0.0, 0.0, 0.0, 1.96, correlation=correlation)


def promoting(*, correlation: float = CORRELATION) -> OpenRule:
    return OpenRule(0.02, 0.0125, 500, 0.0, Z_ONE_SIDED_99, 0.0, Z_ONE_SIDED_99, correlation=correlation)


def test_the_first_rule_to_reject_settles_all_so_several_need_less_than_one() -> None:
    alone, together = queries_to_settle([rejecting()]), queries_to_settle([rejecting(), rejecting()])

    assert alone is not None
    assert together is not None
    assert 500 < together < alone


def test_only_all_rules_together_promote_so_several_need_more_than_one() -> None:
    alone, together = queries_to_settle([promoting()]), queries_to_settle([promoting(), promoting()])

    assert alone is not None
    assert together is not None
    assert alone < together


def test_beside_a_rule_that_no_query_settles_only_a_rejection_counts() -> None:
    assert queries_to_settle([promoting()], others_stay_open=True) is None
    assert queries_to_settle([rejecting()], others_stay_open=True) is not None


def test_nothing_open_names_no_number() -> None:
    assert queries_to_settle([]) is None


@pytest.mark.parametrize("correlation", [0.0, 0.4, CORRELATION, 0.9])
def test_the_chance_that_rules_settle_together_is_that_of_drawn_estimates(correlation: float) -> None:
    """A million drawn test sets of 900 queries, errors correlated as the rules say."""
    rules = [rejecting(correlation=correlation), promoting(correlation=correlation), promoting(correlation=correlation)]
    rng = np.random.default_rng(0)
    common = rng.normal(size=(1_000_000, 1))
    errors = correlation**0.5 * common + (1 - correlation) ** 0.5 * rng.normal(size=(1_000_000, len(rules)))
    of_mean = 0.0125 * (500 / 900) ** 0.5
    estimates = np.array([rule.estimate for rule in rules]) + of_mean * errors
    promotes = estimates >= [rule.promote_from + rule.promote_z * of_mean for rule in rules]
    rejects = estimates < [rule.reject_below - rule.reject_z * of_mean for rule in rules]

    settled = float((rejects.any(axis=1) | promotes.all(axis=1)).mean())

    assert chance_settled(rules, 900) == pytest.approx(settled, abs=0.004)


@st.composite
def open_rules(draw: st.DrawFn) -> OpenRule:
    """A rule whose outcome on the present estimate is neither way."""
    error = draw(st.floats(0.001, 0.1))
    kind = draw(st.sampled_from(["floor", "gain", "no harm"]))
    if kind == "floor":
        distance = draw(st.floats(0.01, 1.9)) * error
        return open_floor(
            Measured(0.8 - distance, 0.8 - distance - 1.96 * error, 0.8 - distance + 1.96 * error), 0.8, queries=500
        )
    if kind == "gain":
        return open_gain(gain_of(draw(st.floats(-2.3, 2.3)) * error, error, queries=500), fewest_groups=7)
    return open_no_harm(gain_of(draw(st.floats(-0.1, 0.05)), error, queries=125), 0.05, at_least=100, queries=500)


@UNHURRIED
@given(rules=st.lists(open_rules(), min_size=1, max_size=4))
def test_the_number_named_is_the_first_with_the_promised_power(rules: list[OpenRule]) -> None:
    needed = queries_to_settle(rules)

    if needed is None:
        assert chance_settled(rules, MOST_QUERIES) < POWER
    else:
        assert chance_settled(rules, needed) >= POWER
        assert needed == 501 or chance_settled(rules, needed - 1) < POWER


@UNHURRIED
@given(
    rule=open_rules(),
    queries=st.integers(501, 100_000),
    common=st.none() | st.floats(-3, 3).map(lambda value: np.array([value])),
)
def test_a_rule_never_promotes_and_rejects_at_once(rule: OpenRule, queries: int, common: np.ndarray | None) -> None:
    promotes, rejects = (float(each[0]) for each in rule.chances(queries, common=common))

    assert 0 <= promotes <= 1
    assert 0 <= rejects <= 1
    assert promotes + rejects <= 1 + 1e-9


@UNHURRIED
@given(mean=st.floats(0.001, 0.05), error=st.floats(0.02, 0.1), shrunk=st.floats(0.2, 1.0))
def test_a_wider_interval_never_needs_fewer_queries(mean: float, error: float, shrunk: float) -> None:
    wide, narrow = needed_by_gain(mean, error), needed_by_gain(mean, error * shrunk)

    assert wide is None or (narrow is not None and narrow <= wide)
