"""One value per session in, in order; the estimate, its interval for daily looks, and what is missing to decide out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from mangaassist.experiments.confidence import ALPHA, Floats, boundary, confidence_sequence

MOST_SESSIONS: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over sessions. low, high: of the 1 − alpha confidence sequence now.

    first_outside: after how many sessions zero first lay outside the interval; None if it never did.
    more_sessions: how many more would put zero outside if all goes on as it did; None where it is outside, or never.
    """

    sessions: int
    mean: float
    low: float
    high: float
    first_outside: int | None
    more_sessions: int | None

    def as_json(self) -> dict[str, Any]:
        """As the report prints it."""
        return {
            "estimate": round(self.mean, 6),
            "interval": [round(self.low, 6), round(self.high, 6)],
            "alpha": ALPHA,
            "sessions": self.sessions,
            "first_outside_zero_after": self.first_outside,
            "more_sessions_to_decide": self.more_sessions,
        }

    @property
    def sign(self) -> int:
        """1 if the interval lies above zero, −1 below, 0 if it holds it."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


def estimate(values: Sequence[float] | Floats, *, low: float, high: float) -> Estimate | None:
    """Of values in [low, high], one per session, the first session first; None of no value."""
    if not len(values):
        return None
    sequence = confidence_sequence(values, low=low, high=high)
    mean, (below, above) = float(sequence.mean[-1]), sequence.interval(len(values))
    is_open = below <= 0 <= above
    more = _more_sessions(np.asarray(values, dtype=np.float64), (high - low) / 2) if is_open else None
    return Estimate(len(values), mean, below, above, sequence.first_outside(0.0), more)


def _more_sessions(values: Floats, half: float) -> int | None:
    """Sessions until the interval's half width is the distance of the mean from zero, at the present variance."""
    distance, variance = abs(float(values.mean())) / half, float(values.var()) / half**2

    def is_enough(sessions: int) -> bool:
        return float(boundary(np.array([variance * sessions]), alpha=ALPHA / 2)[0]) / sessions < distance

    fewest, most = len(values), MOST_SESSIONS
    if distance == 0 or not is_enough(most):
        return None
    while fewest < most:
        middle = (fewest + most) // 2
        fewest, most = (fewest, middle) if is_enough(middle) else (middle + 1, most)
    return max(most - len(values), 1)
