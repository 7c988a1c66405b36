"""A workspace's production logs in, the searches of whole days out, each with what shoppers did with its results.

Read are `retrieval_eval` and `ubi_events` files: being written, closed, numbered by a log rotation, gzipped. A line
that stands in two files counts once.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mangaassist.core.errors import DataError
from mangaassist.core.types import Progress, no_progress
from mangaassist.data import text_lines_or_bad

FIRST: Final = 3
_LOG_FILE: Final = re.compile(r"(?P<log>retrieval_eval|ubi_events).*\.jsonl(?:\.\d+)?(?P<end>\.gz|\.open)?")
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Search:
    """One served search.

    session: of the shopper, None where nobody said.  top3: ids of the first results.
    is_seen: whether anything tells that a result was seen.  is_clicked: whether any result was clicked.
    """

    query_id: str
    at: datetime
    release: str
    text: str
    intent: str | None
    session: str | None
    top3: tuple[str, ...]
    top_score: float | None
    latency_ms: float
    is_degraded: bool
    is_seen: bool = False
    is_clicked: bool = False


@dataclass(slots=True)
class ReadLogs:
    """The searches, by time, and how many lines could not be read."""

    searches: list[Search] = field(default_factory=list)
    unreadable_lines: int = 0


def read_searches(logs: Path, *, since: datetime, until: datetime, progress: Progress = no_progress) -> ReadLogs:
    """The served searches of [since, until), each ranked by one release. Progress is of files.

    Judged queries that `evaluate` logged are none, nor are answers that an experiment interleaved from two releases.

    Raises DataError for a file that is broken; a file that a rotation took away meanwhile is found under its new name.
    """
    found, read = _Found(since, until), set[str]()
    for _ in range(_TRIES):
        new = [path for path in log_files(logs) if path.name not in read and _may_hold(path, since)]
        if not new:
            break
        for path in new:
            read.add(path.name)
            found.take(path)
            progress("reading the logs", len(read), max(len(read), len(new)))
    return ReadLogs(found.searches(), found.unreadable)


def log_files(logs: Path) -> list[Path]:
    """The files of both logs; of a packed file only one whose unpacked form is gone, so that it is whole."""
    paths = sorted(path for path in logs.glob("*.jsonl*") if _LOG_FILE.fullmatch(path.name))
    names = {path.name for path in paths}
    return [path for path in paths if path.name.removesuffix(".gz") not in names - {path.name}]


def _may_hold(path: Path, since: datetime) -> bool:
    """Whether the file was written to after that moment."""
    try:
        return path.stat().st_mtime >= since.timestamp()
    except FileNotFoundError:
        return False


class _Found:
    """What the lines have told so far."""

    def __init__(self, since: datetime, until: datetime) -> None:
        self._since, self._until = since, until
        self._searches: dict[str, Search] = {}
        self._seen: set[str] = set()
        self._clicked: set[str] = set()
        self.unreadable = 0

    def take(self, path: Path) -> None:
        """Read a file; one that has just gone tells nothing."""
        is_eval = path.name.startswith("retrieval_eval")
        try:
            for line in _objects(path):
                if line is None:
                    self.unreadable += 1
                elif is_eval:
                    self._take_search(line)
                else:
                    self._take_event(line)
        except DataError:
            if path.exists():
                raise

    def searches(self) -> list[Search]:
        """Every search with what is known of it."""
        told = (
            replace(each, is_seen=each.query_id in self._seen, is_clicked=each.query_id in self._clicked)
            for each in self._searches.values()
        )
        return sorted(told, key=lambda search: (search.at, search.query_id))

    def _take_search(self, line: Mapping[str, Any]) -> None:
        if line.get("hit_source") == "judgement" or "timestamp" not in line or _is_interleaved(line):
            return
        try:
            search = _search(line)
        except (KeyError, TypeError, ValueError):
            self.unreadable += 1
            return
        if line.get("recall_at_3_hit") is not None:
            self._seen.add(search.query_id)
            self._clicked |= {search.query_id} if line["recall_at_3_hit"] else set()
        if self._since <= search.at < self._until:
            self._searches[search.query_id] = search

    def _take_event(self, line: Mapping[str, Any]) -> None:
        query_id, action = line.get("query_id"), line.get("action_name")
        if isinstance(query_id, str) and action in ("impression", "click"):
            self._seen.add(query_id)
            self._clicked |= {query_id} if action == "click" else set()


def _objects(path: Path) -> Iterator[dict[str, Any] | None]:
    """The JSON objects of a file, None for a line that is none; the last line of a file being written may be half."""
    half = 0
    for text in text_lines_or_bad(path):
        if half:
            yield None
            half = 0
        try:
            line = json.loads(text or "")
        except ValueError:
            line = None
        if isinstance(line, dict):
            yield line
        else:
            half = 1
    if half and not path.name.endswith(".open"):
        yield None


def _is_interleaved(line: Mapping[str, Any]) -> bool:
    about = line.get("experiment")
    return isinstance(about, dict) and about.get("served") == "interleaved"


def _search(line: Mapping[str, Any]) -> Search:
    score, session = line.get("top_score"), line.get("session") or line.get("client")
    return Search(
        query_id=str(line["query_id"]),
        at=datetime.fromisoformat(line["timestamp"]),
        release=str(line["adapter_version"]),
        text=str(line["query"]),
        intent=line["intent"] if isinstance(line["intent"], str) else None,
        session=session if isinstance(session, str) else None,
        top3=_top3(line),
        top_score=float(score) if isinstance(score, int | float) else None,
        latency_ms=float(line["latency_ms"]),
        is_degraded=bool(line.get("degraded", False)),
    )


def _top3(line: Mapping[str, Any]) -> tuple[str, ...]:
    """Ids of the first results; their titles in a log that holds no ids."""
    results: Sequence[Mapping[str, Any]] = line.get("results") or ()
    if not results:
        return tuple(map(str, line["top3_titles"]))
    return tuple(str(each["id"]) for each in results if int(each["position"]) <= FIRST)
