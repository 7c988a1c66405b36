"""Blocks of counts in, the chance of changes as large out: reference and window exchange blocks, within strata.

If nothing changed, it does not matter which blocks (days, or sessions) are called the window. The chance is that of the
largest change over *all* checks (Westfall and Young's max-T): so one look has one rate of false alarms, however many
checks it makes and however they depend on each other.

A change is told in standard errors, by how the blocks of the reference differ among themselves. The window's own spread
does not enter: a window that drifted is as far from an undisturbed reference as it is, and no exchange comes near it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations, product
from math import comb

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from mangaassist.monitoring.checks import Check

Numbers = npt.NDArray[np.float64]

_AT_ONCE = 200
_TIE = 1e-9


@dataclass(frozen=True)
class Blocks:
    """What is exchanged. tallies: the counts of each block.  is_window: (n,).  strata: (n,), exchange stays inside.

    alike: (n,), blocks of one number are expected to be alike: how they differ is what spread is read from.
    """

    tallies: Sequence[Mapping[str, int]]
    is_window: npt.NDArray[np.bool_]
    strata: npt.NDArray[np.int64]
    alike: npt.NDArray[np.int64]

    @property
    def exchanges(self) -> int:
        """In how many ways the window's blocks can be drawn."""
        ways = 1
        for inside in self._members():
            ways *= comb(len(inside), int(self.is_window[inside].sum()))
        return ways

    @cached_property
    def counts(self) -> "Counts":
        """The counts as a matrix."""
        return Counts.of(self.tallies)

    def every_draw(self) -> npt.NDArray[np.bool_]:
        """(draws, blocks): each way to draw the window's blocks, once."""
        sizes = tuple((tuple(inside.tolist()), int(self.is_window[inside].sum())) for inside in self._members())
        return _all_draws(len(self.strata), sizes)

    def some_draws(self, count: int, rng: np.random.Generator) -> Iterator[npt.NDArray[np.bool_]]:
        """(draws, blocks) at a time: the window as it is, then `count` random ones."""
        yield self.is_window[None, :]
        as_it_is = self.is_window[np.lexsort((~self.is_window, self.strata))]
        for start in range(0, count, _AT_ONCE):
            drawn = np.zeros((min(_AT_ONCE, count - start), len(self.strata)), dtype=np.bool_)
            for row in drawn:
                row[np.lexsort((rng.random(len(self.strata)), self.strata))] = as_it_is
            yield drawn

    def _members(self) -> list[npt.NDArray[np.int64]]:
        return [np.flatnonzero(self.strata == stratum) for stratum in np.unique(self.strata)]


@lru_cache(maxsize=8)
def _all_draws(count: int, strata: tuple[tuple[tuple[int, ...], int], ...]) -> npt.NDArray[np.bool_]:
    """(draws, blocks). strata: the places of each, and how many of them are drawn."""
    ways = list(product(*(combinations(places, number) for places, number in strata)))
    drawn = np.zeros((len(ways), count), dtype=np.bool_)
    for row, chosen in enumerate(ways):
        drawn[row, [place for part in chosen for place in part]] = True
    return drawn


def chances(blocks: Blocks, checks: Sequence[Check], *, permutations: int, rng: np.random.Generator) -> list[float]:
    """The chance of every check's change: over all draws where they are few, else over so many random ones."""
    if not checks:
        return []
    moments = _Moments(blocks, checks)
    is_few = blocks.exchanges <= 2 * (permutations + 1)
    draws = _parts(blocks.every_draw()) if is_few else blocks.some_draws(permutations, rng)
    own = moments.changes(blocks.is_window[None, :])[0]
    largest = np.concatenate([moments.changes(some).max(axis=1) for some in draws])
    return [float((largest >= each - _TIE).mean()) for each in own]


def _parts(draws: npt.NDArray[np.bool_]) -> Iterator[npt.NDArray[np.bool_]]:
    """A few at a time, so that what is made of them stays in the processor's cache."""
    yield from (draws[start : start + _AT_ONCE] for start in range(0, len(draws), _AT_ONCE))


