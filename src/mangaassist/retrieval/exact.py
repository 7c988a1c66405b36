"""Adapted vectors in, run out: exact search by blocked matrix products, for training, evaluation and small shops."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from mangaassist.core.cores import own_cores
from mangaassist.core.errors import ShapeError
from mangaassist.core.types import Adjustment, DocId, QueryId, Run, Vectors
from mangaassist.retrieval.scoring import Rows

_BLOCK = 512
_SCORES = 1 << 24
"""Scores of one block at most, 64 MB: each thread holds one block."""


def search_run(
    query_ids: Sequence[QueryId],
    queries: Vectors,
    doc_ids: Sequence[DocId],
    documents: Vectors,
    *,
    depth: Mapping[QueryId, int] | int = 10,
    adjust: Callable[[QueryId], Adjustment] | None = None,
) -> Run:
    """The best `depth` documents of every query by inner product, as a run.

    queries: (n, d), documents: (m, d), unit length. `depth` may differ per query.
    adjust: what is added to a query's scores, and which documents it may not return.
    """
    if queries.shape[1] != documents.shape[1] or len(query_ids) != len(queries) or len(doc_ids) != len(documents):
        raise ShapeError(f"queries {queries.shape} and documents {documents.shape} do not fit each other or their ids")
    rows = max(1, min(_BLOCK, _SCORES // max(1, len(documents))))

    def ranked(start: int) -> dict[QueryId, dict[DocId, float]]:
        scores = queries[start : start + rows] @ documents.T  # (block, m)
        found = {}
        for row, query_id in enumerate(query_ids[start : start + rows]):
            wanted = depth if isinstance(depth, int) else depth[query_id]
            adjusted = scores[row] if adjust is None else adjusted_scores(scores[row], adjust(query_id))
            found[query_id] = best_documents(adjusted, doc_ids, wanted)
        return found

    starts = range(0, len(query_ids), rows)
    if adjust is not None or len(starts) < 2:
        return {query_id: found for start in starts for query_id, found in ranked(start).items()}
    # A block a thread: the product uses every core either way, and this way choosing the best does, too.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(own_cores()) as pool:
        return {query_id: found for block in pool.map(ranked, starts) for query_id, found in block.items()}


def adjusted_scores(scores: Vectors, adjustment: Adjustment) -> Vectors:
    """Scores (documents,) with what else speaks for each document; minus infinity where it may not be returned."""
    if adjustment.bonus is not None:
        scores = scores + adjustment.bonus
    return scores if adjustment.allowed is None else np.where(adjustment.allowed, scores, np.float32(-np.inf))


def best_documents(
    scores: Vectors, doc_ids: Sequence[DocId], depth: int, *, rows: Rows | None = None
) -> dict[DocId, float]:
    """The best `depth` documents by their scores (documents,), best first; minus infinity is never among them.

    rows: which of doc_ids each score is of; None where it is each in turn.
    """
    count = min(depth, len(scores))
    # Ties at the cut are decided by document id, as everywhere: keep every score equal to the last one in.
    threshold = np.partition(scores, len(scores) - count)[len(scores) - count] if count else np.inf
    # What may not be returned goes before the sort: where few documents may, the threshold is minus infinity too.
    best = np.flatnonzero((scores >= threshold) & (scores > -np.inf))
    named = [doc_ids[row] for row in (best if rows is None else rows[best]).tolist()]
    found = sorted(zip((-scores[best]).tolist(), named, strict=True))
    return {doc_id: -negated for negated, doc_id in found[:count]}
