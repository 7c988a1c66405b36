from dataclasses import replace

import pytest

from mangaassist.core.errors import DataError
from mangaassist.promotion import GateEvidence, GateSettings, Measured, judge


def test_a_candidate_that_passes_every_rule_is_promoted(promotable: GateEvidence) -> None:
    decision = judge(promotable)

    assert decision.outcome == "promote"
    assert [rule.name for rule in decision.rules] == [
        "recall@3",
        "ndcg@10",
        "bad_top1_rate",
        "gain in recall@3",
        "gain in ndcg@10",
        "no harm, cell seen",
        "no harm, cell unseen",
        "no harm, intent faq",
        "no harm, intent recommendation",
        "latency_addon_p99_ms",
        "routing_p99_ms",
        "response_p99_ms",
        "diagnoses",
        "looks",
    ]
    assert all(rule.passed for rule in decision.rules[:-1])
    assert decision.queries_needed is None


def test_a_decision_says_what_it_is_about(promotable: GateEvidence) -> None:
    decision = judge(promotable)

    assert (decision.candidate, decision.live, decision.data_fingerprint) == ("c0ffee", "embed-adapter-v00", "data-1")


def test_one_rejection_outweighs_an_open_rule_and_an_open_rule_outweighs_all_that_pass(
    promotable: GateEvidence,
) -> None:
    is_open = replace(promotable, metrics={**promotable.metrics, "recall@3": Measured(0.79, 0.75, 0.83)})
    is_rejected = replace(is_open, latency=replace(promotable.latency, latency_addon_p99_ms=3.0))

    assert judge(is_open).outcome == "inconclusive"
    assert judge(is_rejected).outcome == "reject"


def test_several_missed_floors_need_fewer_queries_than_any_of_them_since_one_rejection_decides(
    promotable: GateEvidence,
) -> None:
    metrics = {"recall@3": Measured(0.79, 0.75, 0.83), "ndcg@10": Measured(0.76, 0.72, 0.80)}

    decision = judge(replace(promotable, metrics=metrics))

    by_name = {rule.name: rule.queries_needed for rule in decision.rules if rule.outcome == "inconclusive"}
    assert (by_name["recall@3"] or 0) > (by_name["ndcg@10"] or 0) > (decision.queries_needed or 0) > 500


def test_several_open_gains_need_more_queries_than_any_of_them_since_all_must_hold(promotable: GateEvidence) -> None:
    gain = replace(promotable.gains["recall@3"], mean=0.02, low99=-0.02, high99=0.06)

    decision = judge(replace(promotable, gains={"recall@3": gain, "ndcg@10": gain}))

    needed = [rule.queries_needed for rule in decision.rules if rule.outcome == "inconclusive"]
    assert len(needed) == 2
    assert (decision.queries_needed or 0) > max(each or 0 for each in needed) > 500


def test_an_open_gain_beside_an_unmeasured_latency_names_no_number_of_queries(promotable: GateEvidence) -> None:
    gain = replace(promotable.gains["recall@3"], mean=0.02, low99=-0.02, high99=0.06)
    evidence = replace(promotable, gains={**promotable.gains, "recall@3": gain})
    unmeasured = replace(promotable.latency, routing_p99_ms=None)

    assert judge(evidence).queries_needed is not None
    assert judge(replace(evidence, latency=unmeasured)).queries_needed is None


def test_a_rejected_candidate_is_not_told_to_bring_more_queries(promotable: GateEvidence) -> None:
    metrics = {"recall@3": Measured(0.79, 0.75, 0.83), "ndcg@10": Measured(0.60, 0.55, 0.65)}

    assert judge(replace(promotable, metrics=metrics)).queries_needed is None


def test_bounds_come_from_the_settings(promotable: GateEvidence) -> None:
    assert judge(promotable, GateSettings(recall_at_3_floor=0.90)).outcome == "reject"
    assert judge(promotable, GateSettings(latency_addon_ceiling_ms=0.4)).outcome == "reject"


@pytest.mark.parametrize(
    ("recall", "code"),
    [(Measured(0.84, 0.80, 0.88), 0), (Measured(0.70, 0.65, 0.75), 10), (Measured(0.79, 0.75, 0.83), 11)],
)
def test_each_outcome_has_its_exit_code(promotable: GateEvidence, recall: Measured, code: int) -> None:
    assert judge(replace(promotable, metrics={**promotable.metrics, "recall@3": recall})).exit_code == code


def test_a_rule_whose_passed_contradicts_its_outcome_is_refused(promotable: GateEvidence) -> None:
    with pytest.raises(DataError, match=r"recall@3.*judge again"):
        replace(judge(promotable).rules[0], passed=None)
