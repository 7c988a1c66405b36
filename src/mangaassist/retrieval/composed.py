"""Composed queries and adapted documents in, run out: the complete exact retriever, one code for every caller."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mangaassist.core.types import DocId, Query, QueryId, Run, Vectors
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
        return search_run(
            [query.query_id for query in queries],
            self.adapter.adapt_queries(composed),
            self.doc_ids,
            self.adapted,
            depth=depth,
            adjust=lambda query_id: self.composer.adjustment(readings[query_id], self.weights),
        )
