"""Shown results and clicks in, how often each position is looked at out: what a click there is worth.

Position-based model: a shopper clicks the document of a (query text, document) pair at position k with chance
examination[k] * attraction[pair]. Expectation-maximisation finds both: a result that was not clicked was examined with
chance θ(1 - γ) / (1 - θγ), and attractive with chance γ(1 - θ) / (1 - θγ). Only pairs that stood at several positions
tell the two apart, and of a pair that was shown a few times nobody knows how it attracts: both would pass their own
error on to the positions. So only pairs are fitted that moved and have `FEWEST_OF_A_PAIR` impressions. The largest
examination is 1.

A click at k then stands for 1 / examination[k] clicks: as many as had been made, had all shoppers looked there
(inverse propensity). The weight is clipped, which trades a little bias for much variance.

Sources: Chuklin, Markov and de Rijke 2015, "Click Models for Web Search", §3.2 and §4; Joachims, Swaminathan and
Schnabel 2017, "Unbiased Learning-to-Rank with Biased Feedback", for inverse propensities. The restriction to pairs that
moved follows Agarwal et al. 2019, "Estimating Position Bias without Intrusive Interventions"; that to well-known pairs
is ours.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MOST_ROUNDS = 1_000
TOLERANCE = 1e-6
FEWEST_OF_A_PAIR = 20
FEWEST_IN_ALL = 1_000
"""With fewer impressions of such pairs nothing can be told."""

FEWEST_IMPRESSIONS = 50
"""A position with fewer in the fit is looked at as often as the one above it: nobody knows better."""

_LEAST = 1e-3
_MOST = 1 - 1e-9
"""Chances stay between these; so nothing is divided by 0."""


@dataclass(frozen=True, slots=True)
class Impressions:
    """Shown results, one row each. pairs: number of the (query text, document); positions from 1; clicked or not."""

    pairs: Integers
    positions: Integers
    clicked: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        if not len(self.pairs) == len(self.positions) == len(self.clicked):
            raise ValueError("pairs, positions and clicked differ in length; give one of each per shown result")
        if len(self.positions) and self.positions.min() < 1:
            raise ValueError(f"a position is {self.positions.min()}; the first is 1")


@dataclass(frozen=True, slots=True)
class PositionBias:
    """How often positions are looked at, the most looked-at one as 1. impressions, pairs: what that rests on."""

    examination: tuple[float, ...]
    impressions: int
    pairs: int

    def at(self, position: int) -> float:
        """The examination of a position from 1; below the last known one it is that one's."""
        return self.examination[min(position, len(self.examination)) - 1]

    def weight(self, position: int, *, most: float) -> float:
        """What a click at this position stands for, at most so much."""
        return min(most, 1 / self.at(position))


def fit_position_bias(impressions: Impressions) -> PositionBias | None:
    """The position bias of a log; None where too few well-known pairs stood at two positions to tell anything."""
    moved = _well_known(impressions)
    if len(moved.pairs) < FEWEST_IN_ALL:
        return None
    cells = _Cells(moved)
    examination, attraction = cells.first_guess()
    for _ in range(MOST_ROUNDS):
        examined, attracted = cells.improved(examination, attraction)
        change = float(np.abs(examined / examined.max() - examination / examination.max()).max())
        examination, attraction = examined, attracted
        if change < TOLERANCE:
            break
    return PositionBias(_filled(examination / examination.max(), cells.shown_at), len(moved.pairs), cells.pairs)


def _well_known(impressions: Impressions) -> Impressions:
    """The impressions of pairs with enough of them, at two positions or more."""
    if not len(impressions.pairs):
        return impressions
    positions = int(impressions.positions.max()) + 1
    stood = np.unique(impressions.pairs * positions + impressions.positions) // positions
    shown = np.bincount(impressions.pairs)
    is_known = (np.bincount(stood, minlength=len(shown)) >= 2) & (shown >= FEWEST_OF_A_PAIR)
    kept = is_known[impressions.pairs]
    return Impressions(impressions.pairs[kept], impressions.positions[kept], impressions.clicked[kept])


class _Cells:
    """Impressions counted by (pair, position): all that the model looks at."""

    def __init__(self, impressions: Impressions) -> None:
        positions = int(impressions.positions.max())
        cells, cell_of = np.unique(impressions.pairs * positions + impressions.positions - 1, return_inverse=True)
        self._shown = np.bincount(cell_of).astype(np.float64)
        self._clicked = np.bincount(cell_of, weights=impressions.clicked)
        _, self._pair = np.unique(cells // positions, return_inverse=True)
        self._place = cells % positions
        self.pairs = int(self._pair.max()) + 1
        self.shown_at: Numbers = np.bincount(self._place, weights=self._shown, minlength=positions).astype(np.float64)
        self._shown_of = np.bincount(self._pair, weights=self._shown)

    def first_guess(self) -> tuple[Numbers, Numbers]:
        """Examination falls with the position, from below 1, where it would stay; every pair attracts alike."""
        examination: Numbers = 0.9 / np.sqrt(np.arange(1, len(self.shown_at) + 1))
        mean = max(_LEAST, self._clicked.sum() / float(examination[self._place] @ self._shown))
        return examination, np.full(self.pairs, min(0.5, mean))

    def improved(self, examination: Numbers, attraction: Numbers) -> tuple[Numbers, Numbers]:
        """One round of expectation and maximisation; only the product of both is known, so their scale may drift."""
        looked, likes = examination[self._place], attraction[self._pair]
        missed = (self._shown - self._clicked) / (1 - looked * likes)
        examined = self._clicked + missed * looked * (1 - likes)
        attracted = self._clicked + missed * likes * (1 - looked)
        looks = np.bincount(self._place, weights=examined) / np.maximum(self.shown_at, 1)
        liked = np.bincount(self._pair, weights=attracted) / self._shown_of
        return np.clip(looks, _LEAST, _MOST), np.clip(liked, _LEAST**2, _MOST)


def _filled(examination: Numbers, shown_at: Numbers) -> tuple[float, ...]:
    """Positions with too few impressions take the value of the one above; the first takes its own."""
    filled = [float(examination[0])]
    for value, shown in zip(examination[1:].tolist(), shown_at[1:].tolist(), strict=True):
        filled.append(value if shown >= FEWEST_IMPRESSIONS else filled[-1])
    return tuple(filled)
