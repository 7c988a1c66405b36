"""Documents in, exact search over all of them out, in memory: for small shops, tests, and a delta's documents."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval.facets import Facets, completed, encoded
from mangaassist.retrieval.scoring import best_of_all
from mangaassist.retrieval.store import (
    DocumentVectors,
    Hits,
    IndexInfo,
    Where,
    check_dimension,
    check_queries,
    known_row,
    no_documents,
)


@dataclass(frozen=True, slots=True)
class _Table:
    """The documents in the order of their ids."""

    doc_ids: list[DocId]
    vectors: Vectors
    facets: Facets


class ExactStore:
    """A store whose every search is one matrix-vector product.

    The facets are those that the first documents come with, which may be none at all: an empty list per facet will do.
    A change makes a new table and leaves the old one to the searches that are under way.
    """

    def __init__(self, documents: DocumentVectors, info: IndexInfo) -> None:
        check_dimension(documents, info.dimension)
        self.info = info
        self._table = _sorted(documents)

    @property
    def doc_ids(self) -> Sequence[DocId]:
        """Every document, in the order of the ids."""
        return self._table.doc_ids

    def __len__(self) -> int:
        return len(self._table.doc_ids)

    def search(self, queries: Vectors, k: int, *, where: Where | None = None) -> list[Hits]:
        """For each query the best `k` documents that pass the filter."""
        check_queries(queries, k, self.info.dimension)
        table = self._table
        allowed = None if where is None else table.facets.mask(where)
        return [best_of_all(table.vectors, query, k, table.doc_ids, allowed) for query in queries]

    def vectors(self, doc_ids: Sequence[DocId]) -> Vectors:
        """The vectors of these documents, (n, d)."""
        table = self._table
        return table.vectors[[known_row(table.doc_ids, doc_id) for doc_id in doc_ids]]

    def documents(self) -> DocumentVectors:
        """All that is in it."""
        table = self._table
        return DocumentVectors(table.doc_ids, table.vectors, table.facets.columns())

    def upsert(self, documents: DocumentVectors) -> None:
        """Add documents, or replace those of the same id."""
        self._table = _sorted(self._changed(documents, documents.doc_ids))

    def delete(self, doc_ids: Sequence[DocId]) -> None:
        """Remove documents; one that is not there is no error."""
        self._table = _sorted(self._changed(no_documents(self.info.dimension), doc_ids))

    def _changed(self, added: DocumentVectors, removed: Sequence[DocId]) -> DocumentVectors:
        check_dimension(added, self.info.dimension)
        held = self.documents()
        columns = completed(added.facets, list(held.facets), len(added.doc_ids))
        gone = set(removed)
        kept = [row for row, doc_id in enumerate(held.doc_ids) if doc_id not in gone]
        return DocumentVectors(
            [*(held.doc_ids[row] for row in kept), *added.doc_ids],
            np.concatenate([held.vectors[kept], added.vectors.astype(np.float32)]),
            {name: [*(values[row] for row in kept), *columns[name]] for name, values in held.facets.items()},
        )


def _sorted(documents: DocumentVectors) -> _Table:
    ordered = documents.in_order()
    vectors = np.ascontiguousarray(ordered.vectors, dtype=np.float32)
    return _Table(list(ordered.doc_ids), vectors, encoded(ordered.facets, len(ordered.doc_ids)))
