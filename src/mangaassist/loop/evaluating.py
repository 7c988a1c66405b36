"""A candidate and judged test queries in, a report and the gate's evidence out; every judged query is logged."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mangaassist.adapter import MANIFEST, read_manifest
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import INTENTS, DocId, Progress, QueryId, Run
from mangaassist.data import Workspace
from mangaassist.evaluation import (
    Exposure,
    QueryScores,
    Resampler,
    RetrievalEval,
    Summary,
    cell_names,
    optimistic_bad_top1,
    paired_gain,
    ranked,
    score_cell,
    score_run,
    summarise,
    summarise_cells,
)
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.catalogue import load_catalogue, workspace_encoder
from mangaassist.loop.contenders import contending_adapters, contending_retrievers, measured_latency
from mangaassist.loop.judged import JudgedSplit, judged_split
from mangaassist.loop.live_log import live_log_section
from mangaassist.loop.pairing import StoredPairs, read_pairs
from mangaassist.loop.settings import Settings
from mangaassist.loop.training import check_current
from mangaassist.pairs import NearDuplicateIndex
from mangaassist.promotion import (
    GateEvidence,
    JudgedRange,
    LatencyEvidence,
    Measured,
    PairedGain,
    digests_of,
    served_digest,
    to_json,
)

_GAIN_METRICS = ("recall@3", "ndcg@10")


@dataclass(frozen=True, slots=True)
class _Scored:
    """The test split with the runs of the contenders and what training has seen."""

    split: JudgedSplit
    runs: Mapping[str, Run]
    exposure: Exposure
    seed: int

    def scores(self, who: str) -> Mapping[QueryId, QueryScores]:
        """Scores of every query."""
        return score_run(self.runs[who], self.split.qrels)

    def gain(
        self, candidate: Mapping[QueryId, QueryScores], baseline: Mapping[QueryId, QueryScores], metric: str
    ) -> PairedGain:
        """The paired gain with both one-sided intervals."""
        wide, narrow = (
            paired_gain(candidate, baseline, metric, self.split.groups, seed=self.seed, tail=tail)
            for tail in (0.01, 0.05)
        )
        return PairedGain(wide.mean, wide.low, wide.high, narrow.low, narrow.high, wide.queries, wide.groups)


def evaluate_candidate(
    workspace: Workspace, settings: Settings, *, live: str, seed: int, now: datetime, progress: Progress
) -> dict[str, Any]:
    """The report of the candidate against the live release on the test split, stored with the gate's evidence.

    Counts a look at the test set per candidate. An earlier decision goes: it rests on other evidence.
    """
    tuning, encoder = read_tuning(workspace), workspace_encoder(workspace, settings, progress)
    check_current(workspace, settings, encoder_id=encoder.encoder_id)
    split, catalogue = judged_split(workspace, "test"), load_catalogue(workspace, settings)
    base_queries = encoder.encode([query.text for query in split.queries])
    adapters = contending_adapters(workspace, live, tuning["chosen"], encoder)
    retrievers = contending_retrievers(workspace, settings, adapters, live, encoder)
    scored = _Scored(
        split=split,
        runs={name: each.run(split, base_queries) for name, each in retrievers.items()},
        exposure=_exposure(read_pairs(workspace, settings), split),
        seed=seed,
    )
    addon = measured_latency(adapters["candidate"], encoder, base_queries, progress)
    digest = _candidate_digest(workspace, tuning["chosen"])
    evidence = _evidence(
        scored, live, digest, tuning["data_fingerprint"], addon.p99_ms, _looks(workspace, split, digest, now)
    )
    report = {
        **_report(scored, tuning, live, addon.p99_ms, evidence),
        "enrichment": tuning["enrichment"],
        "live_log": live_log_section(workspace, settings, retrievers, encoder, seed=seed),
    }
    timings = [retrievers["candidate"].timed(base_queries[row : row + 1]) for row in range(len(split.queries))]
    _log(workspace, scored, catalogue.headings, f"candidate-{digest[:12]}", timings)
    (candidate_folder(workspace) / "decision.json").unlink(missing_ok=True)
    write_atomic(candidate_folder(workspace) / "report.json", canonical_json(report))
    write_atomic(candidate_folder(workspace) / "evidence.json", to_json(evidence))
    return report


def _exposure(stored: StoredPairs, split: JudgedSplit) -> Exposure:
    """Warm documents are positives in training; seen queries are near-duplicates of training queries."""
    index = NearDuplicateIndex(sorted({pair.query_text for pair in stored.pairs}))
    return Exposure(
        warm=frozenset(pair.positive for pair in stored.pairs),
        seen=frozenset(query.query_id for query in split.queries if index.has_match(query.text)),
    )


def _evidence(
    scored: _Scored, live: str, digest: str, fingerprint: str, addon_p99_ms: float, earlier_looks: int
) -> GateEvidence:
    candidate, baseline = scored.scores("candidate"), scored.scores("baseline")
    summary = summarise(candidate, scored.split.groups, seed=scored.seed)
    base_summary = summarise(baseline, scored.split.groups, seed=scored.seed)
    return GateEvidence(
        candidate=digest,
        live=live,
        data_fingerprint=fingerprint,
        metrics={metric: _measured(summary, metric) for metric in _GAIN_METRICS},
        gains={metric: scored.gain(candidate, baseline, metric) for metric in _GAIN_METRICS},
        bad_top1=_bad_top1(scored, summary),
        judged_at_1=summary.metrics["judged@1"].mean,
        judged_at_3=summary.metrics["judged@3"].mean,
        cells=_cell_gains(scored),
        intents=_intent_gains(scored, candidate, baseline),
        latency=LatencyEvidence(latency_addon_p99_ms=addon_p99_ms),
        diagnoses={},
        baseline={metric: base_summary.metrics[metric].mean for metric in (*_GAIN_METRICS, "bad_top1_rate")},
        earlier_looks=earlier_looks,
    )


def _measured(summary: Summary, metric: str) -> Measured:
    found = summary.metrics[metric]
    return Measured(found.mean, found.low, found.high)


def _bad_top1(scored: _Scored, summary: Summary) -> JudgedRange:
    """From "every unjudged first result is good" to "every one is bad"."""
    optimistic = optimistic_bad_top1(scored.runs["candidate"], scored.split.qrels)
    low = Resampler(sorted(optimistic), scored.split.groups, seed=scored.seed).interval(optimistic)
    return JudgedRange(Measured(low.mean, low.low, low.high), _measured(summary, "bad_top1_rate"))


def _cell_gains(scored: _Scored) -> dict[str, PairedGain]:
    """Recall@3 by cell; cells without a query are left out."""
    gains = {}
    for cell in cell_names(scored.exposure):
        candidate, baseline = (
            score_cell(scored.runs[who], scored.split.qrels, scored.exposure, cell) for who in ("candidate", "baseline")
        )
        if candidate:
            gains[cell] = scored.gain(candidate, baseline, "recall@3")
    return gains


def _intent_gains(
    scored: _Scored, candidate: Mapping[QueryId, QueryScores], baseline: Mapping[QueryId, QueryScores]
) -> dict[str, PairedGain]:
    gains: dict[str, PairedGain] = {}
    for intent in INTENTS:
        ids = [
            query.query_id for query in scored.split.queries if query.intent == intent and query.query_id in candidate
        ]
        if ids:
            mine, theirs = ({query_id: scores[query_id] for query_id in ids} for scores in (candidate, baseline))
            gains[intent] = scored.gain(mine, theirs, "recall@3")
    return gains


def _report(
    scored: _Scored, tuning: Mapping[str, Any], live: str, addon_p99_ms: float, evidence: GateEvidence
) -> dict[str, Any]:
    systems = {
        name: summarise(scored.scores(name), scored.split.groups, seed=scored.seed).as_json() for name in scored.runs
    }
    by_cell = {
        name: summarise_cells(run, scored.split.qrels, scored.exposure, scored.split.groups, seed=scored.seed)
        for name, run in scored.runs.items()
    }
    cells = {
        cell: {name: _cell_as_json(summaries[cell]) for name, summaries in by_cell.items()}
        for cell in cell_names(scored.exposure)
    }
    return {
        "live": live,
        "chosen": tuning["chosen"],
        "because": tuning["because"],
        "encoder": tuning["encoder"],
        "data_fingerprint": tuning["data_fingerprint"],
        "test_fingerprint": scored.split.fingerprint,
        "systems": {**systems, "candidate": {**systems["candidate"], "latency_addon_p99_ms": addon_p99_ms}},
        "delta": {
            metric: paired_gain(
                scored.scores("candidate"), scored.scores("baseline"), metric, scored.split.groups, seed=scored.seed
            ).as_list()
            for metric in ("recall@3", "success@3", "ndcg@10", "bad_top1_rate")
        },
        "cells": cells,
        "intents": {
            intent: {"delta_recall@3": gain.mean, "queries": gain.queries, "groups": gain.groups}
            for intent, gain in evidence.intents.items()
        },
        "looks": evidence.looks,
    }


def _cell_as_json(summary: Summary | None) -> dict[str, Any] | None:
    """None is "too small", as in the bench."""
    return None if summary is None else summary.as_json()


def _candidate_digest(workspace: Workspace, chosen: str) -> str:
    """The digest of what would be served, known before the release has a number."""
    return served_digest(digests_of(candidate_files(workspace, chosen)))


def candidate_files(workspace: Workspace, chosen: str) -> dict[str, bytes]:
    """The artefact of the chosen rung: the manifest and the files it names, nothing that a kill left."""
    folder = candidate_folder(workspace) / chosen
    return {name: (folder / name).read_bytes() for name in sorted([MANIFEST, *read_manifest(folder)["files"]])}


def _looks(workspace: Workspace, split: JudgedSplit, digest: str, now: datetime) -> int:
    """How many other candidates were evaluated on this test set before; this look is noted."""
    path = workspace.runs / "test_looks.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    seen = {line["candidate"] for line in lines if line["test_fingerprint"] == split.fingerprint}
    if digest not in seen:
        line = {"time": now.isoformat(timespec="seconds"), "test_fingerprint": split.fingerprint, "candidate": digest}
        write_atomic(path, "".join(json.dumps(each) + "\n" for each in [*lines, line]).encode())
    return len(seen - {digest})


def _log(
    workspace: Workspace, scored: _Scored, headings: Mapping[DocId, str], adapter_version: str, timings: list[float]
) -> None:
    """One `retrieval_eval` line per judged query."""
    scores = scored.scores("candidate")
    lines = []
    for query, latency_ms in zip(scored.split.queries, timings, strict=True):
        top3 = ranked(scored.runs["candidate"][query.query_id])[:3]
        lines.append(
            RetrievalEval(
                query=query.text,
                intent=query.intent,
                top3_titles=tuple(headings[doc_id] for doc_id in top3),
                recall_at_3_hit=scores[query.query_id].success_at_3 > 0,
                adapter_version=adapter_version,
                latency_ms=round(latency_ms, 3),
                query_id=query.query_id,
                hit_source="judgement",
            ).as_line()
        )
    write_atomic(workspace.logs / f"retrieval_eval-{adapter_version}.jsonl", ("\n".join(lines) + "\n").encode())
