"""A search log as two frames in, its pairs and usable searches as Python values out: for logs that fit into memory.

`data.log_tables` gives for the log of a workspace the connection that `log_of` gives here.
"""

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from mangaassist.core.types import DocId, Pair, PairSource, QueryId
from mangaassist.data.sql import connection, scan
from mangaassist.pairs.log_pairs import LOG_SOURCES, log_pair_rows, mine_log, read_firsts, read_search_pairs
from mangaassist.pairs.newest import hold_out
from mangaassist.pairs.pair_rows import pairs_of_rows
from mangaassist.pairs.rules import PairRules, PairsReport
from mangaassist.pairs.search_log import judge_actions, read_results
from mangaassist.pairs.visits import read_visits


@dataclass(frozen=True, slots=True)
class UsableSearch:
    """One search with what it led to.

    session: the session's id, else the client's, else the query's.  pairs: its click and cart pairs before any cap.
    positions: where a document stood, 1-based, as its impressions, else its actions, else the response say.
    """

    query_id: QueryId
    text: str
    client: str
    session: str
    positions: Mapping[DocId, int]
    pairs: tuple[Pair, ...]


@contextmanager
def log_of(queries: pl.DataFrame, events: pl.DataFrame) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the tables `queries` and `events`; of rows with one id the first by time counts."""
    with tempfile.TemporaryDirectory(prefix="mangaassist-") as folder, connection(Path(folder)) as db:
        for name, key, frame in (("queries", "query_id", queries), ("events", "event_id", events)):
            file = Path(folder) / f"{name}.parquet"
            frame.write_parquet(file)
            first = f"row_number() OVER (PARTITION BY {key} ORDER BY timestamp NULLS FIRST) = 1"
            db.execute(f"CREATE TEMP TABLE {name} AS FROM {scan([file])} QUALIFY {first}")
        yield db


def click_pairs(
    queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules, *, held_out: Collection[QueryId] = ()
) -> PairsReport:
    """A pair for every clicked document of a usable search, with the skipped documents as its negatives.

    queries: query_id, client_id, user_query, timestamp, query_response_hit_ids, intent, intent_confidence.
    events: event_id, query_id, session_id, client_id, action_name, timestamp, object_id, ordinal (1-based).
    held_out: queries that are kept for testing; what was done there is counted as dropped.
    """
    return _pairs("click", queries, events, rules, held_out)


def cart_pairs(
    queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules, *, held_out: Collection[QueryId] = ()
) -> PairsReport:
    """A pair for every document that a usable search led to buy or wish for; arguments as for `click_pairs`."""
    return _pairs("cart", queries, events, rules, held_out)


def _pairs(
    source: PairSource, queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules, held_out: Collection[QueryId]
) -> PairsReport:
    with log_of(queries, events) as db:
        read_visits(db)
        hold_out(db, held_out)
        found = mine_log(db, rules)[source]
        pairs = pairs_of_rows(log_pair_rows(db, f"{source}_capped"))
    return PairsReport(pairs, found.raw, found.dropped, found.inhuman_sessions, found.largest_client_share)


def usable_searches(
    queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules, *, among: Collection[QueryId]
) -> list[UsableSearch]:
    """The usable ones among these searches that something was done in, by time."""
    with log_of(queries, events) as db:
        read_visits(db)
        hold_out(db, ())
        judge_actions(db, rules)
        among_them = "SELECT search FROM asked WHERE query_id IN (SELECT unnest($1::VARCHAR[]))"
        db.execute(f"DELETE FROM judged WHERE search IS NULL OR search NOT IN ({among_them})", [list(among)])
        read_results(db)
        read_firsts(db, "usable")
        read_search_pairs(db)
        pairs: dict[str, list[Pair]] = {}
        for pair in pairs_of_rows(log_pair_rows(db, *LOG_SOURCES)):
            pairs.setdefault(pair.query_id or "", []).append(pair)
        positions: dict[int, dict[DocId, int]] = {}
        for search, doc_id, place in db.execute(_POSITIONS).fetchall():
            positions.setdefault(search, {})[DocId(doc_id)] = place
        return [
            UsableSearch(query_id, text, client, session, positions.get(search, {}), tuple(pairs.get(query_id, ())))
            for search, query_id, text, client, session in db.execute(_SEARCHES).fetchall()
        ]


_SEARCHES: Final = """
    SELECT search, query_id, text, coalesce(client, first_client, first_session), first_session
    FROM usable JOIN asked USING (search, query_id) JOIN firsts USING (search) JOIN queries USING (query_id)
    ORDER BY timestamp NULLS FIRST, query_id
"""
_POSITIONS: Final = """
    WITH told AS (
        SELECT search, object_id, min(ordinal) AS shown, NULL AS acted, NULL AS answered FROM shown GROUP BY ALL
        UNION ALL SELECT search, object_id, NULL, place, NULL FROM acted
        UNION ALL SELECT search, unnest(hits), NULL, NULL, generate_subscripts(hits, 1)
        FROM (SELECT search, query_response_hit_ids AS hits FROM queries JOIN usable USING (query_id))
    )
    SELECT search, object_id, coalesce(min(shown), min(acted), min(answered)) AS place
    FROM told GROUP BY ALL HAVING place IS NOT NULL ORDER BY search, place, object_id
"""
