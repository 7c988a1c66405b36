from statistics import NormalDist

import pytest

from mangaassist.promotion import Measured, PairedGain
from mangaassist.promotion.settling import (
    Z_ONE_SIDED_99,
    queries_to_settle,
    to_settle_floor,
    to_settle_gain,
    to_settle_no_harm,
)


def test_a_gain_of_one_standard_error_needs_about_ten_times_the_queries() -> None:
    # (2.326 + 0.842)² = 10.04
    assert queries_to_settle(1.0, 2 * Z_ONE_SIDED_99, z=Z_ONE_SIDED_99, queries=100) == 1004


def test_twice_the_distance_needs_a_quarter_of_the_queries() -> None:
    near = queries_to_settle(0.01, 0.2, z=1.96, queries=100)
    far = queries_to_settle(0.02, 0.2, z=1.96, queries=100)

    assert near is not None
    assert far is not None
    assert near == pytest.approx(4 * far, abs=4)


def test_with_so_many_queries_the_rule_is_settled_four_times_in_five() -> None:
    queries, standard_error, gain = 200, 0.03, 0.04
    width = 2 * Z_ONE_SIDED_99 * standard_error

    needed = queries_to_settle(gain, width, z=Z_ONE_SIDED_99, queries=queries)

    assert needed is not None
    then = NormalDist(gain, standard_error * (queries / needed) ** 0.5)
    assert 1 - then.cdf(Z_ONE_SIDED_99 * then.stdev) == pytest.approx(0.8, abs=0.005)


def test_an_estimate_on_its_bound_is_settled_by_no_number() -> None:
    assert queries_to_settle(0.0, 0.2, z=1.96, queries=100) is None
    assert to_settle_gain(PairedGain(0.0, -0.1, 0.1, -0.1, 0.1, 100, 100), fewest_groups=7) is None


def test_an_estimate_so_near_its_bound_that_nobody_could_collect_enough_counts_as_on_it() -> None:
    assert queries_to_settle(1e-160, 0.2, z=1.96, queries=100) is None
    assert queries_to_settle(1e-5, 0.2, z=1.96, queries=100) is None
    assert queries_to_settle(1e-3, 0.2, z=1.96, queries=100) is not None


def test_an_open_rule_needs_at_least_one_query_more() -> None:
    assert to_settle_floor(Measured(0.5, 0.5, 0.81), 0.80, queries=100) == 101


def test_a_small_slice_needs_100_queries_in_the_present_mix_even_where_its_interval_is_narrow() -> None:
    narrow = PairedGain(-0.03, -0.031, 0.0, -0.031, 0.0, queries=50, groups=50)

    assert to_settle_no_harm(narrow, 0.05, at_least=100, queries=500) == 1000


def test_a_slice_is_settled_by_the_nearer_of_its_two_ways_out() -> None:
    surely_harmed_soon = PairedGain(-0.06, -0.13, 0.01, -0.13, 0.01, queries=100, groups=100)
    surely_harmless_soon = PairedGain(0.01, -0.06, 0.08, -0.06, 0.08, queries=100, groups=100)

    harmed = to_settle_no_harm(surely_harmed_soon, 0.05, at_least=100, queries=100)

    assert harmed == to_settle_no_harm(surely_harmless_soon, 0.05, at_least=100, queries=100)
    assert harmed == queries_to_settle(0.06, 0.14, z=NormalDist().inv_cdf(0.95), queries=100)
