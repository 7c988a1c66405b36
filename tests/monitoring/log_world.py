"""Habits in, a shop's production logs out: each day a file of `retrieval_eval` lines and one of UBI events."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from small_engine import ARTICLES, RELEASE, TITLES

from mangaassist.data import Workspace, ingest

FIRST_DAY = date(2026, 9, 7)
"""A Monday."""

KNOWN = ["dark", "fantasy", "cozy", "comedy", "gentle", "thriller", "sad", "brutal"]
UNKNOWN = ["zorbil", "quenda", "mavrik", "thulpo"]
IDS = [title.title_id for title in TITLES] + [f"more-{number}" for number in range(40)]


@dataclass(frozen=True)
class Habits:
    """What shoppers and the service do; one field is changed to plant a fault.

    served: what an experiment sent, None without one.  seed: of a day's dice, where they must not depend on the date.
    """

    searches: int = 120
    release: str = RELEASE
    zero_click: float = 0.4
    reformulated: float = 0.1
    score: float = 0.6
    faq: float = 0.3
    head: float = 0.2
    unknown: float = 0.02
    degraded: float = 0.0
    latency_ms: float = 4.0
    served: str | None = None
    seed: int | None = None

    @property
    def name(self) -> str:
        """Tells these searches from those of other habits on the same day."""
        return self.release if self.served is None else f"{self.release}-{self.served}"


class ShopLog:
    """Writes the log files of one workspace; the same habits and days always give the same lines."""

    def __init__(self, workspace: Workspace, **habits: Any) -> None:
        self.logs, self.habits = workspace.logs, Habits(**habits)

    def days(self, first: int, count: int, **changed: Any) -> "ShopLog":
        """The logs of `count` days from day number `first` on."""
        for number in range(first, first + count):
            self._day(FIRST_DAY + timedelta(days=number), replace(self.habits, **changed))
        return self

    def _day(self, day: date, habits: Habits) -> None:
        lines, events = lines_of(day, habits)
        write(self.logs / f"retrieval_eval-{day:%Y%m%d}-{habits.name}.jsonl", lines)
        write(self.logs / f"ubi_events-{day:%Y%m%d}-{habits.name}.jsonl", events)


@cache
def lines_of(day: date, habits: Habits) -> tuple[list[str], list[str]]:
    """A day's `retrieval_eval` lines and events."""
    rng = np.random.default_rng([day.toordinal() if habits.seed is None else habits.seed, len(habits.release)])
    lines: list[str] = []
    events: list[str] = []
    moment, number = datetime.combine(day, time(8), UTC), 0
    while number < habits.searches:
        again = rng.random() < habits.reformulated
        for place in range(2 if again and number + 1 < habits.searches else 1):
            moment += timedelta(seconds=30)
            is_clicked = not (again and place == 0) and rng.random() >= habits.zero_click
            query_id = f"{habits.name}-{day.isoformat()}-{number}"
            line = searched(query_id, moment, habits, rng, session=f"s-{day.isoformat()}-{number - place}")
            lines.append(json.dumps(line))
            events.append(json.dumps(event(query_id, "impression", line, moment)))
            events += [json.dumps(event(query_id, "click", line, moment))] if is_clicked else []
            number += 1
    return lines, events


def searched(
    query_id: str, at: datetime, habits: Habits, rng: np.random.Generator, *, session: str | None
) -> dict[str, Any]:
    """One line as the service writes it."""
    typed = [str(rng.choice(UNKNOWN if rng.random() < habits.unknown else KNOWN)) for _ in range(3)]
    is_degraded = bool(rng.random() < habits.degraded)
    shown = [
        IDS[0] if rng.random() < habits.head * 3 else str(rng.choice(IDS[1:])),
        *rng.choice(IDS[1:], size=2).tolist(),
    ]
    return {
        "event": "retrieval_eval",
        "query": " ".join([*typed, str(rng.integers(10))]),
        "intent": "faq" if rng.random() < habits.faq else "recommendation",
        "top3_titles": shown,
        "recall_at_3_hit": None,
        "adapter_version": habits.release,
        "latency_ms": round(float(rng.lognormal(np.log(habits.latency_ms), 0.3)), 3),
        "query_id": query_id,
        "hit_source": None,
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "session": session,
        "client": None,
        "results": [{"id": doc_id, "position": place} for place, doc_id in enumerate(shown, start=1)],
        "degraded": is_degraded,
        "intent_confidence": None,
        "top_score": round(float(rng.normal(habits.score, 0.08)), 4),
        **({} if habits.served is None else {"experiment": {"arm": "interleaved", "served": habits.served}}),
    }


def event(query_id: str, action: str, line: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "event_id": f"{query_id}-{action}",
        "query_id": query_id,
        "action_name": action,
        "timestamp": at.isoformat(),
        "event_attributes": {"object": {"object_id": line["top3_titles"][0]}, "position": {"ordinal": 1}},
    }


def write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def small_workspace(root: Path) -> Workspace:
    """The small engine's ten documents in a workspace."""
    workspace = Workspace.create(root)
    for kind, records in (("titles", TITLES), ("articles", ARTICLES)):
        path = root / f"{kind}.jsonl"
        write(path, [record.model_dump_json() for record in records])
        ingest(workspace, kind, path)  # type: ignore[arg-type]
    return workspace


def noon(number: int) -> datetime:
    """Noon of day number `number`."""
    return datetime.combine(FIRST_DAY + timedelta(days=number), time(12), UTC)
