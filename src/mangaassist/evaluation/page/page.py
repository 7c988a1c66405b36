"""The JSON of a report and of the gate's decision in, one self-contained web page out.

The first screen answers: ship or not, why, what got better, what got worse. Everything behind it follows below.
"""

from collections.abc import Mapping
from typing import Any

from mangaassist.evaluation.cells import Exposure, cell_names
from mangaassist.evaluation.live_log_words import debiased_sentences
from mangaassist.evaluation.page.plots import bar, forest
from mangaassist.evaluation.page.rendering import render
from mangaassist.evaluation.page.verdict import verdict_of

Json = Mapping[str, Any]

METRIC_NAMES = {"recall@3": "recall@3", "ndcg@10": "NDCG@10", "success@3": "success@3", "bad_top1_rate": "bad top-1"}
SYSTEM_NAMES = {
    "frozen": "frozen encoder",
    "baseline": "live",
    "composed": "frozen, composed queries",
    "mlp": "first-run mlp",
    "candidate": "candidate",
}
FAMILIES = {"symptom": "symptom", "intent": "intent", "language": "language", "documents": "relevant documents"}
_EXPLAINED = {
    "recall@3": "share of the fitting results found in the first three",
    "ndcg@10": "how far up the fitting results stand in the first ten",
    "success@3": "share of queries with a fitting result in the first three",
    "bad_top1_rate": "share of queries whose first result does not fit; less is better",
}


def report_page(report: Json, decision: Json | None = None) -> str:
    """The page; what the report lacks, as one of an earlier version may, is left out."""
    return render(
        "report.html.jinja",
        {
            "report": report,
            "decision": decision,
            "verdict": verdict_of(decision),
            "tiles": _tiles(report, decision),
            "changes": report.get("changes", {"better": [], "worse": []}),
            "slices": _slices(report),
            "cells": _cells(report),
            "diagnoses": _diagnoses(report),
            "systems": {SYSTEM_NAMES[who]: report["systems"][who] for who in SYSTEM_NAMES if who in report["systems"]},
            "metrics": METRIC_NAMES,
            "latency": _latency(report, decision),
            "lineage": _lineage(report),
            "composition": report.get("composition"),
            "live_log": report.get("live_log"),
            "debiased": debiased_sentences(report.get("live_log") or {}),
        },
    )


def _tiles(report: Json, decision: Json | None) -> list[dict[str, Any]]:
    """The metrics of the first screen: live, candidate, difference and floor."""
    rules = {rule["name"]: rule for rule in decision["rules"]} if decision else {}
    live, candidate = report["systems"]["baseline"], report["systems"]["candidate"]
    return [
        {
            "name": name,
            "explained": _EXPLAINED[metric],
            "live": live[metric],
            "candidate": candidate[metric],
            "delta": report["delta"][metric],
            "is_better": _is_better(metric, report["delta"][metric]),
            "rule": rules.get(metric),
        }
        for metric, name in METRIC_NAMES.items()
        if metric in report["delta"]
    ]


def _is_better(metric: str, delta: list[float]) -> bool | None:
    """Whether the whole interval says better; None while it holds zero."""
    _, low, high = delta if metric != "bad_top1_rate" else (-delta[0], -delta[2], -delta[1])
    return True if low > 0 else False if high < 0 else None


def _slices(report: Json) -> list[dict[str, Any]]:
    """Family → its slices, each with its difference in recall@3 as a dot on one axis for all of them."""
    families = {name: report.get("slices", {}).get(family, {}) for family, name in FAMILIES.items()}
    deltas = {
        f"{family}: {name}": found["delta"]["recall@3"]
        for family, slices in families.items()
        for name, found in slices.items()
        if found["delta"]
    }
    dots = forest(deltas)
    return [
        {
            "family": family,
            "rows": [
                {"name": name, "found": found, "dot": dots.get(f"{family}: {name}")} for name, found in slices.items()
            ],
        }
        for family, slices in families.items()
        if slices
    ]


def _cells(report: Json) -> list[dict[str, Any]]:
    ordered = [name for name in cell_names(Exposure(frozenset(), frozenset())) if name in report.get("cells", {})]
    return [
        {
            "name": name.replace("_", ", "),
            "live": report["cells"][name]["baseline"],
            "candidate": report["cells"][name]["candidate"],
        }
        for name in ordered
    ]


def _diagnoses(report: Json) -> list[dict[str, Any]] | None:
    """Each diagnosis with its value, tolerance and threshold on one axis; None where none was run."""
    if "diagnoses" not in report:
        return None
    return [
        {
            "found": found,
            "bar": None
            if found["value"] is None
            else bar(found["value"], tolerated=found["tolerated"], bound=found["threshold"]),
        }
        for found in report["diagnoses"]
    ]


def _latency(report: Json, decision: Json | None) -> list[tuple[str, Any, Any]]:
    """(what, milliseconds, bound) of every latency the gate knows of."""
    rules = [rule for rule in decision["rules"] if rule["name"].endswith("_ms")] if decision else []
    if rules:
        return [(rule["name"], rule["value"], rule["bound"]) for rule in rules]
    return [("latency_addon_p99_ms", report["systems"]["candidate"]["latency_addon_p99_ms"], None)]


def _lineage(report: Json) -> dict[str, Any]:
    return {
        "encoder": report["encoder"],
        "candidate, digest of what would be served": report["candidate_digest"],
        "compared with": report["live"],
        "data fingerprint": report["data_fingerprint"],
        "test set fingerprint": report["test_fingerprint"],
        "seed of training": report["training_seed"],
        "seed of intervals and claims": report["seed"],
        "looks at this test set": report["looks"],
    }
