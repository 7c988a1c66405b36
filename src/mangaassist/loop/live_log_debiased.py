"""Held-out searches, runs and all that was shown in; what clicks say once positions are accounted for out.

Three things stand beside the plain scores: what was chosen, weighed by how seldom its position is looked at; how much
of each system's first results anybody was ever shown, without which a log cannot judge it; and how far the log agrees
with people who judged the same texts.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from mangaassist.core.types import DocId, QueryId, Run
from mangaassist.evaluation import (
    CHOICE_METRICS,
    Choice,
    Impressions,
    Interval,
    PositionBias,
    Resampler,
    Verdicts,
    agreement,
    effective_choices,
    fit_position_bias,
    score_choices,
    shown_shares,
)
from mangaassist.pairs import LiveLogTest, normalise

MOST_WEIGHT = 10.0
"""What a click may stand for at most, however seldom its position is looked at."""

LEAST_EXPOSURE = 0.80
"""With less of the candidate's first three ever shown, the log has no answer."""


def position_bias(shown: pl.DataFrame, *, without: Collection[QueryId]) -> PositionBias | None:
    """How often positions were looked at in the searches that are not held out; None where the log cannot tell.

    shown: as `shown_results` gives it.
    """
    older = shown.filter(~pl.col("query_id").is_in(list(without)))
    texts = _normalised(older["user_query"])
    pairs = older.select(pl.struct(text=texts, document="object_id").rank("dense").cast(pl.Int64) - 1).to_series()
    return fit_position_bias(
        Impressions(
            pairs.to_numpy(), older["position"].cast(pl.Int64).to_numpy(), older["clicked"].cast(pl.Boolean).to_numpy()
        )
    )


def debiased_live_log(
    test: LiveLogTest,
    runs: Mapping[str, Run],
    shown: pl.DataFrame,
    bias: PositionBias | None,
    judged: Mapping[str, Mapping[DocId, int]],
    *,
    seed: int,
) -> dict[str, Any]:
    """The keys `position_bias`, `choices`, `exposure`, `agreement` and `answer` of the report's `live_log`.

    judged: normalised text → grades that people gave.
    """
    intervals = WiderIntervals(test, seed)
    choices = _choices_section(test, runs, bias, intervals)
    exposure = _exposure_section(test, runs, shown, intervals)
    return {
        "position_bias": _bias_as_json(bias),
        "choices": choices,
        "exposure": exposure,
        "agreement": {
            "as_clicked": _agreement(test, judged, None, seed=seed),
            "debiased": None if bias is None else _agreement(test, judged, bias, seed=seed),
        },
        "answer": answer(choices["delta"]["chosen@3"], exposure["coverage"]["candidate"][0]),
    }


def answer(delta: Mapping[str, Sequence[float] | None], coverage: float) -> dict[str, str]:
    """What the log says of the candidate, if it can say anything. delta: of chosen@3, debiased and as clicked."""
    if coverage < LEAST_EXPOSURE:
        because = (
            f"only {coverage:.0%} of the candidate's first three results were ever shown to anybody for their query "
            f"({LEAST_EXPOSURE:.0%} are needed), so that no click could speak for the rest; let shoppers compare both "
            "rankings: `mangaassist experiment`"
        )
        return {"says": "inconclusive", "because": because}
    debiased = delta["debiased"]
    if debiased is None:
        because = (
            "no result stood at different positions often enough to tell how much a position is looked at; let "
            "shoppers compare both rankings: `mangaassist experiment`"
        )
        return {"says": "inconclusive", "because": because}
    _, low, high = debiased
    says = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
    return {"says": says, "because": f"debiased chosen@3, candidate − live: {low:+.3f} to {high:+.3f} (95 %)"}


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


def _choices_section(
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
        Choice(query_id, doc_id, float(grade), _weight(test, query_id, doc_id, bias))
        for query_id, grades in test.qrels.items()
        for doc_id, grade in grades.items()
        if grade >= 1
    ]


def _weight(test: LiveLogTest, query_id: QueryId, doc_id: DocId, bias: PositionBias | None) -> float:
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


def _exposure_section(
    test: LiveLogTest, runs: Mapping[str, Run], shown: pl.DataFrame, intervals: WiderIntervals
) -> dict[str, Any]:
    """Per system the share of its first three that were ever shown for their text, and for the candidate how many."""
    texts = {query.query_id: normalise(query.text) for query in test.queries}
    by_text = _shown_by_text(shown)
    shares = {who: shown_shares(run, texts, by_text) for who, run in runs.items()}
    places = [round(3 * share) for share in shares["candidate"].values()]
    return {
        "needed": LEAST_EXPOSURE,
        "coverage": {who: intervals.of(each).as_list() for who, each in shares.items()},
        "candidate_shown_of_3": [places.count(count) for count in range(4)],
    }


def _shown_by_text(shown: pl.DataFrame) -> dict[str, set[DocId]]:
    by_text: dict[str, set[DocId]] = {}
    pairs = shown.select("user_query", "object_id").unique()
    for text, doc_id in zip(_normalised(pairs["user_query"]), pairs["object_id"], strict=True):
        by_text.setdefault(text, set()).add(DocId(doc_id))
    return by_text


def _normalised(texts: pl.Series) -> pl.Series:
    """The texts as they are compared; each different one is normalised once."""
    forms = {text: normalise(text) for text in texts.unique()}
    return texts.replace_strict(forms, return_dtype=pl.String())


def _agreement(
    test: LiveLogTest, judged: Mapping[str, Mapping[DocId, int]], bias: PositionBias | None, *, seed: int
) -> dict[str, Any] | None:
    """How far choices and passed-over results agree with people's grades of these texts; None: no text is in both."""
    verdicts = [
        Verdicts(text, grade >= 1, grades[doc_id] >= 1, _weight(test, query.query_id, doc_id, bias) if grade else 1.0)
        for query in test.queries
        if (grades := judged.get(text := normalise(query.text))) is not None
        for doc_id, grade in test.qrels[query.query_id].items()
        if doc_id in grades
    ]
    found = agreement(verdicts, seed=seed)
    if found is None:
        return None
    ends = None if found.kappa is None else [found.kappa, found.low, found.high]
    return {"kappa": ends, "agreed": found.agreed, "judgements": found.verdicts, "texts": found.groups}


def _bias_as_json(bias: PositionBias | None) -> dict[str, Any] | None:
    if bias is None:
        return None
    return {
        "examination": [float(np.round(each, 4)) for each in bias.examination],
        "impressions": bias.impressions,
        "pairs": bias.pairs,
        "most_weight": MOST_WEIGHT,
    }
