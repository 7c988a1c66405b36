"""A query and rows of vectors in, the best of them out, always in the same order.

A matrix product finds the few that can be among the best; its rounding depends on where a row stands, so these are
scored again, each by itself and in double precision. Thus equal vectors tie whatever holds them, and a batch, one
query, a filtered search and another store give the same scores.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval.store import Hits

Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_ROUNDING = 1e-5
"""How far float32 products of unit vectors, up to some 4,000-d, may be from the truth: with room to spare."""
_GATHERED = 256
_BLOCK = 4096


def best_of_all(vectors: Vectors, query: Vectors, k: int, doc_ids: Sequence[DocId], allowed: Mask | None) -> Hits:
    """The best `k` of all rows, or of those allowed, by one matrix-vector product."""
    rough = vectors @ query
    if allowed is not None:
        rough[~allowed] = -np.inf
    return _ranked(vectors, _finalists(rough, k, query), query, k, doc_ids)


def best_of_rows(vectors: Vectors, query: Vectors, k: int, doc_ids: Sequence[DocId], rows: Rows) -> Hits:
    """The best `k` of some rows, given in ascending order."""
    return _ranked(vectors, rows[_finalists(products(vectors, query, rows), k, query)], query, k, doc_ids)


def products(vectors: Vectors, query: Vectors, rows: Rows) -> Vectors:
    """The inner product of the query with some rows, read in small blocks: several times faster than all at once."""
    found = np.empty(len(rows), dtype=np.float32)
    block = np.empty((_GATHERED, vectors.shape[1]), dtype=np.float32)
    for start in range(0, len(rows), _GATHERED):
        part = rows[start : start + _GATHERED]
        np.take(vectors, part, axis=0, out=block[: len(part)], mode="clip")
        found[start : start + _GATHERED] = block[: len(part)] @ query
    return found


def merged(first: Hits, second: Hits, k: int) -> Hits:
    """The best `k` of two rankings of different documents."""
    if not second.doc_ids:
        return first
    return _cut([*first.doc_ids, *second.doc_ids], np.concatenate([first.scores, second.scores]), k)


def _finalists(rough: Vectors, k: int, query: Vectors) -> Rows:
    """Positions whose true score may be among the best `k`; everything equal to the last one in is among them."""
    threshold = -np.inf
    if k < len(rough):
        slack = _ROUNDING * max(1.0, float(np.linalg.norm(query)))
        threshold = float(np.partition(rough, len(rough) - k)[len(rough) - k]) - slack
    return np.flatnonzero((rough >= threshold) & (rough > -np.inf))


def _ranked(vectors: Vectors, rows: Rows, query: Vectors, k: int, doc_ids: Sequence[DocId]) -> Hits:
    double = query.astype(np.float64)
    scores = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = vectors[rows[start : start + _BLOCK]].astype(np.float64)
        scores[start : start + _BLOCK] = np.einsum("ij,j->i", block, double)
    return _cut([doc_ids[row] for row in rows.tolist()], scores, k)


def _cut(doc_ids: Sequence[DocId], scores: npt.NDArray[np.float32], k: int) -> Hits:
    listed = scores.tolist()
    order = sorted(range(len(listed)), key=lambda index: (-listed[index], doc_ids[index]))[:k]
    return Hits(tuple(doc_ids[index] for index in order), scores[order])
