"""The counts of two sides in, every check's verdict out: how large a change, and how likely by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from mangaassist.core.monitor_settings import MonitorSettings
from mangaassist.monitoring.checks import Check, checks_for
from mangaassist.monitoring.permutation import Blocks, chances
from mangaassist.monitoring.tallies import Tally

Exchanged = Literal["days", "sessions"]

SATURDAY = 5
NEEDED = 2
"""How many times 1 / alpha exchanges there must be, so that the least possible chance lies well below alpha."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One check's result. p: chance of a change like this in any check at this look, if nothing changed.

    alarm: p is at most alpha and the change at least `least`.  psi: population stability index, of a distribution.
    """

    name: str
    status: Literal["ok", "alarm"]
    unit: str
    reference: float
    window: float
    change: float
    least: float
    p: float
    psi: float | None


def day_blocks(reference: Mapping[date, Tally], window: Mapping[date, Tally]) -> Blocks:
    """Whole days, exchanged with days of the same weekday: what weekends are like changes nothing.

    A day without a search (the shop was closed, its log is gone) is none.
    """
    open_days = [{day: tally for day, tally in side.items() if tally} for side in (reference, window)]
    days = [*open_days[0], *open_days[1]]
    return Blocks(
        tallies=[tally for side in open_days for tally in side.values()],
        is_window=np.arange(len(days)) >= len(open_days[0]),
        strata=np.array([day.weekday() for day in days], dtype=np.int64),
        alike=np.array([day.weekday() >= SATURDAY for day in days], dtype=np.int64),
    )


def session_blocks(reference: Sequence[tuple[date, Tally]], window: Sequence[tuple[date, Tally]]) -> Blocks:
    """Sessions, exchanged with any other; of the reference only the window's weekdays, where it has all of these."""
    weekdays = {day.weekday() for day, _ in window}
    if weekdays <= {day.weekday() for day, _ in reference}:
        reference = [(day, tally) for day, tally in reference if day.weekday() in weekdays]
    count = len(reference) + len(window)
    return Blocks(
        tallies=[tally for _, tally in (*reference, *window)],
        is_window=np.arange(count) >= len(reference),
        strata=np.zeros(count, dtype=np.int64),
        alike=np.zeros(count, dtype=np.int64),
    )


def has_enough_days(blocks: Blocks, settings: MonitorSettings) -> bool:
    """Whether days can be exchanged in so many ways that chance can be told finely enough."""
    return blocks.exchanges >= NEEDED / settings.alpha


def compare(blocks: Blocks, settings: MonitorSettings, *, seed: int) -> list[Verdict]:
    """The verdict of every check that the counts allow."""
    reference, window = blocks.counts.total(~blocks.is_window), blocks.counts.total(blocks.is_window)
    checks = checks_for(reference, window, settings)
    likely = chances(blocks, checks, permutations=settings.permutations, rng=np.random.default_rng(seed))
    return [_verdict(check, p, settings.alpha) for check, p in zip(checks, likely, strict=True)]


def _verdict(check: Check, p: float, alpha: float) -> Verdict:
    return Verdict(
        name=check.name,
        status="alarm" if p <= alpha and check.change >= check.least else "ok",
        unit=check.unit,
        reference=check.reference,
        window=check.window,
        change=check.change,
        least=check.least,
        p=p,
        psi=check.psi,
    )
