"""Vectors in, the cluster of each out: the same vectors and seed give the same clusters.

Principal directions first, then Ward's hierarchical clustering. Ward compares every pair, so that of many vectors it
sees a sample; the others join the nearest cluster, and the centres settle (Lloyd's iterations).

Source: Ward 1963, "Hierarchical Grouping to Optimize an Objective Function". Sampling and settling are ours.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.cluster.hierarchy import fcluster, linkage
from threadpoolctl import threadpool_limits

from mangaassist.core.errors import ShapeError
from mangaassist.core.types import Vectors

Labels = npt.NDArray[np.intp]

DIRECTIONS: Final = 30
WARD_UP_TO: Final = 4_000
"""Vectors of which every pair is compared: 64 MB of distances."""

SMALLEST: Final = 3
"""A cluster of fewer members joins its neighbours."""

_SETTLING_ROUNDS: Final = 20


def cluster(vectors: Vectors, count: int, *, seed: int) -> Labels:
    """(n,): the cluster of each vector, numbered from 0 in order of first appearance; at most `count`, none empty.

    vectors: (n, d), unit length.  Raises ShapeError for no vectors, or a count below 1.
    """
    if vectors.ndim != 2 or not len(vectors) or count < 1:
        raise ShapeError(f"{count} clusters of vectors of shape {vectors.shape}: give (n, d) and a count of 1 or more")
    with threadpool_limits(limits=1):  # sums in one order, whatever the machine
        points = principal(vectors)
        if len(points) <= WARD_UP_TO:
            labels = _ward(points, count)
        else:
            sampled = np.sort(np.random.default_rng(seed).choice(len(points), WARD_UP_TO, replace=False))
            labels = _settled(points, centres_of(points[sampled], _ward(points[sampled], count)))
        return without_small(points, labels)


def centres_of(vectors: Vectors, labels: Labels) -> Vectors:
    """(clusters, d): the mean of each cluster's vectors, unit length; labels (n,) are 0 … clusters - 1, none empty."""
    summed = np.zeros((int(labels.max()) + 1, vectors.shape[1]), dtype=np.float64)
    np.add.at(summed, labels, vectors)
    return _unit(summed.astype(np.float32))


def principal(vectors: Vectors) -> Vectors:
    """The vectors in the directions in which they differ most, unit length."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(centred.T @ centred)
    return _unit((centred @ directions[:, ::-1][:, :DIRECTIONS]).astype(np.float32))


def _ward(points: Vectors, count: int) -> Labels:
    if len(points) == 1:
        return np.zeros(1, dtype=np.intp)
    return renumbered(fcluster(linkage(points.astype(np.float64), "ward"), count, "maxclust"))


def _settled(points: Vectors, centres: Vectors) -> Labels:
    labels = _nearest(points, centres)
    for _ in range(_SETTLING_ROUNDS):
        labels = renumbered(labels)  # a cluster that lost all its members is gone
        moved = _nearest(points, centres_of(points, labels))
        if np.array_equal(moved, labels):
            break
        labels = moved
    return renumbered(labels)


def without_small(points: Vectors, labels: Labels) -> Labels:
    """Members of clusters that are too small join the nearest other one; where all are small, all stay."""
    is_small = np.bincount(labels)[labels] < SMALLEST
    if is_small.all() or not is_small.any():
        return labels
    kept = renumbered(labels[~is_small])
    joined = np.empty_like(labels)
    joined[~is_small] = kept
    joined[is_small] = _nearest(points[is_small], centres_of(points[~is_small], kept))
    return renumbered(joined)


def _nearest(points: Vectors, centres: Vectors) -> Labels:
    return np.asarray((points @ centres.T).argmax(axis=1), dtype=np.intp)


def renumbered(labels: npt.NDArray[np.integer]) -> Labels:
    """The same clusters, numbered in order of first appearance."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.asarray(np.argsort(np.argsort(first))[inverse], dtype=np.intp)


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9), dtype=np.float32)
