"""A query in, the rows that are probably its best out: a scan over vectors compressed to two bits a dimension.

faiss's product quantiser writes every two dimensions as the nearest of 16 points, in a space turned at random: an
encoder's dimensions are not alike, and after the turn each pair is worth the same. A table of the query's product with
each point is looked up in processor registers. The best few hundred by estimate are scored exactly; the error seen on
them says how far below the last estimate a better document may hide. Who asks takes more where that is too near.

Sources: Jégou, Douze & Schmid 2011, "Product quantization"; André, Kermarrec & Le Scouarnec 2015, "Cache locality is
not enough" (the fast scan).
"""

from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np

from mangaassist.core.types import Vectors
from mangaassist.retrieval.scoring import Mask, Rows, products

DEEPER = 3
"""So many times as many are taken where too few were."""
_FIRST = 200
_REACH = 6
"""So many times as many are taken at first as are asked for: a second scan costs more than scoring some hundreds."""
_DEVIATIONS = 2.0
"""Measured at 100,000 vectors (docs/index.md): recall over .99 even on vectors without structure."""
_TURN = 1
"""The seed of the turn."""
_DIMENSIONS = 2
_BITS = 4
_POINTS = 2**_BITS
"""So many points, of so many bits, stand for so many dimensions: what faiss's fast scan can look up."""
_TAUGHT_BY = 8_000
"""Vectors, about, that teach where the points lie: faiss takes 4,096 of them."""
_FEW = 2_000
"""Allowed documents that are faster to score one by one than to scan for."""
_SELECTIVE = 8
"""Of a filter that passes fewer than one document in so many, those that pass are scored: a scan looks at all."""
_WORTH_IT = 4
"""A scan that leaves a quarter of the documents to score exactly saves nothing over scoring all."""
_SPARE = 1.2
"""Of documents that pass a filter so many times as many are expected to be needed: they are not spread evenly."""


@dataclass(frozen=True, slots=True)
class Near:
    """What a scan found: rows in ascending order, and their exact inner products with the query.

    beyond: what the product of no other row exceeds, almost surely; minus infinity where there is no other.
    """

    rows: Rows
    products: Vectors
    beyond: float


def write_scan(vectors: Vectors, path: Path) -> None:
    """Write the compressed vectors (n, d), n ≥ 1, to `path`."""
    faiss.omp_set_num_threads(1)
    dimension = vectors.shape[1]
    turned = dimension + -dimension % _DIMENSIONS
    turn = faiss.RandomRotationMatrix(dimension, turned)
    turn.init(_TURN)
    pairs = faiss.IndexPQFastScan(turned, turned // _DIMENSIONS, _BITS, faiss.METRIC_INNER_PRODUCT)
    pairs.pq.cp.min_points_per_centroid = 1  # as few as there are: faiss would warn of fewer than 624 vectors
    index = faiss.IndexPreTransform(turn, pairs)
    rows = np.arange(0, max(_POINTS, len(vectors)), len(vectors) // _TAUGHT_BY + 1) % len(vectors)
    index.train(vectors[rows])
    index.add(vectors)
    path.write_bytes(faiss.serialize_index(index).tobytes())


class Scan:
    """Compressed vectors, read into memory (a byte for four dimensions), beside the full ones that they stand for."""

    def __init__(self, path: Path, vectors: Vectors) -> None:
        self._index = faiss.deserialize_index(np.fromfile(path, dtype=np.uint8))
        self._vectors = vectors

    def near(self, query: Vectors, depth: int, allowed: Mask | None) -> Near | None:
        """About `depth` rows of those allowed, the nearest by estimate; None where so many are not worth a scan.

        One thread: a service answers several queries at once instead.
        """
        faiss.omp_set_num_threads(1)
        count, total = (len(self._vectors) if allowed is None else int(np.count_nonzero(allowed))), len(self._vectors)
        if count <= _FEW or count * _SELECTIVE < total or depth * _WORTH_IT > count:
            return None
        fetched = depth if allowed is None else int(_SPARE * depth * total / count)
        if fetched * _WORTH_IT > total:
            return None
        estimates, rows = self._index.search(query[np.newaxis], fetched)
        last = float(estimates[0][-1])
        kept = rows[0] >= 0 if allowed is None else (rows[0] >= 0) & allowed[rows[0]]
        estimated, found = estimates[0][kept], rows[0][kept]
        ascending = np.argsort(found)
        found = found[ascending]
        exact = products(self._vectors, query, found)
        return Near(found, exact, last + _farther(exact - estimated[ascending]))

    def candidates(self, query: Vectors, k: int, allowed: Mask | None) -> Rows | None:
        """Rows in ascending order, almost surely with the best `k` of those allowed; None where all must be scored."""
        depth = max(_FIRST, _REACH * k)
        while (found := self.near(query, depth, allowed)) is not None:
            if len(found.rows) >= k and found.beyond < np.partition(found.products, -k)[-k]:
                return found.rows
            depth *= DEEPER
        return None


def _farther(errors: Vectors) -> float:
    """How far a product may lie above its estimate; equal documents have equal errors, which then count whole."""
    return max(0.0, float(errors.mean())) + _DEVIATIONS * float(errors.std()) if len(errors) else 0.0
