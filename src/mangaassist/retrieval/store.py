"""Documents with their vectors in, the best of them for a query out: what every store of vectors promises."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from mangaassist.core.errors import DataError, ShapeError
from mangaassist.core.types import DocId, Vectors

Where: TypeAlias = Mapping[str, Collection[str]]
"""A filter: facet → the values that pass. A document passes if every facet named passes; "" stands for "not given"."""

_UNIT_WITHIN = 1e-3


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """Whose vectors a store holds, and of what.

    catalogue: digest of the catalogue snapshot.  enrichment: which text of a document was encoded.
    """

    encoder_id: str
    release: str
    dimension: int
    catalogue: str = ""
    enrichment: str = ""


@dataclass(frozen=True, slots=True)
class DocumentVectors:
    """Documents as a store takes them: ids, unit vectors (n, d), and for each facet one value per document.

    Raises ShapeError where the lengths differ, DataError for an id given twice and for a vector not of unit length.
    """

    doc_ids: Sequence[DocId]
    vectors: Vectors
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.doc_ids):
            raise ShapeError(f"{len(self.doc_ids)} document ids and vectors of shape {self.vectors.shape}: give (n, d)")
        for name, values in self.facets.items():
            if len(values) != len(self.doc_ids):
                raise ShapeError(f"facet {name!r} has {len(values)} values for {len(self.doc_ids)} documents")
        if len(set(self.doc_ids)) != len(self.doc_ids):
            twice = next(doc_id for doc_id in self.doc_ids if self.doc_ids.count(doc_id) > 1)
            raise DataError(f"document {twice!r} is given twice; give each document once")
        lengths = np.sqrt(np.einsum("ij,ij->i", self.vectors, self.vectors))
        wrong = np.flatnonzero(~(np.abs(lengths - 1) <= _UNIT_WITHIN))
        if len(wrong):
            raise DataError(
                f"the vector of {self.doc_ids[wrong[0]]!r} has length {lengths[wrong[0]]:.4g}; "
                "give unit vectors, as encoders and adapters do"
            )

    def in_order(self) -> "DocumentVectors":
        """The same documents in the order of their ids, so that equal documents become equal bytes."""
        order = sorted(range(len(self.doc_ids)), key=lambda row: self.doc_ids[row])
        if order == list(range(len(order))):
            return self
        facets = {name: [values[row] for row in order] for name, values in self.facets.items()}
        return DocumentVectors([self.doc_ids[row] for row in order], self.vectors[order], facets)


@dataclass(frozen=True, slots=True)
class Hits:
    """What one query found, best first: equal scores are ordered by document id."""

    doc_ids: tuple[DocId, ...]
    scores: npt.NDArray[np.float32]


class VectorStore(Protocol):
    """Holds one unit vector and some facets per document, and finds the best by inner product."""

    @property
    def info(self) -> IndexInfo:
        """Whose vectors these are."""

    @property
    def doc_ids(self) -> Sequence[DocId]:
        """Every document, in the order of the ids."""

    def __len__(self) -> int: ...

    def search(self, queries: Vectors, k: int, *, where: Where | None = None) -> list[Hits]:
        """For each of the queries (n, d) the best `k` documents that pass the filter; fewer where there are fewer.

        Raises ShapeError for queries of another dimension, DataError for a facet that the store does not have.
        """

    def vectors(self, doc_ids: Sequence[DocId]) -> Vectors:
        """The vectors of these documents, (n, d); raises DataError naming one that is not there."""

    def upsert(self, documents: DocumentVectors) -> None:
        """Add documents, or replace those of the same id; a facet that is not given becomes ""."""

    def delete(self, doc_ids: Sequence[DocId]) -> None:
        """Remove documents; one that is not there is no error."""


def no_documents(dimension: int, facets: Iterable[str] = ()) -> DocumentVectors:
    """Not one document: what a store of these facets starts from."""
    return DocumentVectors([], np.empty((0, dimension), dtype=np.float32), {name: [] for name in facets})


def check_queries(queries: Vectors, k: int, dimension: int) -> None:
    """Raise ShapeError or DataError for what no store can search."""
    if queries.ndim != 2 or queries.shape[1] != dimension:
        raise ShapeError(f"queries of shape {queries.shape}; this index takes (n, {dimension})")
    if k < 1:
        raise ShapeError(f"k is {k}; ask for at least 1 document")
    if not np.isfinite(queries).all():
        raise DataError("a query vector holds NaN or infinity; give finite vectors")


def check_dimension(documents: DocumentVectors, dimension: int) -> None:
    """Raise ShapeError for documents of another dimension than the store's."""
    if documents.vectors.shape[1] != dimension:
        raise ShapeError(f"documents of {documents.vectors.shape[1]} dimensions; this index holds {dimension}")


def row_of(doc_ids: Sequence[DocId], doc_id: DocId) -> int | None:
    """Where a document stands among sorted ids, None if it does not."""
    row = bisect_left(doc_ids, doc_id)
    return row if row < len(doc_ids) and doc_ids[row] == doc_id else None


def known_row(doc_ids: Sequence[DocId], doc_id: DocId) -> int:
    """Where a document stands among sorted ids; raises DataError if it does not."""
    row = row_of(doc_ids, doc_id)
    if row is None:
        raise DataError(f"there is no document {doc_id!r} in this index; was it deleted, or not yet indexed?")
    return row
