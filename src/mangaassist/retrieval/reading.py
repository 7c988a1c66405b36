"""A snapshot and documents in, their vectors by number out, and the numbers of those near a query, without any id."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval.scan import DEEPER, Near, Scan
from mangaassist.retrieval.scoring import Mask, Rows, products
from mangaassist.retrieval.snapshot import Snapshot
from mangaassist.retrieval.store import known_row, row_of


@dataclass(frozen=True, slots=True)
class VectorReader:
    """The vectors of some documents, as they stood when it was made; those of the build stay in its mapped file.

    sources: per document the row of the build, or -1 less the row among `changed`, (m, d).
    numbers: per row of the build the document, -1 for one that is none of these.  scan: None for a small build.
    later: the documents that changed since the build.  is_build: whether the build holds just these, in their order.
    """

    built: Vectors
    changed: Vectors
    sources: Rows
    numbers: Rows
    scan: Scan | None
    later: Rows
    is_build: bool

    def __len__(self) -> int:
        return len(self.sources)

    def vectors(self, rows: Rows) -> Vectors:
        """The vectors (n, d) of the documents of these numbers."""
        sources = self.sources[rows]
        found: Vectors = (
            np.take(self.built, np.maximum(sources, 0), axis=0) if len(self.built) else self._room(len(rows))
        )
        later = np.flatnonzero(sources < 0)
        if len(later):
            found[later] = self.changed[-1 - sources[later]]
        return found

    def products(self, rows: Rows, query: Vectors) -> Vectors:
        """The inner products (n,) of the documents of these numbers with a query (d,)."""
        return products(self.built, query, rows) if self.is_build else self.vectors(rows) @ query

    def near(self, query: Vectors, depth: int, allowed: Mask) -> Near:
        """About `depth` documents of those allowed (m,), the nearest to a query (d,), and every one since the build.

        Where a scan is not worth it these are all that are allowed.
        """
        if self.is_build:
            return self._near_in_build(query, depth, allowed)
        of_build = np.logical_and(allowed[self.numbers], self.numbers >= 0) if len(self.built) else allowed[:0]
        found = self._near_in_build(query, depth, of_build)
        later = self.later[allowed[self.later]]
        numbers = np.concatenate([self.numbers[found.rows], later])
        scores = np.concatenate([found.products, self.changed[-1 - self.sources[later]] @ query])
        ascending = np.argsort(numbers)
        return Near(numbers[ascending], scores[ascending], found.beyond)

    def _near_in_build(self, query: Vectors, depth: int, allowed: Mask) -> Near:
        """The same of the rows of the build, those allowed (n,)."""
        found = None if self.scan is None else self.scan.near(query, depth, allowed)
        if found is not None:
            return found
        rows = np.flatnonzero(allowed)
        return Near(rows, products(self.built, query, rows), -np.inf)

    def deepening(self, query: Vectors, depth: int, allowed: Mask) -> Iterator[Near]:
        """What is `near` at this depth, then ever deeper; the last is all that are allowed."""
        while True:
            found = self.near(query, depth, allowed)
            yield found
            if found.beyond == -np.inf:
                return
            depth *= DEEPER

    def _room(self, count: int) -> Vectors:
        return np.empty((count, self.changed.shape[1]), dtype=np.float32)


def reader_of(snapshot: Snapshot, doc_ids: Sequence[DocId]) -> VectorReader:
    """A reader of these documents, numbered in this order; raises DataError naming one that is not there."""
    build, changed = snapshot.build, snapshot.changed
    sources = np.empty(len(doc_ids), dtype=np.int64)
    for number, doc_id in enumerate(doc_ids):
        row = row_of(build.doc_ids, doc_id)
        if row is None or not (snapshot.kept is None or snapshot.kept[row]):
            row = -1 - known_row(changed.doc_ids, doc_id)
        sources[number] = row
    numbers = np.full(len(build.doc_ids), -1, dtype=np.int64)
    of_build = np.flatnonzero(sources >= 0)
    numbers[sources[of_build]] = of_build
    is_build = np.array_equal(sources, np.arange(len(build.doc_ids)))
    later = np.flatnonzero(sources < 0)
    return VectorReader(build.vectors, changed.documents().vectors, sources, numbers, build.scan, later, is_build)
