"""A scored candidate in, the JSON of its report out; `docs/report.md` explains every key."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from mangaassist.core.types import DocId, QueryId
from mangaassist.evaluation import (
    DELTA_METRICS,
    QueryChange,
    Slice,
    SliceComparison,
    Summary,
    cell_names,
    compare_slices,
    document_slices,
    most_changed,
    paired_gain,
    query_slices,
    score_run,
    summarise,
    summarise_cells,
)
from mangaassist.loop.catalogue import DocumentDetail
from mangaassist.loop.scored import Scored
from mangaassist.promotion import GateEvidence

_DETAILS: tuple[DocumentDetail, ...] = get_args(DocumentDetail)


def report_json(scored: Scored, tuning: Mapping[str, Any], evidence: GateEvidence) -> dict[str, Any]:
    """The whole report."""
    return {
        "live": evidence.live,
        "chosen": tuning["chosen"],
        "because": tuning["because"],
        "texts": tuning["enrichment"],
        "encoder": tuning["encoder"],
        "data_fingerprint": tuning["data_fingerprint"],
        "test_fingerprint": scored.split.fingerprint,
        "candidate_digest": evidence.candidate,
        "seed": scored.seed,
        "training_seed": tuning["seed"],
        "systems": _systems(scored, evidence),
        "delta": _delta(scored),
        "cells": _cells(scored),
        "intents": {
            intent: {"delta_recall@3": gain.mean, "queries": gain.queries, "groups": gain.groups}
            for intent, gain in evidence.intents.items()
        },
        "slices": {name: _slices(scored, family) for name, family in _families(scored).items()},
        "enrichment": _enrichment(scored),
        "composition": {"weights": tuning["composition"], "without": _ablations(scored)},
        "changes": _changes(scored),
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


def _families(scored: Scored) -> dict[str, dict[str, Slice]]:
    """What the judged queries say of themselves, and how much the relevant documents say."""
    queries = scored.split.queries
    return {
        "symptom": query_slices({query.query_id: query.metadata.get("symptom") for query in queries}),
        "intent": query_slices({query.query_id: query.intent for query in queries}),
        "language": query_slices({query.query_id: query.metadata.get("language") for query in queries}),
        "documents": document_slices(scored.catalogue.details, _DETAILS),
    }


def _slices(scored: Scored, family: Mapping[str, Slice]) -> dict[str, Any]:
    compared = compare_slices(
        scored.runs,
        scored.split.qrels,
        family,
        scored.split.groups,
        pair=("baseline", "candidate"),
        seed=scored.seed,
    )
    return {name: _slice_as_json(each, list(scored.runs)) for name, each in compared.items()}


def _slice_as_json(compared: SliceComparison, systems: list[str]) -> dict[str, Any]:
    return {
        "queries": compared.queries,
        "groups": compared.groups,
        **{name: compared.system_as_json(name) for name in systems},
        "delta": compared.delta_as_json(),
        "p": compared.p,
        "claim": compared.claim,
    }


def _enrichment(scored: Scored) -> dict[str, Any]:
    """Per slice of documents, and over all: each system over plain and over enriched texts."""
    family = {**document_slices(scored.catalogue.details, _DETAILS), "all": Slice()}
    section: dict[str, dict[str, Any]] = {name: {} for name in family}
    for who, runs in scored.by_text.items():
        compared = compare_slices(
            runs, scored.split.qrels, family, scored.split.groups, pair=("plain", "enriched"), seed=scored.seed
        )
        for name, each in compared.items():
            section[name] |= {"queries": each.queries, "groups": each.groups, who: _texts_as_json(each)}
    return section


def _texts_as_json(compared: SliceComparison) -> dict[str, Any] | None:
    if compared.is_too_small:
        return None
    return {
        "plain": compared.system_as_json("plain"),
        "enriched": compared.system_as_json("enriched"),
        "delta": compared.delta["recall@3"].as_list(),
        "delta_ndcg@10": compared.delta["ndcg@10"].as_list(),
    }


def _ablations(scored: Scored) -> dict[str, Any]:
    """Part of query composition → the candidate without it, and what the part is worth: with it − without it."""
    section: dict[str, Any] = {}
    candidate = scored.scores("candidate")
    for name, run in scored.ablated.items():
        scores = score_run(run, scored.split.qrels)
        section[name] = {
            **summarise(scores, scored.split.groups, seed=scored.seed).as_json(),
            "worth": {
                metric: paired_gain(candidate, scores, metric, scored.split.groups, seed=scored.seed).as_list()
                for metric in ("recall@3", "ndcg@10")
            },
        }
    return section


def _changes(scored: Scored) -> dict[str, Any]:
    """The queries that the candidate answers much better and much worse than what is live."""
    headings = scored.catalogue.headings
    texts = {query.query_id: query.text for query in scored.split.queries}
    better, worse = most_changed(scored.runs["baseline"], scored.runs["candidate"], scored.split.qrels)

    def shown(query_id: QueryId, doc_ids: Sequence[DocId]) -> list[dict[str, Any]]:
        grades = scored.split.qrels[query_id]
        return [{"heading": headings[doc_id], "grade": grades.get(doc_id)} for doc_id in doc_ids]

    def as_json(change: QueryChange) -> dict[str, Any]:
        before, after = (shown(change.query_id, top) for top in (change.top_before, change.top_after))
        return {
            "query_id": change.query_id,
            "query": texts[change.query_id],
            "delta_ndcg@10": change.ndcg_at_10,
            "delta_recall@3": change.recall_at_3,
            "before": before[0]["heading"] if before else None,
            "after": after[0]["heading"] if after else None,
            "top_before": before,
            "top_after": after,
        }

    return {"better": [as_json(each) for each in better], "worse": [as_json(each) for each in worse]}
