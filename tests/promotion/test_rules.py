from dataclasses import replace

import pytest

from mangaassist.promotion import GateEvidence, JudgedRange, Measured, PairedGain, RuleResult, judge


def found(evidence: GateEvidence, name: str) -> RuleResult:
    (result,) = [rule for rule in judge(evidence).rules if rule.name == name]
    return result


def sliced(mean: float, low95: float, high95: float, queries: int) -> PairedGain:
    return PairedGain(mean, low95 - 0.01, high95 + 0.01, low95, high95, queries=queries, groups=queries)


@pytest.mark.parametrize(("metric", "floor"), [("recall@3", 0.80), ("ndcg@10", 0.78)])
@pytest.mark.parametrize(
    ("past", "outcome"),
    [
        ((0.0, -0.04, 0.04), "promote"),  # at the floor
        ((0.0001, -0.04, 0.04), "promote"),  # just over
        ((-1e-12, -0.04, 0.04), "promote"),  # at the floor, but for the rounding of a mean
        ((-0.0001, -0.04, 0.04), "inconclusive"),  # just under, floor inside the interval
        ((-0.04, -0.08, 0.0), "inconclusive"),  # floor at the interval's end
        ((-0.04, -0.08, 0.0001), "inconclusive"),  # floor just inside
        ((-0.04, -0.08, -0.0001), "reject"),  # floor just outside
    ],
)
def test_a_floor_is_reached_by_the_point_estimate_and_missed_for_good_outside_the_interval(
    promotable: GateEvidence, metric: str, floor: float, past: tuple[float, float, float], outcome: str
) -> None:
    value, low, high = (floor + each for each in past)
    evidence = replace(promotable, metrics={**promotable.metrics, metric: Measured(value, low, high)})

    result = found(evidence, metric)

    assert (result.value, result.bound, result.outcome) == (value, floor, outcome)
    assert judge(evidence).outcome == outcome


@pytest.mark.parametrize(
    ("value", "low", "high", "outcome"),
    [
        (0.08, 0.05, 0.11, "promote"),
        (0.0799, 0.05, 0.11, "promote"),
        (0.0801, 0.05, 0.11, "inconclusive"),
        (0.11, 0.08, 0.14, "inconclusive"),
        (0.11, 0.0801, 0.14, "reject"),
    ],
)
def test_a_well_judged_bad_top1_rate_counts_the_unjudged_as_bad(
    promotable: GateEvidence, value: float, low: float, high: float, outcome: str
) -> None:
    bad_top1 = JudgedRange(low=Measured(0.0, 0.0, 0.0), high=Measured(value, low, high))
    evidence = replace(promotable, bad_top1=bad_top1, judged_at_3=0.95)

    assert found(evidence, "bad_top1_rate").outcome == outcome
    assert judge(evidence).outcome == outcome


GOOD, MISSED, BAD = Measured(0.06, 0.04, 0.08), Measured(0.09, 0.07, 0.11), Measured(0.14, 0.11, 0.17)


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (GOOD, GOOD, "promote"),
        (GOOD, MISSED, "inconclusive"),
        (GOOD, BAD, "inconclusive"),
        (MISSED, BAD, "inconclusive"),
        (MISSED, MISSED, "inconclusive"),
        (BAD, BAD, "reject"),
    ],
)
def test_a_badly_judged_bad_top1_rate_is_decided_only_where_both_ends_agree(
    promotable: GateEvidence, low: Measured, high: Measured, outcome: str
) -> None:
    evidence = replace(promotable, bad_top1=JudgedRange(low, high), judged_at_3=0.9499)

    assert found(evidence, "bad_top1_rate").outcome == outcome


def test_ends_that_disagree_ask_for_judgements_and_not_for_queries(promotable: GateEvidence) -> None:
    evidence = replace(promotable, bad_top1=JudgedRange(GOOD, BAD), judged_at_3=0.5)

    result = found(evidence, "bad_top1_rate")

    assert "judge the unjudged" in result.because
    assert result.queries_needed is None
    assert judge(evidence).queries_needed is None


def test_ends_that_are_both_open_need_as_many_queries_as_the_nearer_one(promotable: GateEvidence) -> None:
    far, near = Measured(0.09, 0.06, 0.12), Measured(0.085, 0.055, 0.115)
    either = [JudgedRange(near, near), JudgedRange(near, far)]

    needed = [
        found(replace(promotable, bad_top1=ends, judged_at_3=0.5), "bad_top1_rate").queries_needed for ends in either
    ]

    assert needed[0] == needed[1]
    assert needed[0] is not None


def gained(mean: float, low99: float, high99: float) -> PairedGain:
    return PairedGain(mean, low99, high99, low99, high99, queries=500, groups=400)


