"""Ingested queries and events and the service's log in, one row per search out: what was answered, and what came of it.

SQL over Parquet and JSON lines, so that a million searches need no more memory than DuckDB is given. A search that the
service logged and that was ingested too is one row.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import duckdb

from mangaassist.data import Workspace, table_query
from mangaassist.data.sql import identifier, text, write_parquet

FIRST: Final = 10
"""Results of a search that a shopper is taken to look at."""

_EVAL_COLUMNS: Final = {
    **dict.fromkeys(("event", "query", "query_id", "session", "client", "intent", "adapter_version"), "VARCHAR"),
    "timestamp": "TIMESTAMPTZ",
    **dict.fromkeys(("intent_confidence", "top_score"), "DOUBLE"),
    "results": 'STRUCT(id VARCHAR, "position" BIGINT)[]',
    "recall_at_3_hit": "BOOLEAN",
    "hit_source": "VARCHAR",
}
_QUERY_COLUMNS: Final = {
    **dict.fromkeys(("query_id", "user_query", "client_id", "intent", "release"), "VARCHAR"),
    "timestamp": "TIMESTAMPTZ",
    "query_response_hit_ids": "VARCHAR[]",
    **dict.fromkeys(("intent_confidence", "top_score"), "DOUBLE"),
}
_EVENT_COLUMNS: Final = {
    **dict.fromkeys(("event_id", "query_id", "session_id", "client_id", "action_name", "object_id"), "VARCHAR"),
    "timestamp": "TIMESTAMPTZ",
    "ordinal": "BIGINT",
}
_EVENTS: Final = f"""
    FROM events SELECT query_id, min(session_id) AS session_id, min(client_id) AS client_id,
        bool_or(action_name = 'impression') AS is_shown,
        bool_or(action_name IN ('purchase', 'add_to_wishlist')) AS is_bought,
        min(timestamp) FILTER (action_name = 'click') AS first_click,
        bool_or(action_name = 'click' AND coalesce(ordinal, 1) <= 3) AS is_clicked_first,
        coalesce(list_sort(list(DISTINCT object_id) FILTER (
            action_name = 'click' AND object_id IS NOT NULL AND coalesce(ordinal, 1) <= {FIRST})), []) AS clicked,
        max(timestamp) AS last_event
    WHERE query_id IS NOT NULL GROUP BY query_id
"""
_SERVED: Final = """
    SELECT query_id, first(query) AS query, min(timestamp) AS timestamp, first(session) AS session,
        first(client) AS client, first(intent) AS intent, first(intent_confidence) AS intent_confidence,
        first(top_score) AS top_score, first(adapter_version) AS release,
        first(list_transform(results, lambda result: result.id)) AS hits, bool_or(recall_at_3_hit) AS hit
    FROM eval_lines
    WHERE event = 'retrieval_eval' AND query_id IS NOT NULL AND hit_source IS DISTINCT FROM 'judgement'
    GROUP BY query_id
"""
_JOINED: Final = f"""
    FROM queries q FULL JOIN served s USING (query_id) LEFT JOIN event_facts e USING (query_id)
    SELECT query_id, coalesce(q.user_query, s.query) AS text, coalesce(q.client_id, s.client, e.client_id) AS client,
        coalesce(q.timestamp, s.timestamp) AS "at", coalesce(s.intent, q.intent) AS intent,
        coalesce(s.intent_confidence, q.intent_confidence) AS intent_confidence,
        coalesce(s.release, q.release) AS release, coalesce(s.top_score, q.top_score) AS top_score,
        coalesce(s.hits, q.query_response_hit_ids, [])[1:{FIRST}] AS results,
        coalesce(e.is_shown, s.hit IS NOT NULL, false) AS is_shown, coalesce(e.is_bought, false) AS is_bought,
        coalesce(e.is_clicked_first, false) OR coalesce(s.hit, false) AS is_clicked_first,
        coalesce(e.clicked, []) AS clicked, e.first_click,
        coalesce(len(e.clicked) > 0, false) OR coalesce(s.hit, false) AS is_clicked,
        coalesce(s.session, e.session_id, 'client ' || coalesce(q.client_id, s.client, e.client_id),
            'query ' || query_id) AS session,
        greatest("at", e.last_event) AS last_seen
    WHERE trim(coalesce(q.user_query, s.query, '')) <> ''
