"""Query and event tables in, the usable searches out: what was shown where, and what was done with it.

A search is usable if its query is known and has a text, its session is a human's, and the query was routed to an intent
that the adapter serves, with enough confidence. Where the log says nothing about the intent, nobody doubted it either:
such a query is usable, so that logs of shops without an intent router train too.

SQL on a connection with the views `queries` and `events`, each id once. The tables, in the order they are made:

visited, actions, inhuman, tainted    `visits`
asked       queries that somebody acted in: search (a number), query_id, text, client, is_blank, doubt
judged      actions with their search, and the first `reason` why each may not be used, NULL where it may
acted       search, object_id, place, clicks, carts (time and event), click_at, cart_at, wanted: of usable searches
shown       search, object_id, ordinal: their impressions
responses   search, hits: of searches where neither events nor impressions say where something stood
placed      search, clicked, wanted, place: of `acted`, as the impressions, else the actions, else the response say
passed      search, documents: shown, and nothing was done with them, best place first; how many of them are negatives
            of click_negatives, of cart_negatives
"""

from typing import Final

import duckdb

from mangaassist.data.sql import text
from mangaassist.pairs.rules import PairRules
from mangaassist.pairs.visits import CART_ACTIONS, SESSION, count_rows, find_inhuman, read_actions

HIGH_RANKS: Final = 3
"""Positions 1 to 3: shown there and not clicked is a high-rank non-click."""

POSITIVE_ACTIONS: Final = ("add_to_wishlist", "purchase")

