from collections.abc import Mapping
from dataclasses import replace

import pytest

from mangaassist.promotion import GateEvidence, LatencyEvidence, RuleResult, judge
from mangaassist.promotion.evidence import DiagnosisLevel


def found(evidence: GateEvidence, name: str) -> RuleResult:
    (result,) = [rule for rule in judge(evidence).rules if rule.name == name]
    return result


def timed(
    *, addon: float = 0.5, routing: float | None = 9.0, response: float | None = 30.0, live: float | None = 29.0
) -> LatencyEvidence:
    return LatencyEvidence(addon, routing, response, live, serving_exists=True)


@pytest.mark.parametrize(
    ("name", "latency", "outcome"),
    [
        ("latency_addon_p99_ms", timed(addon=1.9999), "promote"),
        ("latency_addon_p99_ms", timed(addon=2.0), "promote"),
        ("latency_addon_p99_ms", timed(addon=2.0001), "reject"),
        ("routing_p99_ms", timed(routing=14.9999), "promote"),
        ("routing_p99_ms", timed(routing=15.0), "promote"),
        ("routing_p99_ms", timed(routing=15.0001), "reject"),
        ("response_p99_ms", timed(response=30.9999), "promote"),
        ("response_p99_ms", timed(response=31.0), "promote"),
        ("response_p99_ms", timed(response=31.0001), "reject"),
    ],
)
def test_a_latency_is_kept_at_its_ceiling_and_rejects_past_it(
    promotable: GateEvidence, name: str, latency: LatencyEvidence, outcome: str
) -> None:
    evidence = replace(promotable, latency=latency)

    assert found(evidence, name).outcome == outcome
    assert judge(evidence).outcome == outcome


@pytest.mark.parametrize(
    ("name", "latency"),
    [
        ("routing_p99_ms", timed(routing=None)),
        ("response_p99_ms", timed(response=None)),
        ("response_p99_ms", timed(live=None)),
    ],
)
@pytest.mark.parametrize(("serving_exists", "outcome"), [(True, "inconclusive"), (False, "shown")])
def test_an_unmeasured_latency_is_excused_only_before_serving_exists(
    promotable: GateEvidence, name: str, latency: LatencyEvidence, serving_exists: bool, outcome: str
) -> None:
    evidence = replace(promotable, latency=replace(latency, serving_exists=serving_exists))

    result = found(evidence, name)

    assert result.outcome == outcome
    assert "not measured yet" in result.because
    assert judge(evidence).outcome == ("inconclusive" if serving_exists else "promote")
    assert judge(evidence).queries_needed is None


@pytest.mark.parametrize(
    ("diagnoses", "value", "outcome"),
    [
        ({"hubness": "ok"}, 0.0, "promote"),
        ({"hubness": "warn"}, 0.0, "promote"),
        ({"hubness": "ok", "popularity_collapse": "fail"}, 1.0, "reject"),
        ({"hubness": "fail", "popularity_collapse": "fail"}, 2.0, "reject"),
        ({}, None, "warning"),
    ],
)
def test_a_failed_diagnosis_rejects_and_a_warning_does_not(
    promotable: GateEvidence, diagnoses: Mapping[str, DiagnosisLevel], value: float | None, outcome: str
) -> None:
    result = found(replace(promotable, diagnoses=diagnoses), "diagnoses")

    assert (result.value, result.outcome) == (value, outcome)


def test_diagnoses_that_warn_or_fail_are_named(promotable: GateEvidence) -> None:
    evidence = replace(promotable, diagnoses={"hubness": "warn", "popularity_collapse": "fail", "drift": "ok"})

    assert found(evidence, "diagnoses").because == "3 run; fail: popularity_collapse; warn: hubness"


@pytest.mark.parametrize(("earlier", "outcome"), [(18, "shown"), (19, "shown"), (20, "warning"), (21, "warning")])
def test_after_20_looks_a_fresher_test_set_is_asked_for_but_the_decision_stands(
    promotable: GateEvidence, earlier: int, outcome: str
) -> None:
    evidence = replace(promotable, earlier_looks=earlier)

    result, decision = found(evidence, "looks"), judge(evidence)

    assert (result.value, result.bound, result.outcome) == (earlier + 1, 20, outcome)
    assert ("fresher" in result.because) == (outcome == "warning")
    assert (decision.outcome, decision.looks) == ("promote", earlier + 1)