@dataclass(frozen=True, slots=True)
class Counts:
    """(blocks, names) counts. place: the column of each name."""

    matrix: csr_array
    place: Mapping[str, int]

    @classmethod
    def of(cls, tallies: Sequence[Mapping[str, int]]) -> "Counts":
        """Those of the blocks."""
        place: dict[str, int] = {}
        columns = [place.setdefault(name, len(place)) for tally in tallies for name in tally]
        values = [float(count) for tally in tallies for count in tally.values()]
        ends = np.cumsum([0, *map(len, tallies)])
        return cls(csr_array((values, columns, ends), shape=(len(tallies), len(place))), place)

    def total(self, wanted: npt.NDArray[np.bool_]) -> dict[str, int]:
        """The summed counts of some of the blocks, by name."""
        summed = self.matrix.T @ wanted.astype(np.float64)
        return {name: int(count) for name, count in zip(self.place, summed, strict=True) if count}

    def selected(self, families: Sequence[frozenset[str]]) -> Numbers:
        """(blocks, families): the summed counts of each family's names."""
        chosen = np.zeros((len(self.place), len(families)))
        for column, names in enumerate(families):
            chosen[[self.place[name] for name in names if name in self.place], column] = 1.0
        return np.asarray(self.matrix @ chosen)


class _Moments:
    """Of every block and share: part, whole, and their squares, whose sums over any blocks tell shares and spread."""

    def __init__(self, blocks: Blocks, checks: Sequence[Check]) -> None:
        shares = [share for check in checks for share in check.shares]
        self._checks = checks
        part = blocks.counts.selected([share.part for share in shares])
        whole = blocks.counts.selected([share.whole for share in shares])
        self._classes = [np.flatnonzero(blocks.alike == number) for number in np.unique(blocks.alike)]
        self._each = np.concatenate([part, whole, part * part, part * whole, whole * whole], axis=1)
        self._total = part.sum(axis=0), whole.sum(axis=0)

    def changes(self, drawn: npt.NDArray[np.bool_]) -> Numbers:
        """(draws, checks): the largest change of the check's shares, in standard errors. drawn: (draws, blocks)."""
        scaled = self._standard_changes(drawn)
        found, start = [], 0
        for check in self._checks:
            own = scaled[:, start : start + len(check.shares)]
            found.append((np.abs(own) if check.is_two_sided else own).max(axis=1))
            start += len(check.shares)
        return np.stack(found, axis=1)

    def _standard_changes(self, drawn: npt.NDArray[np.bool_]) -> Numbers:
        """(share in the window − share in the reference) ÷ its standard error, the ratio estimator's over blocks.

        Both sides are given the spread of the reference's blocks, each around the share of those it is alike. Never is
        it less than that of counts which come independently, nor than one count in the window: few blocks differ little
        by chance, and a reference without a single case not at all.
        """
        shape = len(drawn), self._each.shape[1] // 5
        part, whole, squares, degrees = np.zeros(shape), np.zeros(shape), np.zeros(shape), 0.0
        for rows in self._classes:
            outside = ~drawn[:, rows]
            p, w, pp, pw, ww = np.split(outside.astype(np.float64) @ self._each[rows], 5, axis=1)
            share = _ratio(p, w)
            squares += np.maximum(pp - 2 * share * pw + share**2 * ww, 0)
            part, whole = part + p, whole + w
            degrees = degrees + np.maximum(outside.sum(axis=1, keepdims=True) - 1, 0)
        window = self._total[0] - part, self._total[1] - whole
        blocks = drawn.sum(axis=1, keepdims=True)
        spread = squares / np.maximum(degrees, 1)
        sides = ((spread * (drawn.shape[1] - blocks), whole), (spread * blocks, window[1]))
        error2 = sum(_ratio(squared, size**2) for squared, size in sides)
        pooled = _ratio(self._total[0], self._total[1])
        least = pooled * (1 - pooled) * (_ratio(np.ones(shape), whole) + _ratio(np.ones(shape), window[1]))
        least = np.maximum(least, _ratio(np.ones(shape), window[1] ** 2))
        change = np.where((whole > 0) & (window[1] > 0), _ratio(window[0], window[1]) - _ratio(part, whole), 0.0)
        return _ratio(change, np.sqrt(np.maximum(error2, least)))


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
