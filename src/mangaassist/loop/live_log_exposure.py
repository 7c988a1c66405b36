"""Held-out searches in, how far a log can judge at all out: what it ever showed, and whether people agree with it."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from mangaassist.core.types import DocId, Run
from mangaassist.evaluation import PositionBias, Verdicts, agreement, shown_shares
from mangaassist.loop.live_log_choices import WiderIntervals, choice_weight, normalised_texts
from mangaassist.pairs import LiveLogTest, normalise

LEAST_EXPOSURE = 0.80
"""With less of the candidate's first three ever shown, the log has no answer."""


def exposure_section(
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
    for text, doc_id in zip(normalised_texts(pairs["user_query"]), pairs["object_id"], strict=True):
        by_text.setdefault(text, set()).add(DocId(doc_id))
    return by_text


def agreement_with_people(
    test: LiveLogTest, judged: Mapping[str, Mapping[DocId, int]], bias: PositionBias | None, *, seed: int
) -> dict[str, Any] | None:
    """How far choices and passed-over results agree with people's grades of these texts; None: no text is in both."""
    verdicts = [
        Verdicts(
            text, grade >= 1, grades[doc_id] >= 1, choice_weight(test, query.query_id, doc_id, bias) if grade else 1.0
        )
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
