"""A scored candidate in, the gate's evidence out."""

from collections.abc import Mapping, Sequence

from mangaassist.core.types import INTENTS, QueryId
from mangaassist.evaluation import (
    Diagnosis,
    QueryScores,
    Resampler,
    Summary,
    cell_names,
    optimistic_bad_top1,
    paired_gain,
    score_cell,
    summarise,
)
from mangaassist.loop.scored import Scored
from mangaassist.promotion import GateEvidence, JudgedRange, LatencyEvidence, Measured, PairedGain

_GAIN_METRICS = ("recall@3", "ndcg@10")
_Scores = Mapping[QueryId, QueryScores]


def gate_evidence(
    scored: Scored,
    *,
    candidate: str,
    live: str,
    data_fingerprint: str,
    latency: LatencyEvidence,
    diagnoses: Sequence[Diagnosis],
    earlier_looks: int,
) -> GateEvidence:
    """What the gate reads of the candidate (its digest) against the live release."""
    mine, theirs = scored.scores("candidate"), scored.scores("baseline")
    summary = summarise(mine, scored.split.groups, seed=scored.seed)
    base_summary = summarise(theirs, scored.split.groups, seed=scored.seed)
    return GateEvidence(
        candidate=candidate,
        live=live,
        data_fingerprint=data_fingerprint,
        metrics={metric: _measured(summary, metric) for metric in _GAIN_METRICS},
        gains={metric: _gain(scored, mine, theirs, metric) for metric in _GAIN_METRICS},
        bad_top1=_bad_top1(scored, summary),
        judged_at_1=summary.metrics["judged@1"].mean,
        judged_at_3=summary.metrics["judged@3"].mean,
        cells=_cell_gains(scored),
        intents=_intent_gains(scored, mine, theirs),
        latency=latency,
        diagnoses={each.name: each.status for each in diagnoses},
        baseline={metric: base_summary.metrics[metric].mean for metric in (*_GAIN_METRICS, "bad_top1_rate")},
        earlier_looks=earlier_looks,
    )


def _gain(scored: Scored, candidate: _Scores, baseline: _Scores, metric: str) -> PairedGain:
    """The paired gain with both one-sided intervals."""
    wide, narrow = (
        paired_gain(candidate, baseline, metric, scored.split.groups, seed=scored.seed, tail=tail)
        for tail in (0.01, 0.05)
    )
    return PairedGain(wide.mean, wide.low, wide.high, narrow.low, narrow.high, wide.queries, wide.groups)


def _measured(summary: Summary, metric: str) -> Measured:
    found = summary.metrics[metric]
    return Measured(found.mean, found.low, found.high)


def _bad_top1(scored: Scored, summary: Summary) -> JudgedRange:
    """From "every unjudged first result is good" to "every one is bad"."""
    optimistic = optimistic_bad_top1(scored.runs["candidate"], scored.split.qrels)
    low = Resampler(sorted(optimistic), scored.split.groups, seed=scored.seed).interval(optimistic)
    return JudgedRange(Measured(low.mean, low.low, low.high), _measured(summary, "bad_top1_rate"))


def _cell_gains(scored: Scored) -> dict[str, PairedGain]:
    """Recall@3 by cell; cells without a query are left out."""
    gains = {}
    for cell in cell_names(scored.exposure):
        candidate, baseline = (
            score_cell(scored.runs[who], scored.split.qrels, scored.exposure, cell) for who in ("candidate", "baseline")
        )
        if candidate:
            gains[cell] = _gain(scored, candidate, baseline, "recall@3")
    return gains


def _intent_gains(scored: Scored, candidate: _Scores, baseline: _Scores) -> dict[str, PairedGain]:
    gains: dict[str, PairedGain] = {}
    for intent in INTENTS:
        ids = [
            query.query_id for query in scored.split.queries if query.intent == intent and query.query_id in candidate
        ]
        if ids:
            mine, theirs = ({query_id: scores[query_id] for query_id in ids} for scores in (candidate, baseline))
            gains[intent] = _gain(scored, mine, theirs, "recall@3")
    return gains
