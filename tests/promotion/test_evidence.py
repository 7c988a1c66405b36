import json
from dataclasses import replace
from typing import Any

import pytest

from mangaassist.core.errors import DataError
from mangaassist.promotion import GateEvidence, JudgedRange, LatencyEvidence, Measured, PairedGain, from_json, to_json


def test_equal_evidence_is_equal_bytes(promotable: GateEvidence) -> None:
    reordered = replace(promotable, cells=dict(reversed(list(promotable.cells.items()))))

    assert to_json(reordered) == to_json(promotable)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"queries": 5}, "evidence.json: queries"),
        ({"judged_at_3": "0.9"}, "evidence.json: judged_at_3"),
        ({"latency": {"latency_addon_p99_ms": None}}, r"evidence.json: latency\.latency_addon_p99_ms"),
        ({"diagnoses": {"hubness": "bad"}}, r"evidence.json: diagnoses\.hubness"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_its_field(
    promotable: GateEvidence, change: dict[str, Any], named: str
) -> None:
    content = json.dumps({**json.loads(to_json(promotable)), **change})

    with pytest.raises(DataError, match=named):
        from_json(GateEvidence, content, source="evidence.json")


def test_a_field_that_is_missing_and_text_that_is_no_json_are_told_apart(promotable: GateEvidence) -> None:
    without = {name: value for name, value in json.loads(to_json(promotable)).items() if name != "cells"}

    with pytest.raises(DataError, match=r"e\.json: cells: Field required"):
        from_json(GateEvidence, json.dumps(without), source="e.json")
    with pytest.raises(DataError, match=r"e\.json: the whole text"):
        from_json(GateEvidence, "{", source="e.json")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_none_is_refused(number: float) -> None:
    with pytest.raises(DataError, match="finite"):
        Measured(number, 0.0, 1.0)
    with pytest.raises(DataError, match="finite"):
        PairedGain(number, 0, 0, 0, 0, queries=1, groups=1)
    with pytest.raises(DataError, match="finite"):
        LatencyEvidence(latency_addon_p99_ms=number)


def test_an_interval_upside_down_is_refused() -> None:
    with pytest.raises(DataError, match=r"0\.3 is above the upper end 0\.2"):
        Measured(0.2, 0.3, 0.2)
    with pytest.raises(DataError, match="99 %"):
        PairedGain(0, 1, 0, 0, 0, queries=1, groups=1)
    with pytest.raises(DataError, match="95 %"):
        PairedGain(0, 0, 0, 1, 0, queries=1, groups=1)
    with pytest.raises(DataError, match="JudgedRange"):
        JudgedRange(low=Measured(0.3, 0.3, 0.3), high=Measured(0.2, 0.2, 0.2))


@pytest.mark.parametrize(("queries", "groups"), [(0, 0), (3, 4), (3, 0)])
def test_groups_are_at_least_one_and_at_most_the_queries(queries: int, groups: int) -> None:
    with pytest.raises(DataError, match="groups"):
        PairedGain(0, 0, 0, 0, 0, queries=queries, groups=groups)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"metrics": {}}, "metrics lacks recall@3, ndcg@10"),
        ({"gains": {}}, "gains lacks recall@3, ndcg@10"),
        ({"cells": {}}, "cells is empty"),
        ({"judged_at_1": 1.01}, "judged_at_1 is 1.01"),
        ({"judged_at_3": -0.01}, "judged_at_3 is -0.01"),
        ({"earlier_looks": -1}, "earlier_looks is -1"),
    ],
)
def test_evidence_that_lacks_what_the_gate_needs_is_refused(
    promotable: GateEvidence, change: dict[str, Any], named: str
) -> None:
    with pytest.raises(DataError, match=named):
        replace(promotable, **change)


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(DataError, match=r"-1\.0 ms"):
        LatencyEvidence(latency_addon_p99_ms=0.1, routing_p99_ms=-1.0)
