"""An adapted query vector and an adjustment in, the best documents out: scored exactly, however many there are.

    score(document) = query · document + bonus(document)

Up to `EXACT_UP_TO` documents every one is scored, by the very code that evaluation runs. Above, candidates are scored
exactly: the index's best by vector, and those farther away whose bonus makes up for that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from mangaassist.core.types import Adjustment, DocId, QueryId, Vectors
from mangaassist.retrieval import EmbeddedStore, VectorReader, Where, adjusted_scores, best_documents, search_run

BY_VECTOR: Final = 100
BY_BONUS: Final = 2_000
FIRST: Final = 10
"""So many results must not miss one that only its bonus lifts among them."""

Rows: TypeAlias = npt.NDArray[np.int64]

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
        known = [row for doc_id in near.doc_ids if (row := self.rows.get(doc_id)) is not None]
        chosen = np.array(sorted(known), dtype=np.int64)
        if adjustment.bonus is not None and len(near.doc_ids) == reach:
            lifted = _lifted(adjustment, self._scores(query, chosen, adjustment), float(near.scores[-1]))
            chosen = np.union1d(chosen, lifted)
        doc_ids = [self.doc_ids[row] for row in chosen.tolist()]
        return best_documents(self._scores(query, chosen, adjustment), doc_ids, k)

    def _scores(self, query: Vectors, rows: Rows, adjustment: Adjustment) -> Vectors:
        return adjusted_scores(self.reader.vectors(rows) @ query, _of_rows(adjustment, rows))


def widened(where: Where) -> dict[str, list[str]]:
    """The filter for an index, which lets documents pass that have no value, articles among them."""
    return {name: sorted(values) if name == "kind" else ["", *sorted(values)] for name, values in where.items()}


def best_without_vector(doc_ids: Sequence[DocId], adjustment: Adjustment, k: int) -> Mapping[DocId, float]:
    """The best `k` by what speaks for them besides their vectors; a document that nothing speaks for is not found."""
    scores = adjusted_scores(np.zeros(len(doc_ids), dtype=np.float32), adjustment)
    return {doc_id: score for doc_id, score in best_documents(scores, doc_ids, k).items() if score > 0}


def _lifted(adjustment: Adjustment, found: Vectors, farthest: float) -> Rows:
    """Rows that their bonus may lift among the first `FIRST`, though their vectors are farther than `farthest`.

    found: scores of those nearer. Of more than `BY_BONUS` such rows, those of the highest bonus.
    """
    assert adjustment.bonus is not None
    bonus = adjustment.bonus if adjustment.allowed is None else adjustment.bonus * adjustment.allowed
    last = np.partition(found, len(found) - FIRST)[len(found) - FIRST] if len(found) >= FIRST else -np.inf
    needed = float(last) - farthest
    rows = np.flatnonzero((bonus >= needed) & (bonus > 0))
    if len(rows) <= BY_BONUS:
        return rows
    return rows[np.argpartition(bonus[rows], len(rows) - BY_BONUS)[len(rows) - BY_BONUS :]]


def _of_rows(adjustment: Adjustment, rows: Rows) -> Adjustment:
    return Adjustment(
        None if adjustment.bonus is None else adjustment.bonus[rows],
        None if adjustment.allowed is None else adjustment.allowed[rows],
    )
