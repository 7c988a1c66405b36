"""A workspace in, whether its live release still behaves as in its first days out, as JSON.

The encoder is checked first: a mismatch is an alarm at once, whatever the logs hold.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from mangaassist.core.types import Progress, no_progress
from mangaassist.data import Workspace
from mangaassist.loop import Settings, registry_of
from mangaassist.monitoring.comparing import Verdict, compare, day_blocks, has_enough_days, session_blocks
from mangaassist.monitoring.encoder_check import EncoderCheck, check_encoder
from mangaassist.monitoring.permutation import Blocks
from mangaassist.monitoring.reference import read_reference, store_reference
from mangaassist.monitoring.searches import ReadLogs, Search, read_searches
from mangaassist.monitoring.tallies import Tally, daily_tallies, session_tallies
from mangaassist.monitoring.vocabulary import known_words
from mangaassist.monitoring.windows import Windows, midnight, windows_of

EXIT_CODES: Final = {"ok": 0, "alarm": 12, "cannot_tell": 13}
KEPT_SHARE: Final = 0.75
"""So much of a reference must be in the logs: of its days, to be stored; of its searches, to compare their sessions."""

DAYS_OF_A_WEEK: Final = 7

_BEFORE_ANY_LOG: Final = datetime(1990, 1, 1, tzinfo=UTC)


def watch(
    workspace: Workspace,
    settings: Settings,
    *,
    now: datetime,
    since: date | None = None,
    days: int | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """What `mangaassist monitor` tells; docs/monitoring.md explains every key. Stores the reference once it is whole.

    since, days: the window, from that day on or so many whole days; at most one of them.
    """
    release = registry_of(workspace).aliases().live
    encoder = check_encoder(workspace, settings, release)
    stored = _stored(workspace, settings, release)
    launched = _promoted(workspace, release)

    def days_of(launched: datetime) -> Windows:
        if settings.monitor.reference_since is not None:
            launched = max(launched, midnight(settings.monitor.reference_since) - timedelta(days=1))
        return windows_of(launched, now, settings.monitor, since=since, days=days, stored=tuple(stored or ()))

    begins = _BEFORE_ANY_LOG if launched is None else _needed_since(launched, days_of(launched), stored)
    logs = read_searches(workspace.logs, since=begins, until=midnight(now.astimezone(UTC).date()), progress=progress)
    own = [search for search in logs.searches if search.release == release]
    if launched is None and own:  # nobody promoted it: it began with its first search
        launched = own[0].at - timedelta(days=1)
    if launched is None:
        return _told(release, None, encoder, None, logs, [], "no search of it is in the logs", settings)
    windows = days_of(launched)
    progress("counting", 0, 1)
    known = _Known(workspace, settings, release, own, stored)
    if stored is None and windows.is_whole:
        known.keep(workspace, release, windows.reference)
    blocks, exchanged, because = _blocks(known, windows)
    progress("comparing", 0, 1)
    verdicts = [] if blocks is None else compare(blocks, settings.monitor, seed=seed)
    progress("comparing", 1, 1)
    told = _told(release, windows, encoder, exchanged, logs, verdicts, because, settings)
    return {**told, "launched_at": launched.isoformat(timespec="seconds")}


class _Known:
    """What the logs and the stored reference tell of one release."""

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        release: str,
        searches: Sequence[Search],
        stored: dict[date, Tally] | None,
    ) -> None:
        self.settings, self.searches, self.stored = settings.monitor, searches, stored
        self._vocabulary = known_words(workspace, release)

    def days(self, days: Sequence[date]) -> dict[date, Tally]:
        """The counts of each day; of reference days as they were stored."""
        if self.stored is not None and set(days) <= set(self.stored):
            return self.stored
        within_s = self.settings.reformulated_within_s
        return daily_tallies(self.searches, self._vocabulary, days, within_s=within_s)

    def keep(self, workspace: Workspace, release: str, days: Sequence[date]) -> None:
        """Store the counts of the reference days, if most of them have searches: else their logs are gone."""
        found = self.days(days)
        if sum(map(bool, found.values())) >= KEPT_SHARE * len(found):
            store_reference(workspace, release, found)
            self.stored = found

    def sessions(self, days: Sequence[date]) -> list[tuple[date, Tally]]:
        """The counts of each session of the days, as far as the logs still hold them."""
        wanted = set(days)
        inside = [search for search in self.searches if search.at.date() in wanted]
        return session_tallies(inside, self._vocabulary, within_s=self.settings.reformulated_within_s)


def _blocks(known: _Known, windows: Windows) -> tuple[Blocks | None, str | None, str]:
    """(what is exchanged, its name, why nothing can be told)."""
    if not windows.reference or not windows.window:
        return None, None, "the release is younger than four whole days"
    reference, window = known.days(windows.reference), known.days(windows.window)
    served = [sum(tally["searches"] for tally in side.values()) for side in (reference, window)]
    fewest = known.settings.fewest
    if min(served) < fewest:
        return None, None, f"the reference has {served[0]} searches and the window {served[1]}; each needs {fewest}"
    blocks = day_blocks(reference, window)
    if has_enough_days(blocks, known.settings):
        return blocks, "days", ""
    sessions = [known.sessions(windows.reference), known.sessions(windows.window)]
    if sum(tally["searches"] for _, tally in sessions[0]) < KEPT_SHARE * served[0]:
        return (
            None,
            None,
            "the logs of the reference's days are gone, and so few days need its sessions; ask for 7 days",
        )
    return session_blocks(*sessions), "sessions", ""


def _stored(workspace: Workspace, settings: Settings, release: str) -> dict[date, Tally] | None:
    """The stored reference, unless it is older than the settings ask for."""
    stored, since = read_reference(workspace, release), settings.monitor.reference_since
    return None if stored and since is not None and min(stored) < since else stored


def _promoted(workspace: Workspace, release: str) -> datetime | None:
    """When the release went live the last time; None of the one that every shop begins with."""
    changes = [entry for entry in registry_of(workspace).history() if entry.action in ("promote", "rollback")]
    return changes[-1].at if changes and changes[-1].release == release else None


def _needed_since(launched: datetime, windows: Windows, stored: Mapping[date, Tally] | None) -> datetime:
    """From where the logs are read: the window, and the reference unless its stored days are enough."""
    asked = midnight(windows.asked_since)
    is_stored_enough = stored is not None and len(windows.window) >= DAYS_OF_A_WEEK
    return asked if is_stored_enough else min(asked, midnight(launched.astimezone(UTC).date()))


def _told(
    release: str,
    windows: Windows | None,
    encoder: EncoderCheck,
    exchanged: str | None,
    logs: ReadLogs,
    verdicts: Sequence[Verdict],
    because: str,
    settings: Settings,
) -> dict[str, Any]:
    alarms = [each.name for each in verdicts if each.status == "alarm"]
    alarms = ["encoder", *alarms] if encoder.status == "alarm" else alarms
    status = "alarm" if alarms else "ok" if verdicts else "cannot_tell"
    rules = settings.monitor
    return {
        "release": release,
        "launched_at": None,
        "status": status,
        "exit_code": EXIT_CODES[status],
        "alarms": alarms,
        "because": because,
        "encoder": asdict(encoder),
        "reference": _side(windows.reference if windows else (), logs, release),
        "window": _side(windows.window if windows else (), logs, release),
        "other_releases": _others(windows, logs, release),
        "unreadable_lines": logs.unreadable_lines,
        "exchanged": exchanged,
        "false_alarms": {"per_series": rules.false_alarms, "looks": rules.looks, "per_look": rules.alpha},
        "checks": [asdict(verdict) for verdict in verdicts],
    }


def _side(days: Sequence[date], logs: ReadLogs, release: str) -> dict[str, Any]:
    wanted = set(days)
    searches = sum(search.release == release and search.at.date() in wanted for search in logs.searches)
    return {
        "since": days[0].isoformat() if days else None,
        "until": days[-1].isoformat() if days else None,
        "days": len(days),
        "searches_in_logs": searches,
    }


def _others(windows: Windows | None, logs: ReadLogs, release: str) -> dict[str, int]:
    """Searches of other releases since the day on which the window was asked to begin: they are not compared."""
    if windows is None:
        return {}
    inside = (each for each in logs.searches if each.at.date() >= windows.asked_since and each.release != release)
    return dict(sorted(Counter(search.release for search in inside).items()))
