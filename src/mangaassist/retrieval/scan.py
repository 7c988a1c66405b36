"""A query in, the rows that are probably its best out: a scan over vectors compressed to one bit a dimension.

faiss's RaBitQ estimates an inner product from a vector's signs around the mean. The best few hundred by estimate are
scored exactly; the error seen on them says how far below the last estimate a document of the best `k` may hide, and
while that is too close, three times as many are taken. Vectors without any structure need it, real ones hardly do.
"""

from pathlib import Path

import faiss
import numpy as np

from mangaassist.core.types import Vectors
from mangaassist.retrieval.scoring import Mask, Rows, products

_FIRST = 200
_REACH = 6
"""So many times as many are taken at first as are asked for: a second scan costs more than scoring some hundreds."""
_FACTOR = 3
_DEVIATIONS = 2.0
"""Measured at 100,000 vectors (docs/index.md): recall over .99 even on vectors without structure."""
_WORTH_IT = 4
"""A scan that leaves a quarter of the documents to score exactly saves nothing over scoring all."""
_QUERY_BITS = 4
_MAPPED = faiss.IO_FLAG_MMAP_IFC | faiss.IO_FLAG_READ_ONLY


def write_scan(vectors: Vectors, path: Path) -> None:
    """Write the compressed vectors to `path`."""
    faiss.omp_set_num_threads(1)
    index = faiss.IndexRaBitQ(vectors.shape[1], faiss.METRIC_INNER_PRODUCT)
    index.qb = _QUERY_BITS
    index.train(vectors)
    index.add(vectors)
    path.write_bytes(faiss.serialize_index(index).tobytes())


class Scan:
    """Compressed vectors, memory-mapped, beside the full ones that they stand for."""

    def __init__(self, path: Path, vectors: Vectors) -> None:
        self._index = faiss.read_index(str(path), _MAPPED)
        self._vectors = vectors

    def candidates(self, query: Vectors, k: int, allowed: Mask | None) -> Rows | None:
        """Rows in ascending order, almost surely with the best `k` of those allowed; None where all must be scored.

        One thread: a service answers several queries at once instead.
        """
        faiss.omp_set_num_threads(1)
        count = len(self._vectors) if allowed is None else int(allowed.sum())
        bits = None if allowed is None else np.packbits(allowed, bitorder="little")
        selector = None if bits is None else faiss.IDSelectorBitmap(bits)
        parameters = faiss.RaBitQSearchParameters(sel=selector, qb=_QUERY_BITS)
        depth = max(_FIRST, _REACH * k)
        while depth * _WORTH_IT <= count:
            estimates, rows = self._index.search(query[np.newaxis], depth, params=parameters)
            ascending = np.argsort(rows[0])
            exact = products(self._vectors, query, rows[0][ascending])
            spread = float((exact - estimates[0][ascending]).std())
            if estimates[0][-1] + _DEVIATIONS * spread < np.partition(exact, depth - k)[depth - k]:
                found: Rows = rows[0][ascending]
                return found
            depth *= _FACTOR
        return None
