"""The visits of a log in, the searches of its newest days out, which test and do not train.

Sessions are whole: one that began before the cut trains, also where its last search comes after it. Where events name
no session, a client's day is one. Days are counted by the sessions that began on them, so that neither a gap nor a row
with a wrong clock moves the cut.
"""

import math
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Final

import duckdb

from mangaassist.core.types import DocId
from mangaassist.pairs.rules import LiveLogRules
from mangaassist.pairs.visits import VISIT, count_rows

_DAY_US: Final = 86_400_000_000
_ROUNDING: Final = 1e-9


def mark_newest(db: duckdb.DuckDBPyConnection, rules: LiveLogRules) -> date | None:
    """The day from which on sessions are held out; None: none is. Reads `visited`.

    Adds `held_visits` (visit) and `held_searches` (query_id, of searches that the log knows).
    """
    db.execute("CREATE TEMP TABLE held_visits (visit VARCHAR)")
    db.execute("CREATE TEMP TABLE held_searches (query_id VARCHAR)")
    if not rules.newest_share:
        return None
    db.execute(
        "CREATE TEMP TABLE visits AS SELECT visit, min(us) AS us FROM visited "
        "WHERE visit IS NOT NULL AND us IS NOT NULL GROUP BY visit"
    )
    _join_visits(db)
    found = db.execute(f"SELECT DISTINCT us // {_DAY_US} AS day FROM visits ORDER BY day")
    days = [day for (day,) in found.fetchall()]
    newest = math.floor(rules.newest_share * len(days) + _ROUNDING)
    if not newest:
        return None
    cut = days[-newest] * _DAY_US
    db.execute(f"INSERT INTO held_visits SELECT visit FROM visits WHERE us >= {cut}")
    db.execute(
        "INSERT INTO held_searches SELECT DISTINCT query_id FROM visited SEMI JOIN held_visits USING (visit) "
        "WHERE is_known"
    )
    db.execute("DROP TABLE visits")
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=cut)).date()


def hold_out(db: duckdb.DuckDBPyConnection, query_ids: Collection[str]) -> None:
    """Adds `held_searches` with these."""
    db.execute("CREATE TEMP TABLE held_searches AS SELECT unnest($1::VARCHAR[]) AS query_id", [list(query_ids)])


def is_held_out(since: date | None) -> str:
    """The condition on events of what is held out; only those of visits that begin on that day or later can be."""
    if since is None:
        return "false"
    return f"({is_newer(since)} AND {VISIT} IN (FROM held_visits))"


def is_newer(since: date) -> str:
    """The condition on events of that day or later."""
    return f"timestamp >= '{since.isoformat()}T00:00:00Z'::TIMESTAMPTZ"


def held_searches_among(db: duckdb.DuckDBPyConnection, ids: Collection[str]) -> frozenset[str]:
    """Which of these ids are of held-out searches."""
    return _named(db, ids, "SELECT id FROM named SEMI JOIN held_searches ON id = query_id")


def held_events_among(db: duckdb.DuckDBPyConnection, ids: Collection[str], since: date | None) -> frozenset[str]:
    """Which of these ids are of events that were held out."""
    if since is None:
        return frozenset()
    events = "(FROM events SEMI JOIN named ON event_id = id)"
    return _named(db, ids, f"SELECT event_id FROM {events} WHERE {is_held_out(since)}")


def _named(db: duckdb.DuckDBPyConnection, ids: Collection[str], among: str) -> frozenset[str]:
    if not ids:
        return frozenset()
    db.execute("CREATE OR REPLACE TEMP TABLE named AS SELECT DISTINCT unnest($1::VARCHAR[]) AS id", [list(ids)])
    return frozenset(found for (found,) in db.execute(among).fetchall())


def exposed_documents(db: duckdb.DuckDBPyConnection, since: date | None) -> list[DocId]:
    """The documents with an impression that was not held out, by id."""
    newer = "false" if since is None else is_newer(since)
    shown = "action_name = 'impression' AND object_id IS NOT NULL"
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE shown_ever AS SELECT object_id, bool_and({newer}) AS is_new FROM events "
        f"WHERE {shown} GROUP BY object_id"
    )
    # Only newer events can be held out, so only of documents without an older one are they looked at.
    found = db.execute(
        f"""
        SELECT object_id FROM shown_ever WHERE NOT is_new
        UNION SELECT object_id FROM (SELECT * FROM events WHERE {shown} AND {newer})
        SEMI JOIN (FROM shown_ever WHERE is_new) USING (object_id) WHERE NOT {is_held_out(since)}
        ORDER BY object_id
        """
    )
    return [DocId(doc_id) for (doc_id,) in found.fetchall()]


def _join_visits(db: duckdb.DuckDBPyConnection) -> None:
    """A search of two visits makes them one, and so on: both ends of such a chain begin with its first event."""
    db.execute(
        """
        CREATE TEMP TABLE links AS
        SELECT DISTINCT query_id, visit FROM visited SEMI JOIN (
            SELECT query_id FROM visited WHERE query_id IS NOT NULL GROUP BY query_id HAVING count(*) > 1
        ) USING (query_id)
        """
    )
    while count_rows(db, "links"):
        db.execute(
            """
            CREATE OR REPLACE TEMP TABLE earlier AS
            WITH firsts AS (SELECT query_id, min(us) AS us FROM links JOIN visits USING (visit) GROUP BY query_id),
            joined AS (SELECT visit, min(us) AS joined_us FROM links JOIN firsts USING (query_id) GROUP BY visit)
            SELECT visit, joined_us FROM visits JOIN joined USING (visit) WHERE joined_us < us
            """
        )
        if not count_rows(db, "earlier"):
            break
        db.execute("UPDATE visits SET us = joined_us FROM earlier WHERE visits.visit = earlier.visit")
