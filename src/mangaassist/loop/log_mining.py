"""A search log in, its pairs as columns and those that train as values out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from mangaassist.core.types import DocId, Pair, PairSource
from mangaassist.loop.settings import Settings
from mangaassist.pairs import (
    LOG_SOURCES,
    LogSource,
    count_rows,
    draw_pairs,
    exposed_documents,
    held_events_among,
    held_searches_among,
    log_pair_rows,
    mark_newest,
    mine_log,
    pairs_of_rows,
    read_visits,
    write_log_pairs,
)


@dataclass(frozen=True, slots=True)
class MinedLog:
    """What the log came to. db: holds all its pairs, and what was held out.

    since: the day from which on searches are held out; None: none is.  held_searches: how many.
    sources: counts.  pairs: those that were drawn, by time.
    """

    db: duckdb.DuckDBPyConnection
    since: date | None
    held_searches: int
    sources: Mapping[PairSource, LogSource]
    pairs: Mapping[PairSource, list[Pair]]

    def held_out(self, searches: Collection[str], lines: Collection[str] = ()) -> frozenset[str]:
        """Which of these ids were held out. searches: of queries.  lines: of queries or events."""
        return held_searches_among(self.db, {*searches, *lines}) | held_events_among(self.db, lines, self.since)

    def exposed(self) -> list[DocId]:
        """The documents that were shown in a search that was not held out, by id."""
        return exposed_documents(self.db, self.since)

    def write_pairs(self, target: Path) -> None:
        """All pairs of the log within the caps, drawn or not, before anything is balanced."""
        write_log_pairs(self.db, target)


def mine(db: duckdb.DuckDBPyConnection, settings: Settings, *, seed: int) -> MinedLog:
    """The pairs of the log whose tables `db` has; seed: which clients are drawn where the log has too many pairs."""
    read_visits(db)
    since = mark_newest(db, settings.live_log)
    sources = mine_log(db, settings.pairs)
    draw_pairs(db, most=settings.pairs.max_log_pairs, seed=seed)
    pairs = {source: pairs_of_rows(log_pair_rows(db, f"{source}_drawn")) for source in LOG_SOURCES}
    return MinedLog(db, since, count_rows(db, "held_searches"), sources, pairs)
