"""Protected events in; out, once they are on the disk, which of them are new: group commit across requests.

One thread commits whatever waits in one transaction, so that many requests share one fsync. A log file leaves the
journal in two steps, the batch's number and then its lines, so that a kill between them writes the same file again.
"""

import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mangaassist.core.files import write_atomic
from mangaassist.core.service_settings import ServiceSettings
from mangaassist.data import UbiEvent
from mangaassist.serving.refusals import Refused
from mangaassist.serving.service_db import NotStored, open_db, transaction

_GROUP: Final = 64
_IDLE_S: Final = 1.0
_DAY_S: Final = 86_400
_INSERT: Final = """
INSERT INTO events (event_id, received, query_id, action, object_id, line) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (event_id) DO NOTHING
"""

Stored = list[bool]
"""Of every event of a call, whether it is new; False is a repeated one."""


@dataclass(frozen=True, slots=True)
class _Call:
    rows: Sequence[tuple[Any, ...]] = ()
    answer: "Future[Stored]" = field(default_factory=Future)
    is_last: bool = False


class EventJournal:
    """The durable home of events until they stand in a closed log file. `start` before use, `close` at the end."""

    def __init__(
        self,
        logs: Path,
        line_of: Callable[[UbiEvent], str],
        settings: ServiceSettings,
        *,
        clock: Callable[[], float],
        complain: Callable[[Exception], None],
    ) -> None:
        self._logs, self._line_of, self._settings = logs, line_of, settings
        self._clock, self._complain = clock, complain
        self._db = open_db(logs, "FULL")
        self._calls: queue.Queue[_Call] = queue.Queue(settings.event_calls)
        self._thread = threading.Thread(target=self._work, name="event-journal", daemon=True)
        self._open_bytes, self._open_day = 0, -1

    def start(self) -> None:
        """Close into files what an earlier process left, then take events."""
        self._tried_export()
        self._thread.start()

    @property
    def depth(self) -> int:
        """Calls that wait for the disk."""
        return self._calls.qsize()

    def submit(self, events: Sequence[UbiEvent]) -> "Future[Stored]":
        """Which are new, once all are on the disk; NotStored if they could not be written, Refused if too many wait."""
        rows = [self._row(event) for event in events]
        return self._put(_Call(rows))

    def flush(self) -> None:
        """Return when everything submitted before is stored and due files are closed."""
        self._put(_Call()).result()

    def close(self) -> None:
        """Store what waits, close it into a file, and end."""
        self._calls.put(_Call(is_last=True))
        self._thread.join()
        self._tried_export()
        self._db.close()

    def _put(self, call: _Call) -> "Future[Stored]":
        try:
            self._calls.put_nowait(call)
        except queue.Full:
            raise Refused(503, "overloaded", "too many events wait for the disk; send again", retry_after_s=1) from None
        return call.answer

    def _row(self, event: UbiEvent) -> tuple[Any, ...]:
        object_id = event.event_attributes.object.object_id
        return event.event_id, event.query_id, event.action_name, object_id, self._line_of(event)

    def _work(self) -> None:
        is_open = True
        while is_open:
            group = self._next_group()
            is_open = not any(call.is_last for call in group)
            self._store(group)
            if self._is_export_due():
                self._tried_export()
            for call in group:
                if not call.rows:
                    _tell(call, [])

    def _next_group(self) -> list[_Call]:
        group: list[_Call] = []
        try:
            group.append(self._calls.get(timeout=_IDLE_S))
            while len(group) < _GROUP:
                group.append(self._calls.get_nowait())
        except queue.Empty:
            pass
        return group

    def _store(self, group: Sequence[_Call]) -> None:
        calls = [call for call in group if call.rows]
        if not calls:
            return
        try:
            stored = self._insert(calls)
        except Exception as error:  # whoever waits must hear of it, and the thread must live on
            for call in calls:
                _tell(call, error)
            return
        for call, news in zip(calls, stored, strict=True):
            _tell(call, news)

    def _insert(self, calls: Sequence[_Call]) -> list[Stored]:
        now, stored, size = self._clock(), [], 0
        with transaction(self._db):
            for call in calls:
                news = []
                for event_id, *others in call.rows:
                    is_new = self._db.execute(_INSERT, (event_id, now, *others)).rowcount == 1
                    news.append(is_new)
                    size += len(others[-1]) if is_new else 0
                stored.append(news)
        if size:
            self._open_day = int(now // _DAY_S) if self._open_bytes == 0 else self._open_day
            self._open_bytes += size
        return stored

    def _is_export_due(self) -> bool:
        is_large = self._open_bytes >= self._settings.log_bytes
        return self._open_bytes > 0 and (is_large or int(self._clock() // _DAY_S) != self._open_day)

    def _tried_export(self) -> None:
        """Close open events into files; what a full disk prevents stays in the journal for the next time."""
        try:
            export_events(self._db, self._logs)
            self._open_bytes = 0
            oldest = self._clock() - self._settings.event_ids_kept_days * _DAY_S
            self._db.execute("DELETE FROM events WHERE received < ? AND line IS NULL AND looked_at = 1", (oldest,))
        except (OSError, NotStored, sqlite3.Error) as error:
            self._complain(error)


def _tell(call: _Call, outcome: Stored | Exception) -> None:
    """Answer whoever waits; one who has gone away is no error."""
    if not call.answer.set_running_or_notify_cancel():
        return
    if isinstance(outcome, Exception):
        call.answer.set_exception(outcome)
    else:
        call.answer.set_result(outcome)


def export_events(db: sqlite3.Connection, logs: Path) -> None:
    """Every event that stands in no file yet, in closed files whose names ingest recognises."""
    with transaction(db):
        (last,) = db.execute("SELECT coalesce(max(batch), 0) FROM events").fetchone()
        db.execute("UPDATE events SET batch = ? WHERE batch IS NULL AND line IS NOT NULL", (last + 1,))
    batches = db.execute("SELECT batch, min(received) FROM events WHERE line IS NOT NULL GROUP BY batch").fetchall()
    for batch, first in batches:
        lines = db.execute("SELECT line FROM events WHERE batch = ? AND line IS NOT NULL ORDER BY seq", (batch,))
        content = "".join(f"{line}\n" for (line,) in lines)
        if content:
            write_atomic(logs / f"ubi_events-{stamp(first)}-{batch:06d}.jsonl", content.encode())
        with transaction(db):
            db.execute("UPDATE events SET line = NULL WHERE batch = ?", (batch,))


def stamp(moment: float) -> str:
    """A moment as it stands in the name of a log file, in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
