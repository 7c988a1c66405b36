"""A scored candidate in, the JSON of its report out; `docs/report.md` explains every key."""

from collections.abc import Mapping
from typing import Any

from mangaassist.evaluation import Summary, cell_names, paired_gain, summarise, summarise_cells
from mangaassist.loop.scored import Scored
from mangaassist.promotion import GateEvidence

DELTA_METRICS = ("recall@3", "success@3", "ndcg@10", "bad_top1_rate")


def report_json(scored: Scored, tuning: Mapping[str, Any], evidence: GateEvidence) -> dict[str, Any]:
    """The whole report."""
    return {
        "live": evidence.live,
        "chosen": tuning["chosen"],
        "because": tuning["because"],
        "encoder": tuning["encoder"],
        "data_fingerprint": tuning["data_fingerprint"],
        "test_fingerprint": scored.split.fingerprint,
        "systems": _systems(scored, evidence),
        "delta": _delta(scored),
        "cells": _cells(scored),
        "intents": {
            intent: {"delta_recall@3": gain.mean, "queries": gain.queries, "groups": gain.groups}
            for intent, gain in evidence.intents.items()
        },
        "looks": evidence.looks,
    }


def _systems(scored: Scored, evidence: GateEvidence) -> dict[str, Any]:
    systems: dict[str, Any] = {
        name: summarise(scored.scores(name), scored.split.groups, seed=scored.seed).as_json() for name in scored.runs
    }
    systems["candidate"]["latency_addon_p99_ms"] = evidence.latency.latency_addon_p99_ms
    return systems


def _delta(scored: Scored) -> dict[str, list[float]]:
    candidate, baseline = scored.scores("candidate"), scored.scores("baseline")
    return {
        metric: paired_gain(candidate, baseline, metric, scored.split.groups, seed=scored.seed).as_list()
        for metric in DELTA_METRICS
    }


def _cells(scored: Scored) -> dict[str, Any]:
    by_cell = {
        name: summarise_cells(run, scored.split.qrels, scored.exposure, scored.split.groups, seed=scored.seed)
        for name, run in scored.runs.items()
    }
    return {
        cell: {name: _cell_as_json(summaries[cell]) for name, summaries in by_cell.items()}
        for cell in cell_names(scored.exposure)
    }


def _cell_as_json(summary: Summary | None) -> dict[str, Any] | None:
    """None is "too small", as in the bench."""
    return None if summary is None else summary.as_json()
