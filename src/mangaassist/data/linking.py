"""Searches and events that know their session in; the events with the query they belong to out.

An event belongs to the latest search of its session in the 30 minutes before it. Exports come in no order, so this is
a join over times, in bounded memory: it spills to disk.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import polars as pl

from mangaassist.data.kinds import KINDS
from mangaassist.data.sql import connection, scan, write_parquet

WINDOW_MINUTES: Final = 30
QUERY_COLUMNS: Final = {"line": pl.Int64(), **KINDS["queries"].columns, "session": pl.String()}
"""What a part of exported queries holds. Its `session` stays in it, for events of a later file."""

EVENT_COLUMNS: Final = {"line": pl.Int64(), "place": pl.Int64(), **KINDS["events"].columns}
"""What events hold until they are linked: `place` is their order."""

_NO_SEARCH: Final = "(SELECT NULL::VARCHAR AS session, NULL::TIMESTAMPTZ AS timestamp, NULL::VARCHAR AS query_id)"


def link_events(events: Path, searches: Sequence[Path], target: Path) -> Path:
    """Write the events in their order, each with the `query_id` of its search where there is one.

    Of two searches in one session at the very same time the one with the greater id counts: any, but always the same.
    """
    found = (
        f"FROM {scan(searches) if searches else _NO_SEARCH} "
        "SELECT session, timestamp AS searched, max(query_id) AS found WHERE session IS NOT NULL GROUP BY ALL"
    )
    recent = f"searched >= events.timestamp - INTERVAL {WINDOW_MINUTES} MINUTE"
    linked = (
        f"FROM {scan([events])} AS events ASOF LEFT JOIN ({found}) AS searches "
        "ON coalesce(events.session_id, events.client_id) = searches.session AND events.timestamp >= searched "
        f"SELECT events.* EXCLUDE (place) REPLACE (CASE WHEN {recent} THEN found END AS query_id) ORDER BY place"
    )
    with connection(target.parent) as db:
        write_parquet(db, linked, target)
    return target


def count_unlinked(events: Path) -> int:
    """How many events of a part name no query."""
    return int(pl.scan_parquet(events, glob=False).select(pl.col("query_id").is_null().sum()).collect().item())
