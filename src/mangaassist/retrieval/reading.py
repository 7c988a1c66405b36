"""A snapshot and documents in, their vectors by number out: many at once, without looking up an id."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval.scoring import Rows
from mangaassist.retrieval.snapshot import Snapshot
from mangaassist.retrieval.store import known_row, row_of


@dataclass(frozen=True, slots=True)
class VectorReader:
    """The vectors of some documents, as they stood when it was made; those of the build stay in its mapped file.

    sources: per document the row of the build, or -1 less the row among `changed`, (m, d).
    """

    built: Vectors
    changed: Vectors
    sources: Rows

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
    return VectorReader(build.vectors, changed.documents().vectors, sources)
