"""Last week's clusters and this week's in, this week's with last week's ids out, where they are the same need.

Two clusters are the same if they share texts, or else if their centres nearly coincide. Every old id goes to one new
cluster at most and the other way round, so that the sum of likenesses is largest (Hungarian method); what is left is
new. A retired id is never given again.
"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from mangaassist.core.types import Vectors

SHARED: Final = 0.2
"""Share of texts in common (of the smaller cluster) from which two clusters are one need."""

COSINE: Final = 0.9
"""Of the centres, from which two clusters are one need without a text in common."""


def tracked_ids(
    old: Mapping[str, AbstractSet[str]],
    old_centres: Vectors,
    new: Sequence[AbstractSet[str]],
    new_centres: Vectors,
    *,
    next_number: int,
) -> tuple[list[str], int]:
    """The id of every new cluster, in their order, and the number of the next id.

    old: id → its texts, in the order of old_centres (k, d); new: texts, in the order of new_centres (m, d). Without a
    centre in common (another encoder) pass arrays of width 0: texts alone then tell.
    """
    names = list(old)
    likeness = _likeness([old[name] for name in names], old_centres, new, new_centres)
    rows, columns = linear_sum_assignment(-likeness) if likeness.size else ([], [])
    same: dict[int, str] = {}
    for row, column in zip(rows, columns, strict=True):
        if likeness[row, column] > 0:
            same[int(column)] = names[int(row)]
    found = []
    for number in range(len(new)):
        if number not in same:
            same[number] = f"c-{next_number:04d}"
            next_number += 1
        found.append(same[number])
    return found, next_number


def number_after(names: Sequence[str]) -> int:
    """The first number that none of these ids has."""
    numbers = [int(match[1]) for name in names if (match := re.fullmatch(r"c-(\d+)", name))]
    return max(numbers, default=0) + 1


def _likeness(
    old: Sequence[AbstractSet[str]], old_centres: Vectors, new: Sequence[AbstractSet[str]], new_centres: Vectors
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """(old, new): 0 where two clusters are not the same need, else larger the more alike they are."""
    found = np.zeros((len(old), len(new)))
    owners: dict[str, list[int]] = {}
    for row, texts in enumerate(old):
        for text in texts:
            owners.setdefault(text, []).append(row)
    for column, texts in enumerate(new):
        shared = np.zeros(len(old))
        for text in texts:
            shared[owners.get(text, [])] += 1
        for row in np.flatnonzero(shared).tolist():
            share = shared[row] / min(len(old[row]), len(texts))
            found[row, column] = 1 + share if share >= SHARED else 0.0
    if old_centres.shape[1:] == new_centres.shape[1:] and old_centres.size and new_centres.size:
        cosines = old_centres @ new_centres.T
        found += np.where((found > 0) | (cosines >= COSINE), np.maximum(cosines, 1e-6), 0.0)
    return found
