"""The events of a log in, who was there when out: each search with its session, and the sessions that no human had.

SQL on a connection with the views `queries` and `events`, each id once; every function adds tables to it.
"""

from typing import Final

import duckdb

from mangaassist.pairs.rules import PairRules

SESSION: Final = "coalesce(session_id, 'client ' || client_id, 'query ' || query_id)"
"""The session of an event: the session's id, else the client's, else the query's."""

_DAY: Final = "CASE WHEN session_id IS NULL THEN epoch_us(timestamp) // 86400000000 END"
_VISIT: Final = "coalesce(session_id, 'client ' || client_id || ' ' || {day}, query_id, 'nobody ' || {day})"

VISIT: Final = _VISIT.format(day=f"({_DAY})")
"""What is held out whole: a session, else a client's day, else a search, else the events of a day that name nothing."""

CLICK_ACTIONS: Final = ("click",)
CART_ACTIONS: Final = ("add_to_cart", "add_to_wishlist", "purchase")

_MINUTE_US: Final = 60_000_000


def read_visits(db: duckdb.DuckDBPyConnection) -> None:
    """`visited`: query_id, visit, no_session, us, is_known, happened; one row for each search of each visit.

    no_session: what stands for the session where events name none, else NULL.  us: its first event, or when it was
    asked.  is_known: there is such a query.  happened: there are events; a search without any is a visit of its own.
    """
    db.execute(
        f"""
        CREATE TEMP TABLE visited AS
        WITH moments AS (
            SELECT query_id, session_id, CASE WHEN session_id IS NULL THEN client_id END AS client_id, {_DAY} AS day,
                min(timestamp) AS began, true AS happened
            FROM events GROUP BY ALL
        )
        SELECT query_id,
            CASE WHEN happened THEN {_VISIT.format(day="day")} ELSE 'query ' || query_id END AS visit,
            CASE WHEN session_id IS NULL THEN {SESSION} END AS no_session,
            epoch_us(least(began, asked)) AS us, is_known, happened
        FROM moments FULL JOIN (SELECT query_id, timestamp AS asked, true AS is_known FROM queries)
        USING (query_id)
        """
    )


def read_actions(db: duckdb.DuckDBPyConnection) -> None:
    """`actions`: everything that was done, impressions left out; us: its time."""
    db.execute(
        f"""
        CREATE TEMP TABLE actions AS
        SELECT event_id, query_id, {SESSION} AS session, action_name, epoch_us(timestamp) AS us, object_id, ordinal
        FROM events WHERE action_name IN {CLICK_ACTIONS + CART_ACTIONS}
        """
    )


def find_inhuman(db: duckdb.DuckDBPyConnection, rules: PairRules) -> int:
    """`inhuman`: the sessions that searched or acted more often than the rules allow in any 60 seconds; how many.

    `tainted`: the searches with an event in one of these. Reads `visited` and `actions`. Sessions with so few rows that
    they cannot be are not looked at.
    """
    sessions = "SELECT coalesce(no_session, visit) AS session, query_id, us FROM visited WHERE is_known AND happened"
    searches = (
        "SELECT session, coalesce(any_value(epoch_us(timestamp)), min(us)) AS us "
        f"FROM (FROM ({sessions}) SEMI JOIN busy USING (session)) JOIN queries USING (query_id) "
        "GROUP BY session, query_id"
    )
    actions = "SELECT session, us FROM actions SEMI JOIN busy USING (session)"
    by_search = _faster_than(rules.max_searches_per_minute, sessions, searches)
    by_action = _faster_than(rules.max_actions_per_minute, "FROM actions", actions)
    db.execute(f"CREATE TEMP TABLE inhuman AS ({by_search}) UNION ({by_action})")
    db.execute(
        "CREATE TEMP TABLE tainted AS "
        "SELECT DISTINCT query_id FROM visited JOIN inhuman ON coalesce(no_session, visit) = session WHERE happened"
    )
    return count_rows(db, "inhuman")


def _faster_than(most_per_minute: int, rows: str, moments: str) -> str:
    """The sessions with more than so many moments in some 60 seconds: those with the n-th one before that near."""
    return f"""
        WITH busy AS (
            SELECT session FROM ({rows}) WHERE session IS NOT NULL GROUP BY session HAVING count(*) > {most_per_minute}
        ), spaced AS (
            SELECT session, us - lag(us, {most_per_minute}) OVER (PARTITION BY session ORDER BY us) AS apart_us
            FROM ({moments}) WHERE us IS NOT NULL
        )
        SELECT DISTINCT session FROM spaced WHERE apart_us < {_MINUTE_US}
    """


def count_rows(db: duckdb.DuckDBPyConnection, rows: str) -> int:
    """How many rows a table, or a table with a condition, has."""
    (found,) = db.execute(f"SELECT count(*) FROM {rows}").fetchone() or (0,)
    return int(found)
