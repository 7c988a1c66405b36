"""A workspace and an experiment in; its retained queries, by session, and the clicks on them out.

A session counts once it is over for good: its queries of the first two hours, with the clicks of half an hour each. So
what a look has counted no later look counts otherwise, which an interval for daily looks rests on.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import polars as pl

from mangaassist.data import Workspace, ubi_events
from mangaassist.experiments.definition import Experiment
from mangaassist.experiments.interleaving import TEAMS, Team
from mangaassist.experiments.shadow import SHADOW_LOG
from mangaassist.serving import EVAL_LOG, retained_events, retained_lines

SESSION_S: Final = 7_200.0
CLICK: Final = "click"
KEPT: Final = ("query", "latency_ms", "live", "candidate", "overlap_at_3", "rank_biased_overlap")


@dataclass(frozen=True, slots=True)
class LoggedQuery:
    """A query that an experiment had a part in. unit: its session, client or self.  at: seconds since 1970.

    line: what a report needs of its line in the log.  teams: of an interleaved list, who drafted each document.
    """

    query_id: str
    unit: str
    at: float
    line: Mapping[str, Any]
    teams: Mapping[str, Team] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """The queries of one session, the first first, and what was clicked of each."""

    unit: str
    queries: tuple[LoggedQuery, ...]
    clicked: Mapping[str, frozenset[str]]

    @property
    def began(self) -> float:
        """When its first query came."""
        return self.queries[0].at


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions that are over, in the order of their beginnings; what is left out of them, and why.

    open_sessions: that are not over yet.  late_queries: that came more than two hours after their session's first.
    """

    over: tuple[Session, ...]
    open_sessions: int
    late_queries: int


def retained_sessions(workspace: Workspace, experiment: Experiment, *, now: float, click_s: float) -> Sessions:
    """The sessions of an experiment in the logs, with clicks out of the logs and the ingested tables.

    click_s: how long after a query a click counts.
    """
    log = SHADOW_LOG if experiment.kind == "shadow" else EVAL_LOG
    lines = retained_lines(workspace.logs, log, naming=f'"name": "{experiment.name}"')
    queries = logged_queries(lines, experiment.name)
    clicks = () if experiment.kind == "shadow" else _every_click(workspace, {each.query_id for each in queries})
    return sessions_of(queries, clicks, now=now, click_s=click_s)


def logged_queries(lines: Iterable[Mapping[str, Any]], name: str) -> list[LoggedQuery]:
    """The queries of the experiment of this name, each once: a line may be repeated with its hit."""
    found: dict[str, LoggedQuery] = {}
    for line in lines:
        about, query_id, at = line.get("experiment"), line.get("query_id"), seconds(line.get("timestamp"))
        if isinstance(about, dict) and about.get("name") == name and isinstance(query_id, str) and at is not None:
            unit = line.get("session") or line.get("client") or query_id
            if query_id not in found:
                found[query_id] = LoggedQuery(query_id, str(unit), at, _kept(line, about), _teams(about))
    return list(found.values())


def _kept(line: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """Months of lines must fit into memory."""
    experiment = {name: about[name] for name in ("arm", "served", "has_failed") if name in about}
    return {**{name: line[name] for name in KEPT if name in line}, "experiment": experiment}


def _teams(about: Mapping[str, Any]) -> dict[str, Team]:
    names = {team: team for team in TEAMS}  # one string of each, however many lines
    return {slot["id"]: names[slot["team"]] for slot in about.get("slots") or ()}


def sessions_of(
    queries: Iterable[LoggedQuery], clicks: Iterable[tuple[str, str, float]], *, now: float, click_s: float
) -> Sessions:
    """Queries by session. clicks: (query id, document, moment)."""
    by_unit: dict[str, list[LoggedQuery]] = {}
    for query in sorted(queries, key=lambda each: (each.at, each.query_id)):
        by_unit.setdefault(query.unit, []).append(query)
    kept = {unit: tuple(each for each in theirs if each.at <= theirs[0].at + SESSION_S) for unit, theirs in
            by_unit.items()}  # fmt: skip
    late = sum(map(len, by_unit.values())) - sum(map(len, kept.values()))
    over = {unit: theirs for unit, theirs in kept.items() if now >= theirs[0].at + SESSION_S + click_s}
    last = {query.query_id: query.at + click_s for theirs in over.values() for query in theirs}
    clicked: dict[str, set[str]] = {}
    for query_id, document, at in clicks:
        if at <= last.get(query_id, float("-inf")):
            clicked.setdefault(query_id, set()).add(document)
    found = (
        Session(unit, theirs, {each.query_id: frozenset(clicked.get(each.query_id, ())) for each in theirs})
        for unit, theirs in over.items()
    )
    ordered = sorted(found, key=lambda session: (session.began, session.unit))
    return Sessions(tuple(ordered), len(kept) - len(over), late)


def seconds(moment: object) -> float | None:
    """Seconds since 1970 of an ISO 8601 moment, which is UTC if it names no zone; None if it is none."""
    try:
        found = datetime.fromisoformat(moment) if isinstance(moment, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()


def _every_click(workspace: Workspace, query_ids: set[str]) -> Iterator[tuple[str, str, float]]:
    """Of the service's own log, and of what was ingested: a shop may send its events either way."""
    for event in retained_events(workspace.logs):
        attributes = event.get("event_attributes") or {}
        document, at = (attributes.get("object") or {}).get("object_id"), seconds(event.get("timestamp"))
        if event.get("action_name") == CLICK and event.get("query_id") in query_ids and document and at is not None:
            yield str(event["query_id"]), str(document), at
    table = ubi_events(workspace).filter(
        pl.col("action_name") == CLICK, pl.col("query_id").is_in(list(query_ids)), pl.col("object_id").is_not_null()
    )
    for query_id, document, moment in table.select("query_id", "object_id", "timestamp").iter_rows():
        yield query_id, document, moment.timestamp()


def latencies(queries: Sequence[LoggedQuery]) -> list[float]:
    """Milliseconds of the answers that were sent."""
    return [float(query.line["latency_ms"]) for query in queries if query.line.get("latency_ms") is not None]
