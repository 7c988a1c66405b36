"""An adapted query vector and an adjustment in, the best documents out: scored exactly, however many there are.

    score(document) = query · document + bonus(document)

Up to `EXACT_UP_TO` documents every one is scored, by the very code that evaluation runs. Above, candidates are scored
exactly: those nearest by vector, as many as it takes until no other can be among the first by its vector alone, and
those farther away whose bonus makes up for that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from mangaassist.core.types import Adjustment, DocId, QueryId, Vectors
from mangaassist.retrieval import EmbeddedStore, VectorReader, adjusted_scores, best_documents, search_run
from mangaassist.serving.filtering import Mask

BY_VECTOR: Final = 200
REACH: Final = 4
"""So many times as many are taken by vector as are asked for, `BY_VECTOR` at least."""
BY_BONUS: Final = 2_000
SOME: Final = 1e-9
"""A bonus that lifts anything at all."""
FIRST: Final = 10
"""So many results must not miss one, whatever lifts it among them; those after them are there to fill a gap."""

Rows: TypeAlias = npt.NDArray[np.int64]

_THE_QUERY: Final = QueryId("")


class Ranks(Protocol):
    """Anything that ranks one catalogue."""

    @property
    def doc_ids(self) -> Sequence[DocId]:
        """Every document, in the order of an adjustment."""
        ...

    def best(self, query: Vectors, adjustment: Adjustment, k: int) -> Mapping[DocId, float]:
        """The best `k` of the documents that the adjustment lets through, best first."""
        ...


@dataclass(frozen=True, slots=True)
class RanksAll:
    """Scores every document. vectors: adapted, (m, d), in the order of doc_ids."""

    doc_ids: Sequence[DocId]
    vectors: Vectors

    def best(self, query: Vectors, adjustment: Adjustment, k: int) -> Mapping[DocId, float]:
        """See `Ranks`."""
        queries = query[None, :]
        return search_run([_THE_QUERY], queries, self.doc_ids, self.vectors, depth=k, adjust=lambda _: adjustment)[
            _THE_QUERY
        ]


@dataclass(frozen=True, slots=True)
class RanksCandidates:
    """Scores candidates. reader: of the vectors of doc_ids, in their order."""

    doc_ids: Sequence[DocId]
    reader: VectorReader

    @classmethod
    def over(cls, store: EmbeddedStore, doc_ids: Sequence[DocId]) -> Self:
        """Ranks these documents of a store, in this order, as they stand now."""
        return cls(doc_ids, store.reader(doc_ids))

    def best(self, query: Vectors, adjustment: Adjustment, k: int) -> Mapping[DocId, float]:
        """See `Ranks`."""
        allowed = np.ones(len(self.doc_ids), dtype=np.bool_) if adjustment.allowed is None else adjustment.allowed
        bonus = adjustment.bonus
        for near in self.reader.deepening(query, max(BY_VECTOR, REACH * k), allowed):
            scores = near.products if bonus is None else near.products + bonus[near.rows]
            last = _last_of_first(scores, min(k, FIRST))
            if near.beyond <= last:
                break
        rows = near.rows
        if bonus is not None and near.beyond > -np.inf:
            lifted = _lifted(bonus, allowed, rows, last - near.beyond)
            rows = np.concatenate([rows, lifted])
            scores = np.concatenate([scores, self.reader.products(lifted, query) + bonus[lifted]])
        return best_documents(scores, self.doc_ids, k, rows=rows)


def best_without_vector(doc_ids: Sequence[DocId], adjustment: Adjustment, k: int) -> Mapping[DocId, float]:
    """The best `k` by what speaks for them besides their vectors; a document that nothing speaks for is not found."""
    scores = adjusted_scores(np.zeros(len(doc_ids), dtype=np.float32), adjustment)
    return {doc_id: score for doc_id, score in best_documents(scores, doc_ids, k).items() if score > 0}


def _last_of_first(scores: Vectors, count: int) -> float:
    """The score of the last of the first results; minus infinity where there are not so many."""
    return float(np.partition(scores, -count)[-count]) if len(scores) >= count else -np.inf


def _lifted(bonus: Vectors, allowed: Mask, near: Rows, needed: float) -> Rows:
    """Allowed rows that a bonus of what is needed lifts, none of those near; of more than `BY_BONUS` the highest."""
    lifted = bonus >= max(needed, SOME)
    lifted &= allowed
    lifted[near] = False
    rows = np.flatnonzero(lifted)
    if len(rows) <= BY_BONUS:
        return rows
    return rows[np.argpartition(bonus[rows], len(rows) - BY_BONUS)[len(rows) - BY_BONUS :]]
