"""Texts in, near-duplicates out: the one definition that seen queries, splits and leakage checks share.

Two texts are near-duplicates if the Jaccard similarity of their sets of character trigrams, after NFKC and casefold, is
at least 0.6. A text under three characters is its own only gram.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor

import numpy as np
import numpy.typing as npt

JACCARD = 0.6
"""From this similarity on, two texts are near-duplicates."""

_ROUNDING = 1e-9

Numbers = npt.NDArray[np.int64]


def normalise(text: str) -> str:
    """The text as it is compared: NFKC, then casefold."""
    return unicodedata.normalize("NFKC", text).casefold()


def trigrams(text: str) -> frozenset[str]:
    """The character trigrams of the normalised text; a shorter text is its own only gram."""
    plain = normalise(text)
    return frozenset(plain[start : start + 3] for start in range(max(1, len(plain) - 2)))


def jaccard(left: str, right: str) -> float:
    """Shared trigrams over all trigrams of two texts, in [0, 1].

    >>> jaccard("abcdefg", "ABCDEFGH")
    0.8333333333333334
    """
    left_grams, right_grams = trigrams(left), trigrams(right)
    shared = len(left_grams & right_grams)
    return shared / (len(left_grams) + len(right_grams) - shared)


class NearDuplicateIndex:
    """Finds the near-duplicates of a text among many: exact, by size and prefix filtering.

    Every text's grams are sorted rarest first. Two sets that reach the threshold share at least
    `ceil(threshold * size)` grams, so at least `n` of those are among the first `size - ceil(threshold * size) + n` of
    each. Only these first grams are indexed, sizes that differ too much are skipped, and few texts are left to compare.
    Source: Wang, Li and Feng 2012, "Can we beat the prefix filtering?" (prefixes that must share `n` grams).
    """

    def __init__(self, texts: Iterable[str], *, threshold: float = JACCARD) -> None:
        if not 0 < threshold <= 1:
            raise ValueError(f"threshold is {threshold}; a Jaccard similarity to reach lies in (0, 1]")
        self._threshold = threshold
        grams = [trigrams(text) for text in texts]
        self._number = _rarest_first(grams)
        self._order: Numbers = np.argsort([len(each) for each in grams], kind="stable").astype(np.int64)
        rows = [self._numbers(grams[position]) for position in self._order]
        self._sizes: Numbers = np.array([len(row) for row in rows], dtype=np.int64)
        self._starts: Numbers = np.concatenate([[0], np.cumsum(self._sizes)]).astype(np.int64)
        self._grams = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
        self._index_prefixes(rows)
        self._wanted = np.zeros(len(self._number), dtype=bool)

    def matches(self, text: str) -> list[int]:
        """Positions, ascending, of the indexed texts that are near-duplicates of `text` (itself included)."""
        grams = trigrams(text)
        rows = self._similar(self._numbers(grams), len(grams), self._posted_from[1:])
        return sorted(self._order[rows].tolist())

    def has_match(self, text: str) -> bool:
        """Whether any indexed text is a near-duplicate of `text`."""
        return bool(self.matches(text))

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Every two positions of near-duplicates among the indexed texts, once."""
        posted_to = self._posted_from[:-1].copy()
        for row, size in enumerate(self._sizes.tolist()):
            grams = self._grams[self._starts[row] : self._starts[row + 1]]
            for other in self._similar(grams, size, posted_to).tolist():
                yield int(self._order[other]), int(self._order[row])
            posted_to[grams[: self._prefix_length(size)]] += 1

    def _numbers(self, grams: Iterable[str]) -> Numbers:
        """The numbers of the grams that the index knows, rarest first."""
        number = self._number
        return np.sort(np.fromiter((number[gram] for gram in grams if gram in number), dtype=np.int64))

    def _least_shared(self, size: int) -> int:
        """How many grams a set of this size shares with any near-duplicate."""
        return ceil(self._threshold * size - _ROUNDING)

    def _prefix_length(self, size: int) -> int:
        """How many of its first grams a set of this size is indexed with."""
        return size - self._least_shared(size) + _prefix_shared(size)

    def _index_prefixes(self, rows: Sequence[Numbers]) -> None:
        """For every gram, the rows that have it in their prefix, by ascending size."""
        prefixes = [row[: self._prefix_length(len(row))] for row in rows]
        grams = np.concatenate(prefixes) if prefixes else np.zeros(0, dtype=np.int64)
        owners = np.repeat(np.arange(len(rows)), [len(prefix) for prefix in prefixes])
        by_gram = np.argsort(grams, kind="stable")
        self._posted_rows: Numbers = owners[by_gram].astype(np.int64)
        self._posted_from: Numbers = np.searchsorted(grams[by_gram], np.arange(len(self._number) + 1)).astype(np.int64)

    def _similar(self, known: Numbers, size: int, posted_to: Numbers) -> Numbers:
        """The rows, posted up to `posted_to`, that reach the threshold with a set of `size` grams, some `known`."""
        rows = self._candidates(known, size, posted_to)
        if not rows.size:
            return rows
        shared = self._shared(known, rows)
        return rows[shared / (size + self._sizes[rows] - shared) >= self._threshold]

    def _candidates(self, known: Numbers, size: int, posted_to: Numbers) -> Numbers:
        """Rows of a possible size that share enough prefix grams; grams nobody has are the rarest and come first."""
        smallest = self._least_shared(size)
        needed = _prefix_shared(smallest)
        prefix = known[: max(0, size - smallest + needed - (size - len(known)))]
        if not prefix.size:
            return np.zeros(0, dtype=np.int64)
        slices = zip(self._posted_from[prefix].tolist(), posted_to[prefix].tolist(), strict=True)
        posted = [self._posted_rows[start:end] for start, end in slices]
        first = np.searchsorted(self._sizes, smallest)
        last = np.searchsorted(self._sizes, floor(size / self._threshold + _ROUNDING), side="right")
        shared = np.bincount(np.concatenate(posted), minlength=len(self._sizes))[first:last]
        return np.asarray(first + np.flatnonzero(shared >= needed), dtype=np.int64)

    def _shared(self, known: Numbers, rows: Numbers) -> Numbers:
        """How many of the `known` grams each row has."""
        sizes = self._sizes[rows]
        ends = np.cumsum(sizes)
        places = np.arange(ends[-1]) + np.repeat(self._starts[rows] - (ends - sizes), sizes)
        self._wanted[known] = True
        shared = np.add.reduceat(self._wanted[self._grams[places]], ends - sizes, dtype=np.int64)
        self._wanted[known] = False
        return np.asarray(shared, dtype=np.int64)


