"""An adapted query vector and an adjustment in, the best documents out: scored exactly, however many there are.

    score(document) = query · document + bonus(document)

Up to `EXACT_UP_TO` documents every one is scored, by the very code that evaluation runs. Above, the index's best by
vector and the best by bonus are candidates, and scored exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

import numpy as np

from mangaassist.core.types import Adjustment, DocId, QueryId, Vectors
from mangaassist.retrieval import EmbeddedStore, VectorReader, Where, adjusted_scores, best_documents, search_run

BY_VECTOR: Final = 300
BY_BONUS: Final = 100
_THE_QUERY: Final = QueryId("")


class Ranks(Protocol):
    """Anything that ranks one catalogue."""

    def best(self, query: Vectors, adjustment: Adjustment, k: int, where: Where) -> Mapping[DocId, float]:
        """The best `k` of the documents that may be returned, best first. where: a filter that those all pass."""
        ...


@dataclass(frozen=True, slots=True)
class RanksAll:
    """Scores every document. vectors: adapted, (m, d), in the order of doc_ids."""

    doc_ids: Sequence[DocId]
    vectors: Vectors

    def best(self, query: Vectors, adjustment: Adjustment, k: int, where: Where) -> Mapping[DocId, float]:
        """See `Ranks`; the adjustment says all that the filter does."""
        del where
        queries = query[None, :]
        return search_run([_THE_QUERY], queries, self.doc_ids, self.vectors, depth=k, adjust=lambda _: adjustment)[
            _THE_QUERY
        ]


@dataclass(frozen=True, slots=True)
class RanksCandidates:
    """Scores candidates. rows: where each document stands in the adjustment, and to the reader."""

    store: EmbeddedStore
    doc_ids: Sequence[DocId]
    rows: Mapping[DocId, int]
    reader: VectorReader

    @classmethod
    def over(cls, store: EmbeddedStore, doc_ids: Sequence[DocId]) -> Self:
        """Ranks these documents of a store, in this order, as they stand now."""
        return cls(store, doc_ids, {doc_id: row for row, doc_id in enumerate(doc_ids)}, store.reader(doc_ids))

    def best(self, query: Vectors, adjustment: Adjustment, k: int, where: Where) -> Mapping[DocId, float]:
        """See `Ranks`."""
        reach = max(BY_VECTOR, k)
        near = self.store.search(query[None, :], reach, where=widened(where) or None)[0]
        rows = {self.rows[doc_id] for doc_id in near.doc_ids if doc_id in self.rows}
        if adjustment.bonus is not None:
            rows.update(_best_rows(_of_allowed(adjustment)))
        chosen = np.array(sorted(rows), dtype=np.int64)
        scores = self.reader.vectors(chosen) @ query
        doc_ids = [self.doc_ids[row] for row in chosen.tolist()]
        return best_documents(adjusted_scores(scores, _of_rows(adjustment, chosen)), doc_ids, k)


def widened(where: Where) -> dict[str, list[str]]:
    """The filter for an index, which lets documents pass that have no value, articles among them."""
    return {name: sorted(values) if name == "kind" else ["", *sorted(values)] for name, values in where.items()}


def best_without_vector(doc_ids: Sequence[DocId], adjustment: Adjustment, k: int) -> Mapping[DocId, float]:
    """The best `k` by what speaks for them besides their vectors; a document that nothing speaks for is not found."""
    scores = adjusted_scores(np.zeros(len(doc_ids), dtype=np.float32), adjustment)
    return {doc_id: score for doc_id, score in best_documents(scores, doc_ids, k).items() if score > 0}


def _of_allowed(adjustment: Adjustment) -> Vectors:
    """The bonus of every document that may be returned, 0 of the others."""
    assert adjustment.bonus is not None
    return adjustment.bonus if adjustment.allowed is None else adjustment.bonus * adjustment.allowed


def _best_rows(bonus: Vectors) -> list[int]:
    count = min(BY_BONUS, len(bonus))
    found: list[int] = np.argpartition(bonus, len(bonus) - count)[len(bonus) - count :].tolist()
    return [row for row in found if bonus[row] > 0]


def _of_rows(adjustment: Adjustment, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Adjustment:
    return Adjustment(
        None if adjustment.bonus is None else adjustment.bonus[rows],
        None if adjustment.allowed is None else adjustment.allowed[rows],
    )
