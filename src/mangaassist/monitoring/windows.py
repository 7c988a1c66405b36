"""A release's launch, today and what is asked for in; out, which days are the reference and which the window."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from mangaassist.core.monitor_settings import MonitorSettings

FEWEST_DAYS = 3
"""Of a reference: fewer say nothing of what is usual."""

EARLY_SHARE = 4
"""Before a release is old enough, the newest of so many days are the window."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The days of both sides, each in order; empty where the release is too young.

    asked_since: where the window would begin if the release were old enough.
    is_whole: the reference has all its days, so that it may be stored.
    """

    reference: Sequence[date]
    window: Sequence[date]
    asked_since: date
    is_whole: bool


def windows_of(
    launched: datetime,
    now: datetime,
    settings: MonitorSettings,
    *,
    since: date | None = None,
    days: int | None = None,
    stored: Sequence[date] = (),
) -> Windows:
    """Whole days (UTC) of the release: today is not over, and the day of the launch was not its own.

    since, days: the window that is asked for; else the last `settings.window_days`.  stored: the days of a reference
    that was stored, which then is the reference. The window never reaches into the reference. Of a release that is too
    young for both, the newest quarter of its days is the window and those before are the reference, at least three.
    """
    today, first = now.astimezone(UTC).date(), launched.astimezone(UTC).date() + timedelta(days=1)
    length = (today - since).days if since is not None else days or settings.window_days
    asked, lived = today - timedelta(days=length), (today - first).days
    is_whole = bool(stored) or lived >= settings.reference_days
    if is_whole:
        reference = list(stored) or _days(first, first + timedelta(days=settings.reference_days))
        return Windows(reference, _days(max(asked, first, reference[-1] + timedelta(days=1)), today), asked, True)
    if since is None and days is None:
        asked = max(asked, today - timedelta(days=max(lived // EARLY_SHARE, 1)))
    begins = max(asked, first + timedelta(days=FEWEST_DAYS))
    return Windows(_days(first, min(begins, today)), _days(begins, today), asked, False)


def _days(since: date, until: date) -> list[date]:
    return [since + timedelta(days=number) for number in range((until - since).days)]


def midnight(day: date) -> datetime:
    """The moment (UTC) at which a day begins."""
    return datetime.combine(day, time(), UTC)
