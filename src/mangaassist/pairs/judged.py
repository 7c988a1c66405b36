"""Judged queries in, training pairs out: one for every relevant document, weighed by its grade."""

from collections.abc import Mapping

from mangaassist.core.types import Pair, Qrels, Query, QueryId


def judged_pairs(qrels: Qrels, queries: Mapping[QueryId, Query]) -> list[Pair]:
    """One pair per relevant judgement, weighed by its grade; documents judged 0 are its negatives."""
    pairs = []
    for query_id in sorted(qrels):
        grades = qrels[query_id]
        negatives = tuple(sorted(doc_id for doc_id, grade in grades.items() if grade < 1))
        for doc_id in sorted(grades):
            if grades[doc_id] >= 1:
                text, weight = queries[query_id].text, float(grades[doc_id])
                pairs.append(Pair(text, doc_id, "judgement", weight, negatives=negatives, query_id=query_id))
    return pairs
