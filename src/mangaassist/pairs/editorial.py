"""Curated rows and titles in, editorial pairs out: a similar title against those near in genre and wrong in tone."""

from collections.abc import Iterable, Sequence

import numpy as np

from mangaassist.core.types import DocId, Pair
from mangaassist.data import CuratedPair, Title
from mangaassist.pairs.rules import PairsReport

NEGATIVES = 4
"""How many titles of the right genre and the wrong tone stand against a curated one."""


def editorial_pairs(
    curated: Sequence[CuratedPair], titles: Iterable[Title], *, rng: np.random.Generator, negatives: int = NEGATIVES
) -> PairsReport:
    """A pair for every curated row of known titles: "manga like {title}: {shared}" and the similar title.

    Its negatives share a genre and no tone with the title, are not curated as similar to it in either direction, and
    are no volume of its series or of the similar title's. They are drawn with equal chances: the most popular ones
    would be the same few bestsellers for everybody, and training would push those down everywhere. A title without
    tones, known to share none only because nobody wrote them down, neither has negatives nor is one.
    """
    shelf = _Shelf(titles)
    similar = _similar(curated)
    rows = sorted(curated, key=lambda row: (row.title_id, row.similar_id))
    usable = [row for row in rows if row.title_id in shelf.titles and row.similar_id in shelf.titles]
    pairs = []
    for row in usable:
        reference, positive = DocId(row.title_id), DocId(row.similar_id)
        right = similar[reference] | shelf.series_of(reference) | shelf.series_of(positive)
        pool = [doc_id for doc_id in shelf.wrong_tone(reference) if doc_id not in right]
        pairs.append(_pair(row, shelf.titles[reference], _draw(pool, negatives, rng)))
    return PairsReport(
        pairs=pairs,
        raw={"curated": len(rows)},
        dropped={"unknown_document": len(rows) - len(usable)} if len(usable) < len(rows) else {},
        inhuman_sessions=0,
        largest_client_share=0.0,
    )


class _Shelf:
    """The titles by id, with their genres, tones and series ready to be compared."""

    def __init__(self, titles: Iterable[Title]) -> None:
        self.titles = {DocId(title.title_id): title for title in sorted(titles, key=lambda title: title.title_id)}
        self._genres = {doc_id: _folded(title.genres) for doc_id, title in self.titles.items()}
        self._tones = {doc_id: _folded(title.tones) for doc_id, title in self.titles.items() if title.tones}
        self._series: dict[str, set[DocId]] = {}
        for doc_id, title in self.titles.items():
            if title.series_id:
                self._series.setdefault(title.series_id, set()).add(doc_id)
        self._wrong_tone: dict[DocId, list[DocId]] = {}

    def series_of(self, doc_id: DocId) -> set[DocId]:
        """The titles of the same series, the title itself included."""
        return self._series.get(self.titles[doc_id].series_id or "", set())

    def wrong_tone(self, doc_id: DocId) -> list[DocId]:
        """The titles, by id, that share a genre and no tone with this one."""
        if doc_id not in self._wrong_tone:
            genres, tones = self._genres[doc_id], self._tones.get(doc_id)
            self._wrong_tone[doc_id] = [
                other
                for other, their_tones in self._tones.items()
                if tones and tones.isdisjoint(their_tones) and not genres.isdisjoint(self._genres[other])
            ]
        return self._wrong_tone[doc_id]


def editorial_query(title: Title, shared: str | None) -> str:
    """What a reader of the title would ask, with the editor's words if there are any."""
    return f"manga like {title.title}: {shared}" if shared else f"manga like {title.title}"


def _pair(row: CuratedPair, title: Title, negatives: tuple[DocId, ...]) -> Pair:
    return Pair(
        query_text=editorial_query(title, row.shared),
        positive=DocId(row.similar_id),
        source="editorial",
        negatives=negatives,
        evidence=(f"curated:{row.title_id}:{row.similar_id}",),
    )


def _similar(curated: Iterable[CuratedPair]) -> dict[DocId, set[DocId]]:
    """Title → the titles that a row names beside it, whichever of the two it is about."""
    similar: dict[DocId, set[DocId]] = {}
    for row in curated:
        similar.setdefault(DocId(row.title_id), set()).add(DocId(row.similar_id))
        similar.setdefault(DocId(row.similar_id), set()).add(DocId(row.title_id))
    return similar


def _folded(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word.casefold() for word in words)


def _draw(pool: Sequence[DocId], count: int, rng: np.random.Generator) -> tuple[DocId, ...]:
    if not pool:
        return ()
    return tuple(pool[place] for place in rng.choice(len(pool), size=min(count, len(pool)), replace=False))
