"""A matrix of weights in, the same as small whole numbers times steps out: a quarter of the memory to read.

A short text uses every weight of an encoder for a handful of tokens, so encoding it takes about as long as reading the
weights, and what else a server reads pushes them out of the processor's cache. Weights that were published in eight
bits and are held in float32 are whole numbers times a step: so they are read, and become float32 a few rows at a time.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from mangaassist.core.types import Vectors

MANY: Final = 48
"""Vectors from which on a product takes so long that reading float32 costs less than making it."""

_COLUMNS: Final = 256
"""Columns that share a step; matrices that were published apart may lie side by side in one."""
_ROWS: Final = 128
"""Rows made float32 at a time: the second-level cache holds them."""
_MOST: Final = 127
_OFF: Final = 1e-3
"""How far from a whole number a weight may lie, in steps, for float32's rounding."""


class WholeNumbers:
    """A matrix (k, n) that vectors (m, k) are multiplied by: numbers (k, n) times steps (n,).

    weights: the same as it came; many vectors at once are multiplied by that.
    """

    __array_ufunc__ = None  # so that NumPy leaves `vectors @ this` to `__rmatmul__`

    def __init__(self, numbers: npt.NDArray[np.int8], steps: Vectors, weights: Vectors) -> None:
        self._numbers, self._steps, self._weights = numbers, steps, weights

    def __rmatmul__(self, vectors: Vectors) -> Vectors:
        """Vectors (m, k) @ this, (m, n)."""
        if len(vectors) > MANY:
            whole: Vectors = vectors @ self._weights
            return whole
        height, width = self._numbers.shape
        rows = np.empty((min(_ROWS, height), width), dtype=np.float32)
        product = np.zeros((len(vectors), width), dtype=np.float32)
        for start in range(0, height, _ROWS):
            part = self._numbers[start : start + _ROWS]
            np.copyto(rows[: len(part)], part)
            product += vectors[:, start : start + _ROWS] @ rows[: len(part)]
        product *= self._steps
        return product


def in_whole_numbers(weights: Vectors) -> WholeNumbers | None:
    """A matrix (k, n) in whole numbers; None where it is no small ones times a step."""
    numbers = np.empty(weights.shape, dtype=np.int8)
    steps = np.empty(weights.shape[1], dtype=np.float32)
    for start in range(0, weights.shape[1], _COLUMNS):
        columns = slice(start, start + _COLUMNS)
        found = _divided(weights[:, columns].astype(np.float64))
        if found is None:
            return None
        numbers[:, columns], steps[columns] = found
    return WholeNumbers(numbers, steps, weights)


def _divided(weights: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float] | None:
    """Whole numbers, and the step whose multiples the weights are."""
    gaps = np.diff(np.unique(np.append(weights, 0.0)))
    rounding = np.abs(weights).max(initial=0.0) * _OFF / _MOST
    gaps = gaps[gaps > rounding]  # a smaller one is one value, rounded in two ways
    if not len(gaps):
        return None
    step, numbers = float(gaps.min()), weights
    for _ in range(2):  # the smallest gap is a rough step; the whole numbers that it gives tell a better one
        numbers = np.round(weights / step)
        if not 0 < np.abs(numbers).max() <= _MOST:
            return None
        step = float((weights * numbers).sum() / (numbers * numbers).sum())
    return None if np.abs(weights - numbers * step).max() > _OFF * step else (numbers, step)


def compact(backend: Any, names: tuple[str, ...]) -> list[str]:
    """Put these matrices, or lists of them, of an encoder's backend into whole numbers; the names of those that were.

    One that is missing or of other numbers stays as it is: then texts are encoded as before, only not as fast.
    """
    done = []
    for name in names:
        held = getattr(backend, name, None)
        several = held if isinstance(held, list) else [held]
        made = [in_whole_numbers(each) if isinstance(each, np.ndarray) else None for each in several]
        if all(each is not None for each in made):
            setattr(backend, name, made if isinstance(held, list) else made[0])
            done.append(name)
    return done
