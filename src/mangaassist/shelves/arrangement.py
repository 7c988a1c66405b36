"""Shelves and what stands in an index now in, the shelves that suit a question out.

Which shelves, and the order on them, come from the ranking of the question: no vector is looked at again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from mangaassist.core.types import DocId, Vectors
from mangaassist.shelves.shelf import Shelf, Shelving

MOST_SHELVES: Final = 3
MOST_TITLES: Final = 5
REACH: Final = 50
"""So many of the titles found speak for their shelves."""

VOICES: Final = 3
"""A shelf scores the mean of so many of its best titles; one that it lacks counts as the last of those in reach."""

LEAST_TITLES: Final = 2
"""A shelf with fewer titles that may be shown is none."""

_SPARE: Final = 2 * MOST_TITLES
_BEHIND: Final = 1.0


@dataclass(frozen=True, slots=True)
class SuitingShelf:
    """A shelf that suits a question. score: in units of a result's.

    standings: its titles, best first, with what they rank by: those found by their scores, then the most typical.
    """

    shelf: Shelf
    score: float
    standings: Mapping[DocId, float]


class Arrangement:
    """Shelves with what stands on them now: titles that are gone are off, new ones stand on the nearest shelf."""

    def __init__(
        self, shelving: Shelving, titles: Sequence[DocId], vectors_of: Callable[[Sequence[DocId]], Vectors]
    ) -> None:
        """titles: of the index as it is now.  vectors_of: their adapted vectors, asked for new ones only."""
        shelved = {title for shelf in shelving.shelves for title in shelf.titles}
        present = set(titles)
        self._held = [[title for title in shelf.titles if title in present] for shelf in shelving.shelves]
        new = sorted(present - shelved)
        if new and shelving.shelves:
            for title, number in zip(new, (vectors_of(new) @ shelving.centres.T).argmax(axis=1).tolist(), strict=True):
                self._held[number].append(title)
        self._number = {title: number for number, held in enumerate(self._held) for title in held}
        self._shelves = shelving.shelves

    def __len__(self) -> int:
        return sum(bool(held) for held in self._held)

    def suiting(
        self, found: Mapping[DocId, float], may_show: Callable[[DocId], bool], *, most: int = MOST_SHELVES
    ) -> list[SuitingShelf]:
        """The shelves that suit a question, best first.

        found: its ranking, best first; what is no title, or on no shelf, is passed over.  may_show: whether a title
        that was not found may stand on a shelf.
        """
        voices: dict[int, dict[DocId, float]] = {}
        last, reached = 0.0, 0
        for title, score in found.items():
            number = self._number.get(title)
            if number is not None:
                voices.setdefault(number, {})[title] = last = score
                reached += 1
                if reached == REACH:
                    break
        scores = {number: _mean_of_best(heard, last) for number, heard in voices.items()}
        suiting: list[SuitingShelf] = []
        for number in sorted(scores, key=lambda number: (-scores[number], number)):
            standings = self._standings(number, voices[number], last, may_show)
            if len(standings) >= LEAST_TITLES:
                suiting.append(SuitingShelf(self._shelves[number], scores[number], standings))
            if len(suiting) == most:
                break
        return suiting

    def _standings(
        self, number: int, heard: Mapping[DocId, float], last: float, may_show: Callable[[DocId], bool]
    ) -> dict[DocId, float]:
        standings = dict(heard)
        for title in self._held[number]:
            if len(standings) >= _SPARE:
                break
            if title not in heard and may_show(title):
                standings[title] = last - _BEHIND * len(standings)
        return standings


def _mean_of_best(heard: Mapping[DocId, float], last: float) -> float:
    """heard: best first."""
    best = list(islice(heard.values(), VOICES))
    return (sum(best) + last * (VOICES - len(best))) / VOICES
