"""Training queries in, moves of the documents that answer them out: what is known goes part of the way to who asks.

A map moves all documents by one rule; a move brings a single known document nearer to the queries that ended at it.
Most of the mean of all queries is taken off, or known documents would come nearer to every query, at the cost of those
that nobody asked for yet. A document is known again by its base vector: no id goes into an artefact, callers give
vectors alone, and a title that is written anew is as unknown as any new one until the next training. Decision:
docs/decisions/0026-known-documents-move.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.spatial import KDTree

from mangaassist.adapter.examples import TrainingSet
from mangaassist.core.types import Vectors

Tensor = npt.NDArray[Any]

MOVE_TENSORS = ("share", "projection", "keys", "towards")

MOVE_SHARES = (0.2, 0.4, 0.8, 1.6)
"""Parts of the way that are tried, after none of it."""

OFF_MEAN = 0.9
"""How much of the mean of all queries is taken off: a tenth stays, for what was asked for before is asked for more."""

FEWEST_QUERIES = 3
"""Different queries that must have ended at a document before it moves: one alone could be read out of its move."""

SAME_WITHIN = 0.01
"""Base vectors nearer than this are of one text: what rounding leaves between two encodings of it, with room."""

_KEY_LENGTH = 16
"""Numbers that a base vector is known again by: projected at random, distances come out nearly as they are."""


@dataclass(frozen=True, slots=True)
class KnownMoves:
    """Where each of k known documents goes: `share` of the way `towards` (k, d), added to its adapted vector.

    keys (k, 16): base vectors times `projection` (d, 16); a vector with no key `SAME_WITHIN` of its own stays.
    """

    share: float
    projection: Vectors
    keys: Vectors
    towards: npt.NDArray[np.float16]
    _tree: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tree", KDTree(self.keys))

    def __len__(self) -> int:
        return len(self.keys)

    def moved(self, base: Vectors, adapted: Vectors) -> Vectors:
        """The adapted vectors of these base vectors ((n, d) or (d,)), those of known documents moved; unit length."""
        _, row = self._tree.query(base @ self.projection, distance_upper_bound=SAME_WITHIN)
        known = np.asarray(row < len(self))
        if not known.any():
            return adapted
        out = np.array(adapted)
        moved = out[known] + np.float32(self.share) * self.towards[np.asarray(row)[known]].astype(np.float32)
        out[known] = moved / np.maximum(np.linalg.norm(moved, axis=-1, keepdims=True), 1e-9)
        return out

    def by(self, share: float) -> "KnownMoves":
        """The same, by another part of the way."""
        return replace(self, share=share)

    def tensors(self) -> dict[str, Tensor]:
        """Everything as tensors, by name."""
        share = np.array([self.share], dtype=np.float64)
        return {"share": share, "projection": self.projection, "keys": self.keys, "towards": self.towards}


def moves_from_tensors(tensors: Mapping[str, Tensor]) -> KnownMoves:
    """The moves whose `tensors()` these are; raises KeyError for a missing one."""
    share = float(tensors["share"][0])
    return KnownMoves(share, tensors["projection"], tensors["keys"], tensors["towards"])


def fit_known_moves(data: TrainingSet, adapted_queries: Vectors) -> KnownMoves:
    """Moves, by the whole way, of documents that enough queries have as positive; adapted_queries (n, d) of `data`.

    Each goes towards the mean of its queries by their examples' weights, less `OFF_MEAN` of the mean of all queries.
    Documents of one base vector (the same text) have one move, towards the queries of them all.
    """
    texts, answers = _by_text(data)
    enough = np.bincount(answers.indices, minlength=len(texts)) >= FEWEST_QUERIES
    answers = answers[:, enough]
    own = answers.T @ adapted_queries / np.asarray(answers.sum(0)).reshape(-1, 1)
    towards = own - np.float32(OFF_MEAN) * adapted_queries.mean(0)
    projection = np.random.default_rng(0).standard_normal((data.dimension, _KEY_LENGTH)) / _KEY_LENGTH**0.5
    keys = texts[enough] @ projection
    return KnownMoves(1.0, _float32(projection), _float32(keys), np.ascontiguousarray(towards, dtype=np.float16))


def _by_text(data: TrainingSet) -> tuple[Vectors, sparse.csr_matrix]:
    """(base vectors (t, d) of the positives, each once; the weight by which each answers each query, (n, t))."""
    rows = np.unique(data.positive)
    number: dict[bytes, int] = {}
    column = [number.setdefault(data.documents[row].tobytes(), len(number)) for row in rows]
    first = rows[np.unique(column, return_index=True)[1]]
    is_of = sparse.csr_matrix(
        (np.ones(len(rows), dtype=np.float32), (rows, column)), shape=(len(data.documents), len(number))
    )
    return data.documents[first], data.answers @ is_of


def _float32(values: npt.NDArray[Any]) -> Vectors:
    return np.ascontiguousarray(values, dtype=np.float32)
