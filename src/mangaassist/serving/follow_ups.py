"""Served queries and events in; out, later, whether a user clicked one of the first three: the same line once more.

True as soon as a click on one of the first three arrives. False once the window is over, if the results were seen (an
impression, or a click further down). A query whose results nobody is known to have seen stays open: it says nothing.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mangaassist.serving.service_db import open_db, transaction

FIRST: Final = 3
GRACE_S: Final = 5.0
"""How long an event rests before it is looked at, so that its query, which other threads write, is there."""

_EVENTS_AT_ONCE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Pending:
    """A served query whose click may come. hits: the ids returned, in order.  line: its retrieval_eval line."""

    query_id: str
    served: float
    hits: tuple[str, ...]
    line: str


@dataclass(frozen=True, slots=True)
class Settled:
    """Follow-up lines, and how many queries of each outcome: hit, miss, unseen."""

    lines: tuple[str, ...]
    hits: int = 0
    misses: int = 0
    unseen: int = 0


class FollowUps:
    """The queries that await a click, in the file that all server processes share: a click may reach any of them."""

    def __init__(self, logs: Path, *, window_s: float, clock: Callable[[], float]) -> None:
        self._db = open_db(logs, "NORMAL")
        self._window_s, self._clock = window_s, clock

    def add(self, served: Sequence[Pending]) -> None:
        """Await clicks on these."""
        rows = [(each.query_id, each.served, json.dumps(each.hits), each.line) for each in served]
        with transaction(self._db):
            self._db.executemany("INSERT OR REPLACE INTO pending VALUES (?, ?, ?, 0, ?)", rows)

    def settle(self) -> Settled:
        """What has become known since the last time; each query is settled once, whichever process asks."""
        now = self._clock()
        if not self._is_anything_due(now):
            return Settled(())
        with transaction(self._db):
            hits = self._look_at_events(now - GRACE_S)
            ended = self._db.execute(
                "DELETE FROM pending WHERE served <= ? RETURNING seen, line", (now - self._window_s - GRACE_S,)
            ).fetchall()
        misses = [line for seen, line in ended if seen]
        lines = [known(line, hit=True) for line in hits] + [known(line, hit=False) for line in misses]
        return Settled(tuple(lines), len(hits), len(misses), len(ended) - len(misses))

    def close(self) -> None:
        """No more queries come; those that wait are settled by whichever process is next."""
        self._db.close()

    def _is_anything_due(self, now: float) -> bool:
        (is_due,) = self._db.execute(
            "SELECT EXISTS (SELECT 1 FROM events WHERE looked_at = 0) OR "
            "EXISTS (SELECT 1 FROM pending WHERE served <= ?)",
            (now - self._window_s - GRACE_S,),
        ).fetchone()
        return bool(is_due)

    def _look_at_events(self, until: float) -> list[str]:
        """The lines of queries whose hit is now known."""
        events = self._db.execute(
            "SELECT seq, received, query_id, action, object_id FROM events WHERE looked_at = 0 AND received <= ? "
            "ORDER BY seq LIMIT ?",
            (until, _EVENTS_AT_ONCE),
        ).fetchall()
        found = [line for _, *event in events if (line := self._look_at(*event)) is not None]
        if events:
            looked_at = "UPDATE events SET looked_at = 1 WHERE looked_at = 0 AND seq <= ? AND received <= ?"
            self._db.execute(looked_at, (events[-1][0], until))
        return found

    def _look_at(self, received: float, query_id: str | None, action: str, object_id: str | None) -> str | None:
        if query_id is None or action not in ("click", "impression"):
            return None
        row = self._db.execute("SELECT served, hits, line FROM pending WHERE query_id = ?", (query_id,)).fetchone()
        if row is None:
            return None
        served, hits, line = row[0], json.loads(row[1]), str(row[2])
        if received > served + self._window_s or object_id not in hits:
            return None
        if action == "click" and object_id in hits[:FIRST]:
            self._db.execute("DELETE FROM pending WHERE query_id = ?", (query_id,))
            return line
        self._db.execute("UPDATE pending SET seen = 1 WHERE query_id = ?", (query_id,))
        return None


def known(line: str, *, hit: bool) -> str:
    """The line of a served query once more, with what a click, or none, has told."""
    content: dict[str, Any] = json.loads(line)
    return json.dumps({**content, "recall_at_3_hit": hit, "hit_source": "click"}, ensure_ascii=False)
