"""Intervals resample groups: they widen when queries hang together, and cover what they should."""

import numpy as np
import pytest

from mangaassist.core.types import GroupId, QueryId
from mangaassist.evaluation.intervals import Resampler, paired_differences


def values_of(numbers: np.ndarray) -> dict[QueryId, float]:
    return {QueryId(f"q{index:04}"): float(number) for index, number in enumerate(numbers)}


def test_the_mean_is_over_queries_and_groups_are_counted() -> None:
    values = values_of(np.array([1.0, 1.0, 1.0, 0.0]))
    groups = {query_id: GroupId("a" if index < 3 else "b") for index, query_id in enumerate(sorted(values))}

    interval = Resampler(sorted(values), groups, seed=0).interval(values)

    assert interval.mean == 0.75
    assert (interval.queries, interval.groups) == (4, 2)


def test_copies_of_one_query_in_one_group_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    few = rng.normal(size=30)
    many = np.repeat(few, 20)
    grouped = {query_id: GroupId(str(index // 20)) for index, query_id in enumerate(sorted(values_of(many)))}

    narrow = Resampler(sorted(values_of(few)), {}, seed=0).interval(values_of(few))
    copied = Resampler(sorted(values_of(many)), grouped, seed=0).interval(values_of(many))

    assert copied.high - copied.low == pytest.approx(narrow.high - narrow.low, rel=0.1)


def test_intervals_are_the_same_for_the_same_seed() -> None:
    values = values_of(np.random.default_rng(1).normal(size=40))

    first, again = (Resampler(sorted(values), {}, seed=3).interval(values) for _ in range(2))

    assert first == again


def test_many_metrics_at_once_have_the_ends_that_each_has_alone() -> None:
    columns = np.random.default_rng(4).normal(size=(60, 3))
    groups = {query_id: GroupId(str(index // 4)) for index, query_id in enumerate(sorted(values_of(columns[:, 0])))}
    resampler = Resampler(sorted(groups), groups, seed=1)

    ends = resampler.ends(columns, [0.025, 0.01])

    for number, column in enumerate(columns.T):
        for tail, (low, high) in zip([0.025, 0.01], ends[:, :, number], strict=True):
            alone = resampler.interval(values_of(column), tail=tail)
            assert (low, high) == pytest.approx((alone.low, alone.high), abs=1e-12)


def test_a_ratio_of_sums_with_equal_wholes_is_the_mean_of_the_parts() -> None:
    parts = values_of(np.random.default_rng(5).random(size=50))
    resampler = Resampler(sorted(parts), {}, seed=0)

    ratio = resampler.ratio(parts, dict.fromkeys(parts, 2.0))

    mean = resampler.interval(parts)
    assert ratio.as_list() == pytest.approx([end / 2 for end in mean.as_list()])
    assert (ratio.queries, ratio.groups) == (50, 50)


def test_a_ratio_counts_a_query_by_its_whole() -> None:
    parts, wholes = {QueryId("a"): 1.0, QueryId("b"): 0.0}, {QueryId("a"): 1.0, QueryId("b"): 3.0}

    resampler = Resampler(sorted(parts), {}, seed=0)
    one_group = Resampler(sorted(parts), dict.fromkeys(parts, GroupId("only")), seed=0).ratio(parts, wholes)

    assert resampler.ratio(parts, wholes).mean == pytest.approx(0.25)
    assert one_group.as_list() == pytest.approx([0.25, -1.0, 1.0])
    assert Resampler([], {}, seed=0).ratio({}, {}).queries == 0


def test_one_group_leaves_everything_open_and_says_so() -> None:
    values = values_of(np.array([0.0, 1.0]))
    resampler = Resampler(sorted(values), dict.fromkeys(values, GroupId("only")), seed=0)
    interval = resampler.interval(values)

    assert interval.groups == 1
    assert (interval.mean, interval.low, interval.high) == (0.5, -1.0, 1.0)
    assert resampler.standard_error(values) == float("inf")


def test_no_queries_give_an_empty_interval() -> None:
    assert Resampler([], {}, seed=0).interval({}).queries == 0


@pytest.mark.parametrize(("groups", "tail"), [(20, 0.025), (60, 0.025), (20, 0.01)])
def test_the_interval_covers_the_truth_as_often_as_it_says(groups: int, tail: float) -> None:
    """Skewed group effects, ten queries a group, 400 repeats; misses below the lower end plus above the upper one."""
    rng = np.random.default_rng(groups)
    names = {QueryId(f"q{index:04}"): GroupId(str(index // 10)) for index in range(groups * 10)}
    resampler = Resampler(sorted(names), names, seed=0, resamples=1000)
    misses = 0
    for _ in range(400):
        effect = np.repeat(rng.normal(size=groups), 10) + rng.normal(size=groups * 10)
        interval = resampler.interval(values_of(effect), tail=tail)
        misses += not interval.low <= 0.0 <= interval.high

    assert misses / 400 <= 2 * tail + 0.03


def test_paired_differences_are_over_queries_that_both_scored() -> None:
    assert paired_differences({QueryId("a"): 1.0, QueryId("b"): 1.0}, {QueryId("a"): 0.25}) == {QueryId("a"): 0.75}
