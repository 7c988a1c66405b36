"""Composed queries and adapted documents in, run out: the complete exact retriever, one code for every caller."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mangaassist.core.types import Adjustment, DocId, Query, QueryId, Run, Vectors
from mangaassist.queries import Composer, CompositionWeights, compose_vectors
from mangaassist.retrieval.exact import search_run


class Adapts(Protocol):
    """Anything that maps base vectors of queries and documents."""

    def adapt_queries(self, base: Vectors) -> Vectors:
        """Adapted query vectors."""
        ...

    def adapt_documents(self, base: Vectors) -> Vectors:
        """Adapted document vectors."""
        ...

    def covers(self, text: str) -> bool:
        """Whether it may answer queries written like this one; others are the base vectors'."""
        ...


@dataclass(frozen=True, slots=True)
class ComposedSearch:
    """One adapter and one set of composition weights over a whole catalogue.

    doc_ids: of base_documents (m, d); adapted: the same, adapted.
    """

    composer: Composer
    weights: CompositionWeights
    adapter: Adapts
    doc_ids: Sequence[DocId]
    base_documents: Vectors
    adapted: Vectors

    @classmethod
    def over(
        cls,
        composer: Composer,
        weights: CompositionWeights,
        adapter: Adapts,
        doc_ids: Sequence[DocId],
        base_documents: Vectors,
    ) -> "ComposedSearch":
        """Adapts the documents once."""
        return cls(composer, weights, adapter, doc_ids, base_documents, adapter.adapt_documents(base_documents))

    def run(self, queries: Sequence[Query], base_queries: Vectors, *, depth: Mapping[QueryId, int] | int = 10) -> Run:
        """The ranking of every query, routed by its intent; base_queries (n, d) of the texts as typed."""
        readings = {query.query_id: self.composer.reader.read(query.text, query.intent) for query in queries}
        rows = [self.composer.reference_rows(readings[query.query_id]) for query in queries]
        composed = compose_vectors(base_queries, [self.base_documents[row] for row in rows], self.weights.reference)
        return adapted_run(
            queries,
            composed,
            self.adapter,
            self.doc_ids,
            self.base_documents,
            self.adapted,
            depth=depth,
            adjust=lambda query_id: self.composer.adjustment(readings[query_id], self.weights),
        )


def adapted_run(
    queries: Sequence[Query],
    base_queries: Vectors,
    adapter: Adapts,
    doc_ids: Sequence[DocId],
    base_documents: Vectors,
    adapted: Vectors,
    *,
    depth: Mapping[QueryId, int] | int,
    adjust: Callable[[QueryId], Adjustment] | None = None,
) -> Run:
    """The run of these queries (n, d): by the adapted vectors (m, d) of the documents where the adapter covers a query.

    A query that it does not cover is ranked by the documents' base vectors, as the frozen encoder would.
    """
    covered = np.array([adapter.covers(query.text) for query in queries], dtype=bool)
    ids = np.array([query.query_id for query in queries], dtype=object)
    found: dict[QueryId, Mapping[DocId, float]] = {}
    for rows, vectors, searched in (
        (covered, adapter.adapt_queries(base_queries[covered]), adapted),
        (~covered, base_queries[~covered], base_documents),
    ):
        if rows.any():
            found |= search_run(ids[rows].tolist(), vectors, doc_ids, searched, depth=depth, adjust=adjust)
    return {query.query_id: found[query.query_id] for query in queries}
