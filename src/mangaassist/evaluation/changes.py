"""Two runs and qrels in, the queries that one of them answers much better or worse than the other out."""

from dataclasses import dataclass

from mangaassist.core.types import DocId, Qrels, QueryId, Run
from mangaassist.evaluation.metrics import ranked, score_run
from mangaassist.evaluation.report import metric_differences

SHOWN_CHANGES = 10
SHOWN_RESULTS = 3


@dataclass(frozen=True, slots=True)
class QueryChange:
    """What changed for one query. top_before, top_after: the first `SHOWN_RESULTS` results, best first."""

    query_id: QueryId
    ndcg_at_10: float
    recall_at_3: float
    top_before: tuple[DocId, ...]
    top_after: tuple[DocId, ...]


def most_changed(before: Run, after: Run, qrels: Qrels) -> tuple[list[QueryChange], list[QueryChange]]:
    """(most improved, most worsened), the largest change in ndcg@10 first, at most `SHOWN_CHANGES` of each."""
    scores_before, scores_after = score_run(before, qrels), score_run(after, qrels)
    ndcg, recall = (metric_differences(scores_after, scores_before, metric) for metric in ("ndcg@10", "recall@3"))
    changes = [
        QueryChange(query_id, ndcg[query_id], recall[query_id], _top(before, query_id), _top(after, query_id))
        for query_id in sorted(ndcg)
        if ndcg[query_id]
    ]
    falling = sorted(changes, key=lambda each: (-each.ndcg_at_10, -each.recall_at_3, each.query_id))
    rising = sorted(changes, key=lambda each: (each.ndcg_at_10, each.recall_at_3, each.query_id))
    better = [each for each in falling if each.ndcg_at_10 > 0]
    worse = [each for each in rising if each.ndcg_at_10 < 0]
    return better[:SHOWN_CHANGES], worse[:SHOWN_CHANGES]


def _top(run: Run, query_id: QueryId) -> tuple[DocId, ...]:
    return tuple(ranked(run.get(query_id, {}))[:SHOWN_RESULTS])
