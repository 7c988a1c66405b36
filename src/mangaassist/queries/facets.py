"""Titles in, their facets out: genres, tones, themes and demographic, named alike, with how rare each is.

A facet counts by its idf, so that sharing "found family" says more than sharing "drama".
"""

from collections.abc import Collection, Iterable, Sequence

import numpy as np
from scipy import sparse
from scipy.linalg.blas import saxpy

from mangaassist.core.types import DocId
from mangaassist.data import Title
from mangaassist.queries.columns import Columns, Scores
from mangaassist.queries.words import words

Facet = tuple[str, ...]
"""A facet as its words: `slice_of_life`, `slice-of-life` and `Slice of Life` are one."""


def facet_of(name: str) -> Facet:
    """The facet that a genre, tone, theme or demographic names."""
    return tuple(words(name.replace("_", " ")))


def facets_of(title: Title) -> dict[Facet, str]:
    """The facets of a title, each with the name the catalogue gives it."""
    named = (*title.genres, *title.tones, *title.themes, *([title.demographic] if title.demographic else []))
    return {facet: name for name in named if (facet := facet_of(name))}


class FacetIndex:
    """The facets of a corpus as one sparse matrix; documents that are no titles have none.

    doc_ids: the order in which scores come.
    """

    def __init__(self, titles: Iterable[Title], doc_ids: Sequence[DocId]) -> None:
        titles = list(titles)
        held = {DocId(title.title_id): facets_of(title) for title in titles}
        self._of = {doc_id: frozenset(each) for doc_id, each in held.items()}
        self.names: dict[Facet, str] = {facet: name for each in held.values() for facet, name in each.items()}
        self.tones = frozenset(facet_of(tone) for title in titles for tone in title.tones)
        self._column = {facet: number for number, facet in enumerate(sorted(self.names))}
        self._row = {doc_id: row for row, doc_id in enumerate(doc_ids)}
        cells = [
            (row, self._column[facet]) for doc_id, row in self._row.items() for facet in sorted(held.get(doc_id, ()))
        ]
        rows, columns = np.array(cells, dtype=np.int64).reshape(-1, 2).T
        shape = (len(doc_ids), max(1, len(self._column)))  # a corpus without titles has no facet, but a matrix
        has = sparse.csr_matrix((np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=shape)
        count = np.asarray(has.sum(axis=0)).ravel()
        self._titles = max(len(held), 1)
        self._idf = np.log(self._titles / np.maximum(count, 1)).astype(np.float32)
        weighted = has @ sparse.diags(self._idf)
        length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        self._unit = (sparse.diags((1 / np.maximum(length, 1e-9)).astype(np.float32)) @ weighted).tocsr()
        self._having, self._sharing = Columns(has), Columns(self._unit)

    def __contains__(self, facet: object) -> bool:
        return facet in self._column

    def of(self, doc_id: DocId) -> frozenset[Facet]:
        """The facets of one document."""
        return self._of.get(doc_id, frozenset())

    def named(self, facets: Iterable[Facet]) -> list[str]:
        """What the catalogue calls these facets, the rarest first; one that it does not have is left out."""
        known = [facet for facet in facets if facet in self._column]
        known.sort(key=lambda facet: (-float(self._idf[self._column[facet]]), facet))
        return [self.names[facet] for facet in known]

    def alike(self, doc_ids: Sequence[DocId]) -> Scores:
        """(documents,) in [0, 1]: the mean cosine of every document's facets, by rarity, with those of these ones."""
        rows = [self._row[doc_id] for doc_id in doc_ids if doc_id in self._row]
        if not rows:
            return np.zeros(len(self._row), dtype=np.float32)
        wanted = np.zeros(len(self._idf), dtype=np.float32)
        for row in rows:
            start, end = self._unit.indptr[row : row + 2]
            wanted[self._unit.indices[start:end]] += self._unit.data[start:end] / len(rows)
        columns = np.flatnonzero(wanted)
        return self._sharing.summed(zip(columns.tolist(), wanted[columns].tolist(), strict=True))

    def wanted(self, asked: Iterable[Collection[Facet]]) -> Scores:
        """(documents,) in [0, 1]: of the wishes asked for, the share, by rarity, that each document meets.

        A wish is met by any of its facets: who says iyashikei is content with healing or cozy. One that no document
        meets does not count.
        """
        met = [(each, count) for each in map(self.having, sorted(map(sorted, asked))) if (count := each.sum())]
        rarity = [float(np.log(self._titles / count)) for _, count in met]
        total = sum(rarity)
        found = np.zeros(len(self._row), dtype=np.float32)
        if total > 0:
            for (each, _), weight in zip(met, rarity, strict=True):
                found = saxpy(each, found, a=weight / total)
        return found

    def having(self, facets: Iterable[Facet]) -> Scores:
        """(documents,) in [0, 1]: 1 where a document has any of these facets."""
        known = sorted({self._column[each] for each in facets if each in self._column})
        found = self._having.summed((column, 1.0) for column in known)
        return np.minimum(found, 1, out=found) if len(known) > 1 else found
