"""Base vectors of distinct texts in, which texts belong together out: PCA, then HDBSCAN, then the leftovers.

HDBSCAN leaves alone what lies in no dense place, and counts to a cluster what merely lies on its side of the gap. So
whatever is far from its centre is left over, too. A leftover joins the cluster whose centre is nearest, if that is near
enough, and is kept apart otherwise: a cluster that takes everybody in means nothing.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.cluster import HDBSCAN
from sklearn.decomposition import PCA

from mangaassist.core.types import Vectors

DIMENSIONS: Final = 30
FAR: Final = 0.25
"""Cosine, of mean-centred vectors, with its cluster's centre under which a text is left over."""

APART: Final = -1
"""The label of a text that belongs to no cluster."""

Labels = npt.NDArray[np.int64]


def cluster_vectors(vectors: Vectors, *, min_cluster: int, reach: float, seed: int) -> Labels:
    """(n,) the cluster of each text, from 0, larger clusters first; `APART` for a text of none.

    vectors: (n, d) unit length.  min_cluster: texts of the smallest cluster.  reach: cosine, between mean-centred
    vectors, that a leftover must have with a cluster's centre to join it.
    """
    if len(vectors) < max(2 * min_cluster, 4):
        return np.full(len(vectors), APART, dtype=np.int64)
    centred = _unit(vectors - vectors.mean(axis=0))
    dimensions = min(DIMENSIONS, len(vectors) - 1, vectors.shape[1])
    reduced = PCA(dimensions, svd_solver="randomized", random_state=seed).fit_transform(centred)
    labels = HDBSCAN(
        min_cluster_size=min_cluster, min_samples=1, cluster_selection_method="leaf", copy=True
    ).fit_predict(_unit(np.asarray(reduced, dtype=np.float32)))
    return _larger_first(with_leftovers(_without_far(np.asarray(labels, dtype=np.int64), centred), centred, reach))


def centres_of(vectors: Vectors, labels: Labels) -> Vectors:
    """(clusters, d): the unit mean of each cluster's vectors, in the order of the labels."""
    count = int(labels.max(initial=APART)) + 1
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, labels[labels >= 0], vectors[labels >= 0])
    return _unit(sums)


def _without_far(labels: Labels, centred: Vectors) -> Labels:
    """The labels without those of texts that are far from their cluster's centre."""
    if labels.max(initial=APART) < 0:
        return labels
    cosines = (centred * centres_of(centred, labels)[labels]).sum(axis=1)
    return np.where(cosines >= FAR, labels, APART)


def with_leftovers(labels: Labels, centred: Vectors, reach: float) -> Labels:
    """The labels with those of texts of no cluster that are within reach, by cosine, of one's centre."""
    left = np.flatnonzero(labels == APART)
    if not len(left) or labels.max(initial=APART) < 0:
        return labels
    centres, joined = centres_of(centred, labels), labels.copy()
    for start in range(0, len(left), 4_096):
        rows = left[start : start + 4_096]
        cosines = centred[rows] @ centres.T
        nearest = cosines.argmax(axis=1)
        near = cosines[np.arange(len(rows)), nearest] >= reach
        joined[rows[near]] = nearest[near]
    return joined


def _larger_first(labels: Labels) -> Labels:
    """The same clusters numbered by size, equal ones by their first text."""
    count = int(labels.max(initial=APART)) + 1
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    first = [int(np.flatnonzero(labels == each)[0]) for each in range(count)]
    order = sorted(range(count), key=lambda each: (-sizes[each], first[each]))
    number = np.full(count + 1, APART, dtype=np.int64)
    number[order] = np.arange(count)
    return np.asarray(number[labels], dtype=np.int64)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
