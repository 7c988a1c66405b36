"""A seed in, uniform draws out: one stream, the same on every machine and fast enough to draw for every result."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_BLOCK = 4096


class Dice:
    """Draws from a seeded stream, taken a block at a time."""

    def __init__(self, *seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._block: list[float] = []

    def roll(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self._rng.random(_BLOCK).tolist()
        return self._block.pop()

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.roll()

    def below(self, count: int) -> int:
        """A whole number from 0 to `count` - 1."""
        return int(self.roll() * count)

    def one_of(self, values: Sequence[T]) -> T:
        """One of the values, each as likely."""
        return values[self.below(len(values))]

    def place(self, running_sums: Sequence[float]) -> int:
        """A position, as likely as its weight; `running_sums` are those of the weights."""
        return bisect_right(running_sums, self.roll() * running_sums[-1])

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """The values in a drawn order."""
        return [values[place] for place in self._rng.permutation(len(values))]


def zipf_sums(count: int, exponent: float) -> list[float]:
    """Running sums of the Zipf weights 1 / rank ** exponent, for `Dice.place`."""
    return list(accumulate((rank + 1) ** -exponent for rank in range(count)))
