"""A build and its delta in, what one search sees out: a snapshot that never changes."""

from dataclasses import dataclass
from heapq import merge
from pathlib import Path

import numpy as np

from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval.build import Build
from mangaassist.retrieval.delta import Delta, collapsed
from mangaassist.retrieval.exact_store import ExactStore
from mangaassist.retrieval.index_folder import delta_path
from mangaassist.retrieval.scoring import Mask, merged
from mangaassist.retrieval.store import DocumentVectors, Hits, Where, no_documents, row_of


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A build, and what its delta says up to some moment.

    changed: the delta's documents.  kept: which rows of the build the delta leaves alone, None for all of them.
    """

    build: Build
    delta: Delta
    changed: ExactStore
    kept: Mask | None

    def __len__(self) -> int:
        return (len(self.build.doc_ids) if self.kept is None else int(self.kept.sum())) + len(self.changed)

    def doc_ids(self) -> list[DocId]:
        """Every document, in the order of the ids."""
        return list(merge((self.build.doc_ids[row] for row in self._kept_rows()), self.changed.doc_ids))

    def search(self, queries: Vectors, k: int, where: Where | None) -> list[Hits]:
        """For each query the best `k` documents that pass the filter."""
        base = self.build.search(queries, k, self._allowed(where))
        changed = self.changed.search(queries, k, where=where)
        return [merged(first, second, k) for first, second in zip(base, changed, strict=True)]

    def vector(self, doc_id: DocId) -> Vectors:
        """The vector of a document; raises DataError where there is none."""
        row = row_of(self.build.doc_ids, doc_id)
        if row is not None and (self.kept is None or self.kept[row]):
            stored: Vectors = self.build.vectors[row]
            return stored
        found: Vectors = self.changed.vectors([doc_id])[0]
        return found

    def documents(self) -> DocumentVectors:
        """All that is in it."""
        rows, changed = self._kept_rows(), self.changed.documents()
        facets = self.build.facets.columns()
        return DocumentVectors(
            [*(self.build.doc_ids[row] for row in rows), *changed.doc_ids],
            np.concatenate([self.build.vectors[rows], changed.vectors]),
            {name: [*(values[row] for row in rows), *changed.facets[name]] for name, values in facets.items()},
        )

    def _allowed(self, where: Where | None) -> Mask | None:
        """Which rows of the build may be found, None for all of them."""
        if where is None:
            return self.kept
        passing = self.build.facets.mask(where)
        return passing if self.kept is None else passing & self.kept

    def _kept_rows(self) -> list[int]:
        return list(range(len(self.build.doc_ids))) if self.kept is None else np.flatnonzero(self.kept).tolist()


def fresh(folder: Path, build: Build) -> Snapshot:
    """A build as it was made, its delta unread."""
    delta = Delta(delta_path(folder, build.name), build.info.dimension)
    return Snapshot(build, delta, ExactStore(no_documents(build.info.dimension, build.facets.values), build.info), None)


def with_news(snapshot: Snapshot) -> Snapshot:
    """The snapshot with all that its delta says since, or itself where that is nothing."""
    changes = snapshot.delta.new_changes()
    if not changes:
        return snapshot
    build = snapshot.build
    change = collapsed(changes, list(build.facets.values), build.info.dimension)
    changed = ExactStore(snapshot.changed.documents(), build.info)
    changed.delete(change.deletes)
    changed.upsert(change.upserts)
    kept = np.ones(len(build.doc_ids), dtype=np.bool_) if snapshot.kept is None else snapshot.kept.copy()
    rows = [row_of(build.doc_ids, doc_id) for doc_id in [*change.deletes, *change.upserts.doc_ids]]
    kept[[row for row in rows if row is not None]] = False
    return Snapshot(build, snapshot.delta, changed, kept)
