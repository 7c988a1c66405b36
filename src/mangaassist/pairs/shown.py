"""A search log in, every result that a usable search showed out, whether anything was clicked there or not."""

import tempfile
from pathlib import Path

import polars as pl

from mangaassist.data.sql import frame
from mangaassist.pairs.log_frames import log_of
from mangaassist.pairs.newest import hold_out
from mangaassist.pairs.rules import PairRules
from mangaassist.pairs.search_log import IS_BLANK, REASON, doubt
from mangaassist.pairs.visits import CLICK_ACTIONS, SESSION, find_inhuman, read_actions, read_visits


def shown_results(queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules) -> pl.DataFrame:
    """Every result that a usable search has an impression of.

    Columns: query_id, user_query, object_id, position (from 1; as its impressions say, else the response), clicked.
    Results without a position are left out. Tables as for `click_pairs`.
    """
    with log_of(queries, events) as db, tempfile.TemporaryDirectory(prefix="mangaassist-") as folder:
        read_visits(db)
        read_actions(db)
        find_inhuman(db, rules)
        hold_out(db, ())
        return frame(db, _shown(rules), Path(folder))


def _shown(rules: PairRules) -> str:
    return f"""
        WITH searches AS (
            SELECT query_id AS search, user_query, query_response_hit_ids AS hits, {IS_BLANK} AS is_blank,
                {doubt(rules)} AS doubt
            FROM queries
        ), impressions AS (
            SELECT search, user_query, object_id, hits, min(ordinal) AS ordinal
            FROM (SELECT *, {SESSION} AS session FROM events WHERE action_name = 'impression')
            LEFT JOIN searches ON query_id = search
            LEFT JOIN (SELECT session, true AS is_inhuman FROM inhuman) USING (session)
            WHERE ({REASON}) IS NULL GROUP BY ALL
        ), clicks AS (
            SELECT DISTINCT query_id AS search, object_id, true AS clicked FROM actions
            WHERE action_name IN {(*CLICK_ACTIONS, "")}
        )
        SELECT search AS query_id, user_query, object_id,
            coalesce(ordinal, nullif(list_position(hits, object_id), 0)) AS position,
            coalesce(clicked, false) AS clicked
        FROM impressions LEFT JOIN clicks USING (search, object_id)
        WHERE position IS NOT NULL ORDER BY query_id, position, object_id
    """
