"""Words of a text in, the names that they misspell or run together out: "deathnote", "tokyo goul", "salior moon".

A window of up to five words is compared with names without their spaces. Names that share enough pairs of letters are
measured by the edits between them (optimal string alignment, so that two swapped letters are one edit). The first
letter must be right: slips rarely hit it, and other words ("henshin") differ from names ("kenshin") just there.

Which pairs a name has is kept as 128 bits: some pairs share a bit, so a few names too many are measured.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA

LONGEST_WINDOW: Final = 5
FEWEST_LETTERS: Final = 6
"""Shorter names have too many neighbours one slip away."""

SIMILARITY: Final = 0.85
"""1 - edits / letters of the longer one."""

_SHARED_PAIRS: Final = 0.5
"""Share of the bits of the window's letter pairs that a name must have to be measured at all."""

_BITS: Final = 128
_WORD: Final = 64
_SPREAD: Final = 37
"""Odd and far from 1, so that frequent pairs fall on different bits."""

Name = tuple[str, ...]


class MisspeltNames:
    """Finds names by their letters; holds which pairs of letters each of a catalogue's names has.

    Names stand in the order of first letter and length, so that those of the right letter and about the right length
    are one stretch: a few thousand of a hundred thousand.
    """

    def __init__(self, names: Iterable[Name]) -> None:
        by_letters: dict[str, Name] = {}
        for name in names:
            letters = "".join(name)
            if len(letters) >= FEWEST_LETTERS:
                by_letters.setdefault(letters, name)
        self._letters = sorted(by_letters, key=lambda letters: (letters[0], len(letters), letters))
        self._names = [by_letters[letters] for letters in self._letters]
        self._exact = by_letters
        self._places = [(letters[0], len(letters)) for letters in self._letters]
        self._pairs = _as_words([_pairs(letters) for letters in self._letters])

    def run_together(self, window: Sequence[str]) -> Name | None:
        """The name that has just these letters, its words parted otherwise."""
        return self._exact.get("".join(window))

    def closest(self, window: Sequence[str]) -> Name | None:
        """The name most like these words, if it is alike enough; of equally near ones the first by its letters."""
        typed = "".join(window)
        if len(typed) < FEWEST_LETTERS:
            return None
        best, best_similarity = None, SIMILARITY
        for letters, number in self._candidates(typed):
            similarity = OSA.normalized_similarity(typed, letters, score_cutoff=best_similarity)
            if similarity > best_similarity or (similarity == best_similarity and best is None):
                best, best_similarity = number, similarity
        return None if best is None else self._names[best]

    def _candidates(self, typed: str) -> list[tuple[str, int]]:
        """The names of about this length with enough letter pairs in common, in the order of their letters."""
        shortest, longest = int(SIMILARITY * len(typed)), int(len(typed) / SIMILARITY) + 1
        start = bisect_left(self._places, (typed[0], shortest))
        end = bisect_right(self._places, (typed[0], longest))
        pairs = _pairs(typed)
        shared = np.bitwise_count(self._pairs[:, start:end] & _as_words([pairs]))
        numbers = ((shared[0] + shared[1] >= _SHARED_PAIRS * pairs.bit_count()).nonzero()[0] + start).tolist()
        return sorted((self._letters[number], number) for number in numbers if self._is_near(number, len(typed)))

    def _is_near(self, number: int, length: int) -> bool:
        own = len(self._letters[number])
        return abs(own - length) <= (1 - SIMILARITY) * max(own, length)


def _pairs(letters: str) -> int:
    """A bit for each pair of letters that stand side by side."""
    bits = 0
    for first, second in pairwise(letters):
        bits |= 1 << (_SPREAD * ord(first) + ord(second)) % _BITS
    return bits


def _as_words(bits: Sequence[int]) -> npt.NDArray[np.uint64]:
    """Numbers (n,) of 128 bits as their lower and their upper halves, (2, n)."""
    return np.array([[each % 2**_WORD for each in bits], [each >> _WORD for each in bits]], dtype=np.uint64)
