"""Adapted vectors in, NDCG@10 on the validation pairs out: what peers choose by. NumPy only."""

import numpy as np

from benchmarks.peers.exchange import Rows, Vectors

CUT = 10
_BLOCK = 256


def ndcg_at_10(queries: Vectors, documents: Vectors, pairs: Rows) -> float:
    """Mean over the queries that `pairs` (query row, document row) names; every relevant document counts alike.

    queries, documents: (n, d), (m, d), ranked by inner product.
    """
    discounts = 1 / np.log2(np.arange(2, CUT + 2))
    named = np.unique(pairs[:, 0])
    gained = []
    for start in range(0, len(named), _BLOCK):
        rows = named[start : start + _BLOCK]
        scores = queries[rows] @ documents.T
        best = np.argpartition(-scores, min(CUT, scores.shape[1]) - 1, axis=1)[:, :CUT]
        for at, row in enumerate(rows):
            relevant = pairs[pairs[:, 0] == row, 1]
            found = np.isin(best[at][np.argsort(-scores[at, best[at]], kind="stable")], relevant)
            gained.append((found * discounts[: len(found)]).sum() / discounts[: min(CUT, len(relevant))].sum())
    return float(np.mean(gained))


def unit(vectors: Vectors) -> Vectors:
    """Each row over its length."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)
