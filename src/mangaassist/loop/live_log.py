"""The log's held-out searches and the contenders in, the report's `live_log` section out.

Click evidence beside the judged queries. It decides nothing: a log holds clicks only on what the ranking of its time
showed.
"""

from collections.abc import Mapping
from typing import Any

from mangaassist.core.types import DocId, QueryId, Run
from mangaassist.data import Workspace, judged_queries, judgements, ubi_events, ubi_queries
from mangaassist.evaluation import (
    METRICS,
    QueryScores,
    metric_differences,
    optimistic_bad_top1,
    score_run,
)
from mangaassist.loop.contenders import Contender, Retriever
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.live_log_choices import WiderIntervals, position_bias
from mangaassist.loop.live_log_debiased import debiased_live_log
from mangaassist.loop.pairing import read_pairs
from mangaassist.loop.settings import Settings
from mangaassist.pairs import (
    LiveLogTest,
    NearDuplicateIndex,
    hold_out_newest,
    live_log_test,
    normalise,
    shown_results,
)

MIN_SEARCHES = 50
"""With fewer usable searches the section says "too small"."""

CAUTION = (
    "A log holds clicks only on what the ranking of its time showed, so these searches favour that ranking; "
    "they stand beside the judged queries and decide nothing."
)

_GAINS = ("recall@3", "success@3", "ndcg@10")


def live_log_section(
    workspace: Workspace,
    settings: Settings,
    retrievers: Mapping[str, Retriever],
    *,
    seed: int,
) -> dict[str, Any]:
    """The contenders on the newest searches of the log. `systems`, `delta`, `seen_share`: None is "too small"."""
    queries, events = ubi_queries(workspace), ubi_events(workspace)
    held_out = hold_out_newest(queries, events, settings.live_log)
    known = frozenset(document.doc_id for document in retrievers["candidate"].documents)
    test = live_log_test(queries, events, held_out, settings.pairs, known=known)
    section = {
        "since": held_out.since.isoformat() if held_out.since else None,
        "searches": len(held_out.query_ids),
        "queries": len(test.queries),
        "groups": {"texts": len(set(test.texts.values())), "sessions": len(set(test.sessions.values()))},
        "caution": CAUTION,
    }
    if len(test.queries) < MIN_SEARCHES:
        return {**section, "seen_share": None, "systems": None, "delta": None}
    runs = live_log_runs(test, retrievers)
    training = {pair.query_text for pair in read_pairs(workspace, settings).pairs}
    shown = shown_results(queries, events, settings.pairs)
    bias = position_bias(shown, without=held_out.query_ids)
    return {
        **section,
        "seen_share": _seen_share(test, training),
        **scored_live_log(test, runs, seed=seed),
        **debiased_live_log(test, runs, shown, bias, _judged_texts(workspace), seed=seed),
    }


def live_log_runs(test: LiveLogTest, retrievers: Mapping[str, Contender]) -> dict[str, Run]:
    """Every contender's ranking of every search; searches of one text share it."""
    first_of = {query.text: query for query in reversed(test.queries)}
    split = JudgedSplit(list(first_of.values()), test.qrels, test.texts)
    runs: dict[str, Run] = {}
    for name, retriever in retrievers.items():
        found = retriever.run(split)
        runs[name] = {query.query_id: found[first_of[query.text].query_id] for query in test.queries}
    return runs


def scored_live_log(test: LiveLogTest, runs: Mapping[str, Run], *, seed: int) -> dict[str, Any]:
    """`systems`: each run's metrics with intervals, the bad top-1 rate as a range; `delta`: candidate − baseline."""
    intervals = WiderIntervals(test, seed)
    scores = {name: score_run(run, test.qrels) for name, run in runs.items()}
    return {
        "systems": {name: _system(scores[name], runs[name], test, intervals) for name in runs},
        "delta": {
            metric: intervals.of(metric_differences(scores["candidate"], scores["baseline"], metric)).as_list()
            for metric in _GAINS
        },
    }


def _system(
    scores: Mapping[QueryId, QueryScores], run: Run, test: LiveLogTest, intervals: WiderIntervals
) -> dict[str, Any]:
    """The bad top-1 rate runs from "every unjudged first result is good" to "every one is bad"."""
    found = {
        metric: intervals.of({query_id: score.value(metric) for query_id, score in scores.items()})
        for metric in METRICS
    }
    pessimistic = found.pop("bad_top1_rate")
    optimistic = intervals.of(optimistic_bad_top1(run, test.qrels))
    return {
        **{metric: interval.mean for metric, interval in found.items()},
        **{f"{metric}_interval": [interval.low, interval.high] for metric, interval in found.items()},
        "bad_top1_rate_range": [optimistic.mean, pessimistic.mean],
        "bad_top1_rate_range_interval": [optimistic.low, pessimistic.high],
    }


def _judged_texts(workspace: Workspace) -> dict[str, dict[DocId, int]]:
    """Normalised text of every judged query, of any split → the grades that people gave."""
    texts = {judged.query_id: normalise(judged.text) for judged in judged_queries(workspace)}
    grades: dict[str, dict[DocId, int]] = {}
    for judgement in judgements(workspace):
        if judgement.query_id in texts:
            grades.setdefault(texts[judgement.query_id], {})[DocId(judgement.doc_id)] = judgement.grade
    return grades


def _seen_share(test: LiveLogTest, training: set[str]) -> float:
    """The share of searches whose text is a near-duplicate of a training query's."""
    index = NearDuplicateIndex(sorted(training))
    is_seen = {text: index.has_match(text) for text in {query.text for query in test.queries}}
    return sum(is_seen[query.text] for query in test.queries) / len(test.queries)
