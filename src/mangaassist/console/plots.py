"""Numbers in, places in a picture out: the map of clusters and the bars of weeks, as SVG draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

MAP_WIDTH, MAP_HEIGHT = 640.0, 360.0
BARS_WIDTH, BARS_HEIGHT = 640.0, 80.0
_SMALLEST, _LARGEST = 4.0, 22.0


@dataclass(frozen=True, slots=True)
class Dot:
    """A cluster on the map: its place and its radius, whose square grows with the clients hurt."""

    x: float
    y: float
    r: float


@dataclass(frozen=True, slots=True)
class BarOfWeek:
    """One week: label, count, and its rectangle."""

    label: str
    count: int
    x: float
    y: float
    width: float
    height: float


def dots(clusters: Sequence[tuple[float, float, int]]) -> list[Dot]:
    """(x, y in [-1, 1], clients hurt) in, dots inside the map out, in the same order."""
    most = max((hurt for _, _, hurt in clusters), default=0) or 1
    return [
        Dot(
            round(_LARGEST + (x + 1) / 2 * (MAP_WIDTH - 2 * _LARGEST), 1),
            round(_LARGEST + (1 - y) / 2 * (MAP_HEIGHT - 2 * _LARGEST), 1),
            round(max(_SMALLEST, _LARGEST * sqrt(hurt / most)), 1),
        )
        for x, y, hurt in clusters
    ]


def bars(counts: Sequence[tuple[str, int]]) -> list[BarOfWeek]:
    """(week, count) in, bars on one axis out."""
    most = max((count for _, count in counts), default=0) or 1
    step = min(BARS_WIDTH / max(1, len(counts)), 40.0)
    return [
        BarOfWeek(
            label,
            count,
            round(number * step, 1),
            round(BARS_HEIGHT * (1 - count / most), 1),
            round(step * 0.8, 1),
            round(BARS_HEIGHT * count / most, 1),
        )
        for number, (label, count) in enumerate(counts)
    ]
