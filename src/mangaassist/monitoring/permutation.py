"""Blocks of counts in, the chance of changes as large out: reference and window exchange blocks, within strata.

If nothing changed, it does not matter which blocks (days, or sessions) are called the window. The chance is that of the
largest change over *all* checks (Westfall and Young's max-T): so one look has one rate of false alarms, however many
checks it makes and however they depend on each other.

A change is told in standard errors, by how the blocks of the reference differ among themselves. The window's own spread
does not enter: a window that drifted is as far from an undisturbed reference as it is, and no exchange comes near it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from mangaassist.monitoring.checks import Check

Numbers = npt.NDArray[np.float64]

_AT_ONCE = 200
_TIE = 1e-9


@dataclass(frozen=True, slots=True)
class Blocks:
    """What is exchanged. tallies: the counts of each block.  is_window: (n,).  strata: (n,), exchange stays inside."""

    tallies: Sequence[Mapping[str, int]]
    is_window: npt.NDArray[np.bool_]
    strata: npt.NDArray[np.int64]

    @property
    def exchanges(self) -> int:
        """In how many ways the window's blocks can be drawn."""
        ways = 1
        for inside in self._members():
            ways *= comb(len(inside), int(self.is_window[inside].sum()))
        return ways

    def every_draw(self) -> Iterator[npt.NDArray[np.bool_]]:
        """Each way to draw the window's blocks, once."""
        strata = [combinations(inside, int(self.is_window[inside].sum())) for inside in self._members()]
        for chosen in product(*strata):
            drawn = np.zeros_like(self.is_window)
            drawn[[place for part in chosen for place in part]] = True
            yield drawn

    def some_draws(self, count: int, rng: np.random.Generator) -> Iterator[npt.NDArray[np.bool_]]:
        """The window as it is, then `count` random ones."""
        yield self.is_window
        as_it_is = self.is_window[np.lexsort((~self.is_window, self.strata))]
        for _ in range(count):
            drawn = np.zeros_like(self.is_window)
            drawn[np.lexsort((rng.random(len(self.strata)), self.strata))] = as_it_is
            yield drawn

    def _members(self) -> list[npt.NDArray[np.int64]]:
        return [np.flatnonzero(self.strata == stratum) for stratum in np.unique(self.strata)]


def chances(blocks: Blocks, checks: Sequence[Check], *, permutations: int, rng: np.random.Generator) -> list[float]:
    """The chance of every check's change: over all draws where they are few, else over so many random ones."""
    if not checks:
        return []
    moments = _Moments(blocks, checks)
    is_few = blocks.exchanges <= 2 * (permutations + 1)
    draws = blocks.every_draw() if is_few else blocks.some_draws(permutations, rng)
    own = moments.changes(blocks.is_window[None, :])[0]
    largest = np.concatenate([moments.changes(some).max(axis=1) for some in _stacked(draws)])
    return [float((largest >= each - _TIE).mean()) for each in own]


def _stacked(draws: Iterable[npt.NDArray[np.bool_]]) -> Iterator[npt.NDArray[np.bool_]]:
    some: list[npt.NDArray[np.bool_]] = []
    for drawn in draws:
        some.append(drawn)
        if len(some) == _AT_ONCE:
            yield np.array(some)
            some = []
    if some:
        yield np.array(some)


class _Moments:
    """Of every block and share: part, whole, and their squares, whose sums over any blocks tell shares and spread."""

    def __init__(self, blocks: Blocks, checks: Sequence[Check]) -> None:
        shares = [share for check in checks for share in check.shares]
        self._checks = checks
        counts, place = _matrix(blocks.tallies)
        part = _selected(counts, place, [share.part for share in shares])
        whole = _selected(counts, place, [share.whole for share in shares])
        self._each = np.concatenate([part, whole, part * part, part * whole, whole * whole], axis=1)
        self._all = self._each.sum(axis=0)

    def changes(self, drawn: npt.NDArray[np.bool_]) -> Numbers:
        """(draws, checks): the largest change of the check's shares, in standard errors. drawn: (draws, blocks)."""
        inside = drawn.astype(np.float64) @ self._each
        blocks = drawn.sum(axis=1, keepdims=True), (~drawn).sum(axis=1, keepdims=True)
        scaled = _standard_changes(np.split(self._all - inside, 5, axis=1), np.split(inside, 5, axis=1), *blocks)
        found, start = [], 0
        for check in self._checks:
            own = scaled[:, start : start + len(check.shares)]
            found.append((np.abs(own) if check.is_two_sided else own).max(axis=1))
            start += len(check.shares)
        return np.stack(found, axis=1)


def _standard_changes(
    reference: Sequence[Numbers], window: Sequence[Numbers], in_window: Numbers, in_reference: Numbers
) -> Numbers:
    """(share in the window − share in the reference) ÷ its standard error, the ratio estimator's over blocks.

    Both sides are given the spread that the blocks of the reference have around their share. One count more or less in
    the window is the least standard error: a reference without a single case has no spread at all.
    """
    part, whole, part2, both, whole2 = reference
    share = _ratio(part, whole)
    spread = np.maximum(part2 - 2 * share * both + share**2 * whole2, 0) / np.maximum(in_reference - 1, 1)
    error2 = _ratio(spread * in_reference, whole**2) + _ratio(spread * in_window, window[1] ** 2)
    least = _ratio(np.ones_like(part), window[1] ** 2)
    change = np.where((whole > 0) & (window[1] > 0), _ratio(window[0], window[1]) - share, 0.0)
    return _ratio(change, np.sqrt(np.maximum(error2, least)))


def _ratio(part: Numbers, whole: Numbers) -> Numbers:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _matrix(tallies: Sequence[Mapping[str, int]]) -> tuple[csr_array, dict[str, int]]:
    """(blocks, names) counts, and each name's column."""
    place = {name: number for number, name in enumerate(sorted({name for tally in tallies for name in tally}))}
    rows = [row for row, tally in enumerate(tallies) for _ in tally]
    columns = [place[name] for tally in tallies for name in tally]
    values = [float(count) for tally in tallies for count in tally.values()]
    return csr_array((values, (rows, columns)), shape=(len(tallies), len(place))), place


def _selected(counts: csr_array, place: Mapping[str, int], families: Sequence[frozenset[str]]) -> Numbers:
    """(blocks, families): the summed counts of each family's names."""
    chosen = np.zeros((len(place), len(families)))
    for column, names in enumerate(families):
        chosen[[place[name] for name in names if name in place], column] = 1.0
    return np.asarray(counts @ chosen)
