"""Run and qrels in, scores per query and their means out.

The one place where a metric is defined. Gain is linear and the discount log2(rank + 1), as in trec_eval; recall@k is
R_cap (found ÷ min(k, relevant)), which differs from the uncapped R@k of other tools. A query without results scores 0.
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mangaassist.core.types import DocId, Qrels, QueryId, Run

METRICS = ("recall@3", "success@3", "ndcg@10", "bad_top1_rate", "judged@1", "judged@3")
"""Names of the metrics of `QueryScores`, as they stand in reports."""


def ranked(scores: Mapping[DocId, float], *, without: Collection[DocId] = ()) -> list[DocId]:
    """Documents by falling score; equal scores by rising document id; `without` is taken out before any cut.

    >>> ranked({DocId("b"): 1.0, DocId("a"): 1.0, DocId("c"): 2.0})
    ['c', 'a', 'b']
    """
    kept = scores.items() if not without else [item for item in scores.items() if item[0] not in without]
    return [doc_id for doc_id, _ in sorted(kept, key=lambda item: (-item[1], item[0]))]


def recall(results: Sequence[DocId], relevant: Collection[DocId], *, k: int) -> float:
    """Relevant documents found in the first `k`, over min(k, relevant): R_cap."""
    if not relevant:
        return 0.0
    return sum(doc_id in relevant for doc_id in results[:k]) / min(k, len(relevant))


def success(results: Sequence[DocId], relevant: Collection[DocId], *, k: int) -> float:
    """1.0 if any relevant document is in the first `k`, else 0.0."""
    return float(any(doc_id in relevant for doc_id in results[:k]))


def ndcg(results: Sequence[DocId], grades: Mapping[DocId, int], *, k: int) -> float:
    """Linear-gain NDCG: Σ grade ÷ log2(rank + 1) over the first `k`, over the best possible such sum.

    >>> round(ndcg([DocId("x"), DocId("a")], {DocId("a"): 2}, k=10), 4)
    0.6309
    """
    ideal = _dcg(sorted((grade for grade in grades.values() if grade > 0), reverse=True)[:k])
    return _dcg(max(0, grades.get(doc_id, 0)) for doc_id in results[:k]) / ideal if ideal else 0.0


def judged(results: Sequence[DocId], grades: Mapping[DocId, int], *, k: int) -> float:
    """Share of the first `k` results that carry a judgement; 0.0 without results."""
    head = results[:k]
    return sum(doc_id in grades for doc_id in head) / len(head) if head else 0.0


@dataclass(frozen=True, slots=True)
class QueryScores:
    """Every metric of one query. `bad_top1` is 1.0 when the first result is judged 0 or not judged, or is missing."""

    recall_at_3: float
    success_at_3: float
    ndcg_at_10: float
    bad_top1: float
    judged_at_1: float
    judged_at_3: float

    def value(self, metric: str) -> float:
        """The value of a metric by its name in `METRICS`."""
        return float(getattr(self, _FIELDS[metric]))


_FIELDS = dict(zip(METRICS, QueryScores.__slots__, strict=True))


def score_query(results: Sequence[DocId], grades: Mapping[DocId, int]) -> QueryScores:
    """All metrics of one ranked list against the judgements of its query."""
    relevant = {doc_id for doc_id, grade in grades.items() if grade >= 1}
    return QueryScores(
        recall_at_3=recall(results, relevant, k=3),
        success_at_3=success(results, relevant, k=3),
        ndcg_at_10=ndcg(results, grades, k=10),
        bad_top1=float(not results or results[0] not in relevant),
        judged_at_1=judged(results, grades, k=1),
        judged_at_3=judged(results, grades, k=3),
    )


def score_run(run: Run, qrels: Qrels) -> dict[QueryId, QueryScores]:
    """Scores of every query that has a relevant document; one missing from the run scores 0."""
    return {
        query_id: score_query(ranked(run.get(query_id, {})), grades)
        for query_id, grades in qrels.items()
        if has_relevant(grades)
    }


def optimistic_bad_top1(run: Run, qrels: Qrels) -> dict[QueryId, float]:
    """1.0 where the first result is judged 0 or missing: the bad top-1 rate if every unjudged document were good."""
    bad = {}
    for query_id, grades in qrels.items():
        if has_relevant(grades):
            first = ranked(run.get(query_id, {}))[:1]
            bad[query_id] = float(not first or (first[0] in grades and grades[first[0]] < 1))
    return bad


def has_relevant(grades: Mapping[DocId, int]) -> bool:
    """Whether any document is judged relevant (grade ≥ 1)."""
    return any(grade >= 1 for grade in grades.values())


def _dcg(grades: Iterable[int]) -> float:
    return sum(grade / math.log2(rank + 2) for rank, grade in enumerate(grades))
