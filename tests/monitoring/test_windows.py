from datetime import UTC, date, datetime, timedelta

import pytest

from mangaassist.core.monitor_settings import MonitorSettings
from mangaassist.monitoring.windows import windows_of

LAUNCH = datetime(2026, 9, 6, 15, tzinfo=UTC)
FIRST = date(2026, 9, 7)
RULES = MonitorSettings()


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def noon(number: int) -> datetime:
    return datetime(2026, 9, 7, 12, tzinfo=UTC) + timedelta(days=number)


@pytest.mark.parametrize(
    ("today", "reference", "window"),
    [
        (3, (0, 3), (3, 3)),
        (4, (0, 3), (3, 4)),
        (8, (0, 6), (6, 8)),
        (13, (0, 10), (10, 13)),
        (14, (0, 14), (14, 14)),
        (15, (0, 14), (14, 15)),
        (21, (0, 14), (14, 21)),
        (60, (0, 14), (53, 60)),
    ],
)
def test_the_window_is_the_newest_days_and_the_reference_the_first(
    today: int, reference: tuple[int, int], window: tuple[int, int]
) -> None:
    found = windows_of(LAUNCH, noon(today), RULES)

    assert list(found.reference) == [day(number) for number in range(*reference)]
    assert list(found.window) == [day(number) for number in range(*window)]
    assert found.is_whole == (today >= 14)


def test_a_window_that_is_asked_for_never_reaches_into_the_reference_or_before_the_launch() -> None:
    assert windows_of(LAUNCH, noon(30), RULES, days=25).window[0] == day(14)
    assert windows_of(LAUNCH, noon(30), RULES, since=day(28)).window == [day(28), day(29)]
    assert windows_of(LAUNCH, noon(30), RULES, days=25).asked_since == day(5)


def test_after_a_rollback_the_stored_reference_counts_and_the_window_begins_anew() -> None:
    stored = [date(2026, 6, 1) + timedelta(days=number) for number in range(14)]

    found = windows_of(LAUNCH, noon(2), RULES, stored=stored)

    assert list(found.reference) == stored
    assert list(found.window) == [day(0), day(1)]
