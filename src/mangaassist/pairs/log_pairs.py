"""A search log's tables in, its click and cart pairs out as columns, with what became of every event.

A log may have more pairs than memory holds as Python objects: they stay in the database, and go to a file. What trains
is drawn from them by `log_draw`.
"""

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from mangaassist.core.types import PairSource
from mangaassist.data.sql import frame, write_parquet
from mangaassist.pairs.carts import CART_PAIRS, CARTS_ALONE
from mangaassist.pairs.clicks import CLICK_PAIRS
from mangaassist.pairs.log_limits import cap_log_pairs
from mangaassist.pairs.pair_rows import PAIR_COLUMNS
from mangaassist.pairs.rules import DropReason, PairRules
from mangaassist.pairs.search_log import human, judge_actions, read_results
from mangaassist.pairs.visits import CART_ACTIONS, CLICK_ACTIONS, SESSION, count_rows

LOG_SOURCES: Final[Mapping[PairSource, tuple[tuple[str, ...], str]]] = {
    "click": (CLICK_ACTIONS, CLICK_PAIRS),
    "cart": (CART_ACTIONS, CART_PAIRS),
}
"""Source → the actions it is made of, and its pairs of the usable searches."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """What one source of the log came to; raw events = used + dropped ones.

    raw: action name → events.  dropped: reason → events.  used: events behind the pairs.
    pairs: within the caps; unique: different (text, document) among them.
    """

    raw: Mapping[str, int]
    dropped: Mapping[DropReason, int]
    used: int
    pairs: int
    unique: int
    inhuman_sessions: int
    largest_client_share: float


def mine_log(db: duckdb.DuckDBPyConnection, rules: PairRules) -> dict[PairSource, LogSource]:
    """Adds the views `click_capped` and `cart_capped`; needs the tables `visited` and `held_searches`."""
    inhuman = judge_actions(db, rules)
    tallies = {source: _tally(db, actions) for source, (actions, _) in LOG_SOURCES.items()}
    read_results(db)
    _drop(db, "shown", "placed", "depths", "responses")
    read_firsts(db, "usable SEMI JOIN (FROM asked WHERE client IS NULL) USING (search)")
    read_search_pairs(db)
    (alone,) = db.execute(CARTS_ALONE).fetchone() or (0,)
    tallies["cart"].dropped["add_to_cart_alone"] += int(alone)
    _drop(db, "passed", "asked", "acted", "usable", "firsts")
    return {source: _source(db, source, rules, tally, inhuman) for source, tally in tallies.items()}


def _drop(db: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Make room for what comes next."""
    for table in tables:
        db.execute(f"DROP TABLE {table}")


@dataclass(frozen=True, slots=True)
class _Tally:
    """Events of one source by action, and those dropped by reason."""

    raw: Counter[str]
    dropped: Counter[DropReason]


def _tally(db: duckdb.DuckDBPyConnection, actions: tuple[str, ...]) -> _Tally:
    names = ", ".join(f"'{name}'" for name in actions)
    tally = _Tally(Counter(), Counter())
    for action, reason, events in db.execute(
        f"SELECT action_name, reason, count(*) FROM judged WHERE action_name IN ({names}) GROUP BY ALL"
    ).fetchall():
        tally.raw[action] += events
        if reason:
            tally.dropped[reason] += events
    return tally


def read_search_pairs(db: duckdb.DuckDBPyConnection) -> None:
    """`click` and `cart`: the pairs of the usable searches before any cap; needs `firsts` where no client is named."""
    for source, (_, pairs) in LOG_SOURCES.items():
        db.execute(
            f"""
            CREATE TEMP TABLE {source} AS
            SELECT text AS query_text, positive, '{source}' AS source, 1.0::DOUBLE AS weight, query_id, us,
                coalesce(client, first_client, first_session) AS client,
                CASE WHEN len(acts) = 1 THEN [acts[1].event_id]
                    ELSE list_transform(list_sort(acts), lambda act: act.event_id) END AS evidence,
                coalesce(negatives, []) AS negatives
            FROM ({pairs}) JOIN asked USING (search) LEFT JOIN firsts USING (search)
            """
        )


def read_firsts(db: duckdb.DuckDBPyConnection, searches: str) -> None:
    """`firsts`: the client and the session of the first event of each of these usable searches."""
    db.execute(
        f"""
        CREATE TEMP TABLE firsts AS
        SELECT search, first.client AS first_client, first.session AS first_session FROM (
            SELECT search, arg_min({{'client': nullif(client_id, ''), 'session': {SESSION}}},
                {{'us': epoch_us(timestamp), 'event_id': event_id}}) AS first
            FROM (SELECT * FROM events WHERE {human(db)}) JOIN ({searches}) USING (query_id) GROUP BY search
        )
        """
    )


def write_log_pairs(db: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Write the pairs of both sources within the caps, by time: equal logs give equal bytes."""
    db.execute("SET preserve_insertion_order = true")
    write_parquet(db, _rows("click_capped", "cart_capped"), target)


def log_pair_rows(db: duckdb.DuckDBPyConnection, *tables: str) -> pl.DataFrame:
    """The pairs of these tables, by time."""
    with tempfile.TemporaryDirectory(prefix="mangaassist-") as folder:
        db.execute("SET preserve_insertion_order = true")
        return frame(db, _rows(*tables), Path(folder))


def _rows(*tables: str) -> str:
    both = " UNION ALL ".join(f"FROM {table}" for table in tables)
    columns = ", ".join("make_timestamptz(us) AS at" if name == "at" else name for name in PAIR_COLUMNS)
    return f"SELECT {columns} FROM ({both}) AS pairs ORDER BY us, query_id, query_text, positive, source"


def _source(
    db: duckdb.DuckDBPyConnection, source: PairSource, rules: PairRules, tally: _Tally, inhuman: int
) -> LogSource:
    capped = cap_log_pairs(db, source, rules)
    tally.dropped["too_many_repeats"] += capped.repeated
    return LogSource(
        raw=dict(sorted(tally.raw.items())),
        dropped={reason: events for reason, events in sorted(tally.dropped.items()) if events},
        used=capped.used,
        pairs=capped.pairs,
        unique=count_rows(db, f"(SELECT DISTINCT query_text, positive FROM {source}_capped)"),
        inhuman_sessions=inhuman,
        largest_client_share=capped.largest_client_share,
    )