_SPACES: Final = "".join(
    map(chr, (*range(9, 14), 32, 133, 160, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)


def judge_actions(db: duckdb.DuckDBPyConnection, rules: PairRules) -> int:
    """Makes `inhuman` to `judged` from `visited` and `held_searches`; how many sessions were no human's.

    What is read no more is dropped, here and below: memory is for what comes next.
    """
    read_actions(db)
    inhuman = find_inhuman(db, rules)
    db.execute("DROP TABLE visited")
    db.execute(
        f"""
        CREATE TEMP TABLE asked AS
        SELECT row_number() OVER () AS search, query_id, user_query AS text, nullif(client_id, '') AS client,
            {IS_BLANK} AS is_blank, {doubt(rules)} AS doubt
        FROM queries SEMI JOIN actions USING (query_id)
        """
    )
    db.execute(
        f"""
        CREATE TEMP TABLE judged AS
        SELECT search, event_id, action_name, us, object_id, ordinal, {REASON} AS reason
        FROM actions LEFT JOIN asked USING (query_id) LEFT JOIN (SELECT session, true AS is_inhuman FROM inhuman)
        USING (session)
        """
    )
    db.execute("DROP TABLE actions")
    return inhuman


IS_BLANK: Final = f"coalesce(trim(user_query, {text(_SPACES)}), '') = ''"

REASON: Final = """
    CASE WHEN object_id IS NULL THEN 'no_document' WHEN search IS NULL THEN 'unknown_query'
    WHEN is_blank THEN 'empty_query' WHEN is_inhuman THEN 'inhuman_session' ELSE doubt END
"""
"""The first reason why an event may not be used; NULL where it may. The order is the one that people are told."""


def doubt(rules: PairRules) -> str:
    """The first reason of a query by itself."""
    return f"""
        CASE WHEN intent = 'other' THEN 'intent_other'
        WHEN isnan(intent_confidence::DOUBLE) OR intent_confidence::DOUBLE < {rules.min_intent_confidence!r}::DOUBLE
        THEN 'intent_uncertain'
        WHEN query_id IN (FROM held_searches) THEN 'held_out_for_test' END
    """


def read_results(db: duckdb.DuckDBPyConnection) -> None:
    """Makes `acted` to `passed`: what usable searches showed and led to."""
    db.execute(
        f"""
        CREATE TEMP TABLE acted AS
        SELECT search, object_id, min(ordinal) AS place,
            min(us) FILTER (NOT carted) AS click_at, list(act) FILTER (NOT carted) AS clicks,
            min(us) FILTER (carted) AS cart_at, list(act) FILTER (carted) AS carts,
            bool_or(action_name IN {POSITIVE_ACTIONS}) AS wanted
        FROM (
            SELECT *, action_name IN {CART_ACTIONS} AS carted, {{'us': us, 'event_id': event_id}} AS act
            FROM judged WHERE reason IS NULL
        )
        GROUP BY search, object_id
        """
    )
    db.execute("DROP TABLE judged")
    db.execute("CREATE TEMP TABLE usable AS SELECT search, query_id FROM asked SEMI JOIN acted USING (search)")
    db.execute(
        f"""
        CREATE TEMP TABLE shown AS
        SELECT search, object_id, ordinal
        FROM (SELECT * FROM events WHERE action_name = 'impression' AND {human(db)})
        JOIN usable USING (query_id)
        """
    )
    _place(db)
    _pass_over(db)


def human(db: duckdb.DuckDBPyConnection) -> str:
    """The condition on events that finds those of humans, about a document, in usable searches.

    Whose session it was is looked up only if some usable search is of an inhuman session too.
    """
    is_mixed = count_rows(db, "usable SEMI JOIN tainted USING (query_id)") > 0
    by_humans = f" AND {SESSION} NOT IN (FROM inhuman)" if is_mixed else ""
    return f"object_id IS NOT NULL{by_humans}"


def _place(db: duckdb.DuckDBPyConnection) -> None:
    db.execute(
        """
        CREATE TEMP TABLE responses AS
        SELECT search, query_response_hit_ids AS hits FROM queries JOIN (
            usable SEMI JOIN (
                SELECT search FROM acted WHERE place IS NULL UNION SELECT search FROM shown WHERE ordinal IS NULL
            ) USING (search)
        ) USING (query_id)
        """
    )
    db.execute(
        """
        CREATE TEMP TABLE placed AS
        SELECT search, clicks IS NOT NULL AS clicked, wanted,
            coalesce(shown_place, place, nullif(list_position(hits, object_id), 0)) AS place
        FROM acted LEFT JOIN (
            SELECT search, object_id, min(ordinal) AS shown_place
            FROM shown SEMI JOIN acted USING (search, object_id) GROUP BY ALL
        ) USING (search, object_id) LEFT JOIN responses USING (search)
        """
    )


def _pass_over(db: duckdb.DuckDBPyConnection) -> None:
    """Documents are looked for only as deep as any pair of the search reaches."""
    db.execute(
        f"""
        CREATE TEMP TABLE depths AS
        SELECT search, coalesce(max(place) FILTER (clicked) + 1, 0) AS below_click,
            greatest(below_click, CASE WHEN bool_or(wanted) THEN {HIGH_RANKS} ELSE 0 END) AS depth
        FROM placed GROUP BY search
        """
    )
    db.execute(
        f"""
        CREATE TEMP TABLE passed AS
        SELECT search, count(*) FILTER (place <= below_click) AS click_negatives,
            count(*) FILTER (place <= {HIGH_RANKS}) AS cart_negatives,
            list_transform(list_sort(list({{'place': place, 'object_id': object_id}})), lambda each: each.object_id)
                AS documents
        FROM (
            SELECT search, object_id, below_click, min(ordinal) AS place FROM shown JOIN depths USING (search)
            WHERE ordinal <= depth GROUP BY ALL
            UNION ALL
            SELECT search, object_id, below_click, list_position(hits, object_id) AS place FROM (
                SELECT search, object_id FROM shown SEMI JOIN responses USING (search)
                GROUP BY ALL HAVING max(ordinal) IS NULL
            ) JOIN responses USING (search) JOIN depths USING (search)
            WHERE list_position(hits, object_id) BETWEEN 1 AND depth
        ) ANTI JOIN acted USING (search, object_id) GROUP BY search
        """
    )
