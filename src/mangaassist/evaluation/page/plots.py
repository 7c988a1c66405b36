"""Numbers with their intervals in, places on a shared axis out: what the page's templates draw as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 200.0
"""The width of an axis in the units of its `viewBox`; the page scales it."""

_MARGIN = 4.0


@dataclass(frozen=True, slots=True)
class Dot:
    """One number on an axis, as x places in [0, `WIDTH`]: the number, both ends of its interval, and zero.

    sign: 1 where the whole interval is above zero, -1 where it is below, else 0.
    """

    at: float
    low: float
    high: float
    zero: float
    sign: int


def forest(differences: Mapping[str, Sequence[float]]) -> dict[str, Dot]:
    """Label → [mean, low, high] in, label → its dot on one axis that holds them all, symmetric about zero."""
    reach = max((abs(end) for found in differences.values() for end in found), default=0.0) or 1.0

    def place(value: float) -> float:
        return round(_MARGIN + (value / reach + 1) / 2 * (WIDTH - 2 * _MARGIN), 1)

    return {
        label: Dot(place(mean), place(low), place(high), place(0.0), _sign(low, high))
        for label, (mean, low, high) in differences.items()
    }


@dataclass(frozen=True, slots=True)
class Bar:
    """A number and its marks as x places in [0, `WIDTH`]: the value, what is tolerated, and what it must not reach."""

    value: float
    tolerated: float
    bound: float


def bar(value: float, *, tolerated: float, bound: float) -> Bar:
    """Value and marks on one axis that begins at zero and ends a little past the largest of them."""
    reach = 1.1 * max(0.0, value, tolerated, bound) or 1.0
    value, tolerated, bound = (round(max(0.0, number) / reach * WIDTH, 1) for number in (value, tolerated, bound))
    return Bar(value, tolerated, bound)


def _sign(low: float, high: float) -> int:
    return 1 if low > 0 else -1 if high < 0 else 0
