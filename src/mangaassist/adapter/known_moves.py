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
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from mangaassist.adapter.examples import Indices, TrainingSet
from mangaassist.core.types import Vectors

Tensor = npt.NDArray[Any]

MOVE_TENSORS = ("share", "projection", "keys", "towards")

MOVE_SHARES = (0.2, 0.4, 0.8, 1.6)
"""Parts of the way that are tried, after none of it."""

OFF_MEAN = 0.9
"""How much of the mean of all queries is taken off: a tenth stays, for what was asked for before is asked for more."""

FEWEST_QUERIES = 3
"""Different queries that must have ended at a document before it moves, and different clients behind any of them.

Of fewer, one could be read out of the move; what catalogue and reviewers say has no client, and hides nobody.
"""

SAME_WITHIN = 0.01
"""Base vectors nearer than this are of one text: what rounding leaves between two encodings of it, with room."""

_ONE_TEXT_WITHIN = SAME_WITHIN / 10
"""Keys nearer than this are one: products in float32, as in ONNX, could not tell which is the nearest."""

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
    projection = np.random.default_rng(0).standard_normal((data.dimension, _KEY_LENGTH)) / _KEY_LENGTH**0.5
    keys, text = _texts(data, projection)
    speaks = _may_be_heard(text, data.client)
    enough = _different(text[speaks], data.words[data.query[speaks]], count=len(keys)) >= FEWEST_QUERIES
    answers = sparse.csr_matrix(
        (data.weight[speaks], (data.query[speaks], text[speaks])), shape=(len(data.queries), len(keys))
    )[:, enough]
    own = answers.T @ adapted_queries / np.asarray(answers.sum(0)).reshape(-1, 1)
    towards = own - np.float32(OFF_MEAN) * adapted_queries.mean(0)
    moved = keys[enough]
    return KnownMoves(1.0, _float32(projection), _float32(moved), np.ascontiguousarray(towards, dtype=np.float16))


def _texts(data: TrainingSet, projection: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], Indices]:
    """(keys (t, 16) of the positives, one for all that are of one text; the row of each example's among them, (e,))."""
    rows, of_example = np.unique(data.positive, return_inverse=True)
    keys = data.documents[rows] @ projection
    near = KDTree(keys).query_pairs(_ONE_TEXT_WITHIN, output_type="ndarray")
    shape = (len(rows), len(rows))
    _, text = connected_components(sparse.coo_matrix((np.ones(len(near)), near.T), shape=shape), directed=False)
    _, first = np.unique(text, return_index=True)
    return keys[first], text[of_example].astype(np.int64)


def _may_be_heard(text: Indices, client: Indices) -> npt.NDArray[np.bool_]:
    """Which examples count: of clients, only where enough of them ended at the same text."""
    is_client = client >= 0
    clients = _different(text[is_client], client[is_client], count=int(text.max()) + 1)
    return ~is_client | (clients[text] >= FEWEST_QUERIES)


def _different(text: Indices, of: Indices, *, count: int) -> Indices:
    """How many different values of `of` each text has, (count,)."""
    pairs = np.unique(np.stack([text, of]), axis=1)
    return np.bincount(pairs[0], minlength=count)


def _float32(values: npt.NDArray[Any]) -> Vectors:
    return np.ascontiguousarray(values, dtype=np.float32)
