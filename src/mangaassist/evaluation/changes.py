"""Two runs and qrels in, the queries that one of them answers much better or worse than the other out."""

from dataclasses import dataclass

from mangaassist.core.types import DocId, Qrels, QueryId, Run
from mangaassist.evaluation.metrics import ranked, score_run
from mangaassist.evaluation.report import metric_differences

SHOWN_CHANGES = 10


@dataclass(frozen=True, slots=True)
class QueryChange:
    """What changed for one query. first_before, first_after: the first result; None where there was none."""

    query_id: QueryId
    ndcg_at_10: float
    recall_at_3: float
    first_before: DocId | None
    first_after: DocId | None


def most_changed(before: Run, after: Run, qrels: Qrels) -> tuple[list[QueryChange], list[QueryChange]]:
    """(most improved, most worsened), the largest change in ndcg@10 first, at most `SHOWN_CHANGES` of each."""
    scores_before, scores_after = score_run(before, qrels), score_run(after, qrels)
    ndcg, recall = (metric_differences(scores_after, scores_before, metric) for metric in ("ndcg@10", "recall@3"))
    changes = [
        QueryChange(query_id, ndcg[query_id], recall[query_id], _first(before, query_id), _first(after, query_id))
        for query_id in sorted(ndcg)
        if ndcg[query_id]
    ]
    falling = sorted(changes, key=lambda each: (-each.ndcg_at_10, -each.recall_at_3, each.query_id))
    rising = sorted(changes, key=lambda each: (each.ndcg_at_10, each.recall_at_3, each.query_id))
    better = [each for each in falling if each.ndcg_at_10 > 0]
    worse = [each for each in rising if each.ndcg_at_10 < 0]
    return better[:SHOWN_CHANGES], worse[:SHOWN_CHANGES]


def _first(run: Run, query_id: QueryId) -> DocId | None:
    return next(iter(ranked(run.get(query_id, {}))), None)