def near_duplicate_groups(texts: Sequence[str], *, threshold: float = JACCARD) -> list[int]:
    """For every text, the position of the first text of its group: near-duplicates, and theirs, are one group."""
    first_of: dict[str, int] = {}
    groups = DisjointSets(len(texts))
    for position, text in enumerate(texts):
        groups.join(first_of.setdefault(normalise(text), position), position)
    positions = list(first_of.values())
    index = NearDuplicateIndex([texts[position] for position in positions], threshold=threshold)
    for left, right in index.pairs():
        groups.join(positions[left], positions[right])
    return [groups.first(position) for position in range(len(texts))]


class DisjointSets:
    """Groups that grow by joining two members; a group is known by its smallest member."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def first(self, member: int) -> int:
        """The smallest member of the group of `member`."""
        parent = self._parent
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    def join(self, left: int, right: int) -> None:
        """Make the groups of both members one."""
        low, high = sorted((self.first(left), self.first(right)))
        self._parent[high] = low


def _prefix_shared(size: int) -> int:
    """How many grams two prefixes must share: more makes prefixes longer and candidates rarer. Grows with the size."""
    return 1 + size // 5


def _rarest_first(grams: Iterable[frozenset[str]]) -> dict[str, int]:
    """A number for every gram, small for rare ones; equally rare ones by the alphabet."""
    frequency: Counter[str] = Counter()
    for each in grams:
        frequency.update(each)
    return {gram: number for number, gram in enumerate(sorted(frequency, key=lambda gram: (frequency[gram], gram)))}