@pytest.mark.parametrize("metric", ["recall@3", "ndcg@10"])
@pytest.mark.parametrize(
    ("gain", "outcome"),
    [
        (gained(0.05, 0.0001, 0.10), "promote"),
        (gained(0.05, 0.0, 0.10), "inconclusive"),
        (gained(0.05, -0.0001, 0.10), "inconclusive"),
        (gained(-0.05, -0.10, 0.0), "inconclusive"),
        (gained(-0.05, -0.10, -0.0001), "reject"),
        (gained(0.0, 1e-17, 1e-17), "inconclusive"),  # equal runs, but for rounding
    ],
)
def test_a_gain_needs_its_99_percent_interval_above_0(
    promotable: GateEvidence, metric: str, gain: PairedGain, outcome: str
) -> None:
    evidence = replace(promotable, gains={**promotable.gains, metric: gain})

    result = found(evidence, f"gain in {metric}")

    assert (result.value, result.bound, result.outcome) == (gain.low99, 0.0, outcome)
    assert judge(evidence).outcome == outcome


@pytest.mark.parametrize(("groups", "outcome"), [(6, "inconclusive"), (7, "promote"), (8, "promote")])
def test_a_gain_over_a_handful_of_groups_is_not_believed(promotable: GateEvidence, groups: int, outcome: str) -> None:
    gain = replace(promotable.gains["recall@3"], queries=600, groups=groups)
    evidence = replace(promotable, gains={**promotable.gains, "recall@3": gain})

    assert found(evidence, "gain in recall@3").outcome == outcome


def test_too_few_groups_need_queries_until_there_are_enough(promotable: GateEvidence) -> None:
    gain = replace(promotable.gains["recall@3"], queries=600, groups=6)
    evidence = replace(promotable, gains={**promotable.gains, "recall@3": gain})

    assert found(evidence, "gain in recall@3").queries_needed == 700


@pytest.mark.parametrize(("table", "name"), [("cells", "no harm, cell cold"), ("intents", "no harm, intent cold")])
@pytest.mark.parametrize(
    ("gain", "outcome"),
    [
        (sliced(-0.01, -0.0499, 0.03, queries=100), "promote"),
        (sliced(-0.01, -0.05, 0.03, queries=100), "inconclusive"),
        (sliced(-0.01, -0.0501, 0.03, queries=100), "inconclusive"),
        (sliced(-0.02, -0.04, 0.0, queries=100), "promote"),
        (sliced(-0.02, -0.04, -0.0001, queries=100), "reject"),  # within the margin, yet surely harmed
        (sliced(-0.02, -0.30, 0.26, queries=99), "promote"),  # judged by its mean
        (sliced(-0.0199, -0.30, 0.26, queries=50), "promote"),
        (sliced(-0.02, -0.30, 0.26, queries=50), "promote"),
        (sliced(-0.0201, -0.30, 0.26, queries=50), "inconclusive"),
        (sliced(-0.0201, -0.30, 0.26, queries=99), "inconclusive"),
        (sliced(-0.20, -0.30, -0.0001, queries=50), "reject"),
        (sliced(-0.20, -0.30, 0.0, queries=50), "inconclusive"),
        (sliced(-0.20, -0.30, -0.1, queries=49), "shown"),
    ],
)
def test_no_slice_may_be_harmed_and_its_size_says_how_that_is_judged(
    promotable: GateEvidence, table: str, name: str, gain: PairedGain, outcome: str
) -> None:
    slices = {**promotable.cells, "cold": gain}
    evidence = replace(promotable, cells=slices) if table == "cells" else replace(promotable, intents=slices)

    result = found(evidence, name)

    assert result.outcome == outcome
    assert f"{gain.queries} queries in {gain.groups} groups" in result.because
    assert judge(evidence).outcome == ("promote" if outcome == "shown" else outcome)


def test_the_value_of_a_slice_is_its_lower_end_from_100_queries_and_its_mean_below(promotable: GateEvidence) -> None:
    cells = {"large": sliced(0.1, -0.01, 0.2, queries=100), "small": sliced(0.1, -0.01, 0.2, queries=99)}
    evidence = replace(promotable, cells=cells)

    large, small = found(evidence, "no harm, cell large"), found(evidence, "no harm, cell small")

    assert (large.value, large.bound) == (-0.01, -0.05)
    assert (small.value, small.bound) == (0.1, -0.02)


def test_a_set_whose_queries_have_no_intent_says_so_and_is_judged_without(promotable: GateEvidence) -> None:
    evidence = replace(promotable, intents={})

    assert found(evidence, "no harm, intent").outcome == "shown"
    assert judge(evidence).outcome == "promote"


def test_a_floor_says_what_the_live_release_has(promotable: GateEvidence) -> None:
    assert "the live release has 0.680" in found(promotable, "recall@3").because
    assert "live" not in found(replace(promotable, baseline={}), "recall@3").because