"""
_FOLLOWED: Final = """
    SELECT *, lead(query_id) OVER session_order AS next_query_id, lead(text) OVER session_order AS next_text,
        lead("at") OVER session_order AS next_at, lead(clicked) OVER session_order AS next_clicked,
        lead(is_clicked) OVER session_order AS next_is_clicked,
        count(*) OVER (PARTITION BY session ORDER BY "at" RANGE BETWEEN INTERVAL 60 SECONDS PRECEDING AND CURRENT ROW)
            AS searches_in_a_minute
    FROM joined WHERE "at" IS NOT NULL
    WINDOW session_order AS (PARTITION BY session ORDER BY "at", query_id)
"""


def write_searches(
    db: duckdb.DuckDBPyConnection, workspace: Workspace, target: Path, *, most_per_minute: int, settled_after_s: float
) -> None:
    """Write a Parquet file of every human search that has a time and a text, in order of time.

    Columns: query_id, text, client, session, at, intent, intent_confidence, release, top_score, results (the first 10
    ids), is_shown (anybody known to have seen them), is_bought, is_clicked_first (one of the first three), clicked (ids
    of the first ten), is_clicked, first_click, is_settled (older than `settled_after_s` before the log's end), and of
    the session's next search next_query_id, next_text, next_at, next_clicked, next_is_clicked. A session that searched
    more than `most_per_minute` times in a minute is no human's, and left out whole.
    """
    _open_log(db, workspace)
    for name, query in (("event_facts", _EVENTS), ("served", _SERVED), ("joined", _JOINED), ("followed", _FOLLOWED)):
        db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
    human = f"FROM followed SELECT session GROUP BY session HAVING max(searches_in_a_minute) > {int(most_per_minute)}"
    settled = f"(FROM joined SELECT max(last_seen)) - INTERVAL '{float(settled_after_s)} seconds'"
    write_parquet(
        db,
        f'FROM followed SELECT * EXCLUDE (searches_in_a_minute, last_seen), "at" <= {settled} AS is_settled '
        f'WHERE session NOT IN ({human}) ORDER BY "at", query_id',
        target,
    )
    for name in ("event_facts", "served", "joined", "followed"):
        db.execute(f"DROP TABLE {name}")


def _open_log(db: duckdb.DuckDBPyConnection, workspace: Workspace) -> None:
    """The views `queries`, `events` and `eval_lines`, empty where there is nothing."""
    queries, events = table_query(workspace, "queries"), table_query(workspace, "events")
    db.execute(f"CREATE OR REPLACE TEMP VIEW queries AS {queries or _nothing(_QUERY_COLUMNS)}")
    db.execute(f"CREATE OR REPLACE TEMP VIEW events AS {events or _nothing(_EVENT_COLUMNS)}")
    db.execute(f"CREATE OR REPLACE TEMP VIEW eval_lines AS {_eval_lines(eval_files(workspace))}")


def eval_files(workspace: Workspace) -> list[Path]:
    """The closed files of the production log; one that a service still writes has another name."""
    return sorted(workspace.logs.glob("retrieval_eval-*.jsonl"))


def _eval_lines(paths: Sequence[Path]) -> str:
    if not paths:
        return _nothing(_EVAL_COLUMNS)
    files = ", ".join(text(str(path)) for path in paths)
    columns = ", ".join(f"{text(name)}: {text(kind)}" for name, kind in _EVAL_COLUMNS.items())
    return f"FROM read_json([{files}], format = 'newline_delimited', ignore_errors = true, columns = {{{columns}}})"


def _nothing(columns: Mapping[str, str]) -> str:
    """A query of these columns and no rows."""
    return f"SELECT {', '.join(f'NULL::{kind} AS {identifier(name)}' for name, kind in columns.items())} WHERE false"
