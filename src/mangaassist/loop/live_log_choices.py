"""Held-out searches and runs in, how early each run ranks what was chosen out: as clicked, and debiased by position."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from mangaassist.core.types import DocId, QueryId, Run
from mangaassist.evaluation import (
    CHOICE_METRICS,
    Choice,
    Impressions,
    Interval,
    PositionBias,
    Resampler,
    effective_choices,
    fit_position_bias,
    score_choices,
)
from mangaassist.pairs import LiveLogTest, normalise

MOST_WEIGHT = 10.0
"""What a click may stand for at most, however seldom its position is looked at."""


def position_bias(shown: pl.DataFrame, *, without: Collection[QueryId]) -> PositionBias | None:
    """How often positions were looked at in the searches that are not held out; None where the log cannot tell.

    shown: as `shown_results` gives it.
    """
    older = shown.filter(~pl.col("query_id").is_in(list(without)))
    texts = normalised_texts(older["user_query"])
    pairs = older.select(pl.struct(text=texts, document="object_id").rank("dense").cast(pl.Int64) - 1).to_series()
    return fit_position_bias(
        Impressions(
            pairs.to_numpy(), older["position"].cast(pl.Int64).to_numpy(), older["clicked"].cast(pl.Boolean).to_numpy()
        )
    )


def normalised_texts(texts: pl.Series) -> pl.Series:
    """The texts as they are compared; each different one is normalised once."""
    forms = {text: normalise(text) for text in texts.unique()}
    return texts.replace_strict(forms, return_dtype=pl.String())


class WiderIntervals:
    """The wider interval of two: one resamples groups of near-duplicate texts, the other sessions."""

    def __init__(self, test: LiveLogTest, seed: int) -> None:
        ids = sorted(test.qrels)
        self._resamplers = [Resampler(ids, groups, seed=seed) for groups in (test.texts, test.sessions)]

    def of(self, values: Mapping[QueryId, float]) -> Interval:
        """Of the mean over searches."""
        return _wider([resampler.interval(values) for resampler in self._resamplers])

    def of_ratio(self, parts: Mapping[QueryId, float], wholes: Mapping[QueryId, float]) -> Interval:
        """Of a sum over searches over another one."""
        return _wider([resampler.ratio(parts, wholes) for resampler in self._resamplers])


def _wider(found: Sequence[Interval]) -> Interval:
    return max(found, key=lambda interval: interval.high - interval.low)


def choices_section(
    test: LiveLogTest, runs: Mapping[str, Run], bias: PositionBias | None, intervals: WiderIntervals
) -> dict[str, Any]:
    """Every system by what was chosen, as clicked and debiased; None stands for a bias that nobody knows."""
    plain = _choices(test, None)
    kinds = {"as_clicked": plain, "debiased": None if bias is None else _choices(test, bias)}
    found = {kind: None if made is None else _scored(runs, made, intervals) for kind, made in kinds.items()}
    debiased = kinds["debiased"] or []

    def by_kind(who: str, metric: str) -> dict[str, list[float] | None]:
        return {kind: None if scores is None else scores[who][metric] for kind, scores in found.items()}

    return {
        "choices": len(plain),
        "effective": effective_choices(debiased),
        "clipped_share": sum(choice.weight >= MOST_WEIGHT for choice in debiased) / max(1, len(debiased)),
        "systems": {who: {metric: by_kind(who, metric) for metric in CHOICE_METRICS} for who in runs},
        "delta": {metric: by_kind("delta", metric) for metric in CHOICE_METRICS},
    }


def _choices(test: LiveLogTest, bias: PositionBias | None) -> list[Choice]:
    """What was chosen in the held-out searches; None weighs every position alike."""
    return [
        Choice(query_id, doc_id, float(grade), choice_weight(test, query_id, doc_id, bias))
        for query_id, grades in test.qrels.items()
        for doc_id, grade in grades.items()
        if grade >= 1
    ]


def choice_weight(test: LiveLogTest, query_id: QueryId, doc_id: DocId, bias: PositionBias | None) -> float:
    """What a choice stands for; one whose position nobody logged, for itself."""
    position = test.positions.get(query_id, {}).get(doc_id)
    return 1.0 if bias is None or position is None else bias.weight(position, most=MOST_WEIGHT)


def _scored(
    runs: Mapping[str, Run], choices: Sequence[Choice], intervals: WiderIntervals
) -> dict[str, dict[str, list[float]]]:
    """System, or `delta` for candidate − baseline → metric → [value, low, high]."""
    scores = {who: score_choices(run, choices) for who, run in runs.items()}
    found = {
        who: {metric: intervals.of_ratio(each.earned[metric], each.total).as_list() for metric in CHOICE_METRICS}
        for who, each in scores.items()
    }
    mine, theirs = scores["candidate"], scores["baseline"]
    found["delta"] = {
        metric: intervals.of_ratio(
            {query_id: value - theirs.earned[metric][query_id] for query_id, value in mine.earned[metric].items()},
            mine.total,
        ).as_list()
        for metric in CHOICE_METRICS
    }
    return found
