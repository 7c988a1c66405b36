"""The titles of an index build and their adapted vectors in, its shelves out."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from mangaassist.core.files import sha256_bytes
from mangaassist.core.types import DocId, Vectors
from mangaassist.data import Title
from mangaassist.shelves.clustering import Labels, centres_of, cluster
from mangaassist.shelves.naming import MOST_FACETS, names_of, telling_facets
from mangaassist.shelves.shelf import Shelf, Shelving, no_shelves

RECIPE: Final = "pca30-ward-1"
"""Names how shelves are made: an index with shelves of another recipe is built anew."""

SHELVES_BY_ROOT: Final = 1.5
"""Shelves of n titles over √n: the fit on train and dev of the sample is best from 25 to 38 shelves of 370 titles."""

_TITLES_A_SHELF: Final = 3
_ID_DIGITS: Final = 10


def shelf_count(titles: int) -> int:
    """How many shelves to aim at.

    >>> [shelf_count(titles) for titles in (1, 9, 370, 12_000)]
    [1, 3, 29, 164]
    """
    return max(1, min(round(SHELVES_BY_ROOT * math.sqrt(titles)), titles // _TITLES_A_SHELF))


def make_shelves(
    titles: Sequence[Title], vectors: Vectors, *, release: str, encoder_id: str, seed: int = 0, count: int | None = None
) -> Shelving:
    """The shelves of these titles, in order of their names; every title stands on one.

    vectors: (n, d), unit length, adapted, in the order of the titles.  count: how many shelves to aim at; None decides
    by the number of titles.  The order of the titles does not matter.
    """
    if not titles:
        return no_shelves(release, encoder_id, vectors.shape[1])
    order = sorted(range(len(titles)), key=lambda row: titles[row].title_id)
    points = vectors[order]
    labels = cluster(points, count or shelf_count(len(titles)), seed=seed)
    return shelves_of([titles[row] for row in order], points, labels, release=release, encoder_id=encoder_id)


def shelves_of(titles: Sequence[Title], vectors: Vectors, labels: Labels, *, release: str, encoder_id: str) -> Shelving:
    """A shelf per cluster, in order of their names. labels: (n,) the cluster of each title, 0 … clusters - 1."""
    centres = centres_of(vectors, labels)
    closeness = np.einsum("ij,ij->i", vectors, centres[labels])
    typical_first = np.lexsort((np.arange(len(titles)), -closeness))
    members: list[list[Title]] = [[] for _ in centres]
    for row in typical_first.tolist():
        members[labels[row]].append(titles[row])
    telling = telling_facets(members)
    names = names_of(members, telling)
    made = [
        Shelf(
            shelf_id(release, name),
            name,
            tuple(dict.fromkeys(each.name for each in told[:MOST_FACETS])),
            tuple(DocId(title.title_id) for title in held),
        )
        for name, told, held in zip(names, telling, members, strict=True)
    ]
    by_name = sorted(range(len(made)), key=lambda number: made[number].name)
    return Shelving(release, encoder_id, [made[number] for number in by_name], centres[by_name])


def shelf_id(release: str, name: str) -> str:
    """The id of a shelf: the same as long as a release has a shelf of that name."""
    told = f"{release}\0{name}".encode()
    return f"shelf-{sha256_bytes(told)[:_ID_DIGITS]}"
