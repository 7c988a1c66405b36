"""Query and event tables in, one record per usable search out: what was shown where, and what was done with it.

A search is usable if its query is known and has a text, its session is a human's, and the query was routed to an intent
that the adapter serves, with enough confidence. Where the log says nothing about the intent, nobody doubted it either:
such a query is usable, so that logs of shops without an intent router train too.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from mangaassist.core.types import DocId, QueryId
from mangaassist.pairs.rules import DropReason, PairRules

CLICK_ACTIONS = ("click",)
CART_ACTIONS = ("add_to_cart", "add_to_wishlist", "purchase")


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a shopper did with one document of a search."""

    event_id: str
    name: str
    doc_id: DocId
    at: datetime


@dataclass(frozen=True, slots=True)
class Search:
    """One query with what was shown and done.

    session: the session's id, else the client's, else the query's.
    positions: where a document stood, 1-based, as its impressions, else its actions, else the response say.
    shown: the documents that have an impression.  actions: in time order.
    """

    query_id: QueryId
    text: str
    client: str
    session: str
    positions: Mapping[DocId, int]
    shown: frozenset[DocId]
    actions: tuple[Action, ...]

    def acted_on(self, names: Sequence[str]) -> dict[DocId, list[Action]]:
        """The documents with an action of these names, by first action, each with those actions."""
        found: dict[DocId, list[Action]] = {}
        for action in self.actions:
            if action.name in names:
                found.setdefault(action.doc_id, []).append(action)
        return found

    def skipped(self, *, down_to: int) -> tuple[DocId, ...]:
        """Documents shown at positions 1 to `down_to` that nothing was done with, best position first."""
        touched = {action.doc_id for action in self.actions}
        places = sorted((self.positions[doc_id], doc_id) for doc_id in self.shown - touched if doc_id in self.positions)
        return tuple(doc_id for position, doc_id in places if position <= down_to)


@dataclass(frozen=True, slots=True)
class UsableLog:
    """The usable searches, with the count of raw events by action and of dropped ones by reason."""

    searches: list[Search]
    raw: Mapping[str, int]
    dropped: Mapping[DropReason, int]
    inhuman_sessions: int


def usable_log(
    queries: pl.DataFrame,
    events: pl.DataFrame,
    actions: Sequence[str],
    rules: PairRules,
    *,
    held_out: Collection[QueryId] = (),
) -> UsableLog:
    """The searches that have one of the `actions` and may become pairs; repeated query and event ids count once.

    held_out: queries that are left out for this reason alone, after every other one.
    """
    queries = queries.sort("timestamp", "query_id").unique("query_id", keep="first", maintain_order=True)
    events = _with_sessions(events.sort("timestamp", "event_id").unique("event_id", keep="first", maintain_order=True))
    inhuman = _inhuman_sessions(queries, events, rules)
    judged = _with_reasons(queries, events.filter(pl.col("action_name").is_in(actions)), inhuman, rules, held_out)
    kept = judged.filter(pl.col("reason").is_null())["query_id"].unique().implode()
    human = ~pl.col("session").is_in(inhuman.implode()).fill_null(value=False)
    return UsableLog(
        searches=_searches(
            queries.filter(pl.col("query_id").is_in(kept)),
            events.filter(pl.col("query_id").is_in(kept), pl.col("object_id").is_not_null(), human),
        ),
        raw=dict(sorted(Counter(judged["action_name"].to_list()).items())),
        dropped=dict(sorted(Counter(judged["reason"].drop_nulls().to_list()).items())),
        inhuman_sessions=len(inhuman),
    )


def shown_results(queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules) -> pl.DataFrame:
    """Every result that a usable search has an impression of, whether anything was clicked there or not.

    Columns: query_id, user_query, object_id, position (from 1; as its impressions say, else the response), clicked.
    Results without a position are left out. Arguments as for `usable_log`.
    """
    queries = queries.sort("timestamp", "query_id").unique("query_id", keep="first", maintain_order=True)
    events = _with_sessions(events.sort("timestamp", "event_id").unique("event_id", keep="first", maintain_order=True))
    inhuman = _inhuman_sessions(queries, events, rules)
    impressions = _with_reasons(queries, events.filter(pl.col("action_name") == "impression"), inhuman, rules, ())
    result = ("query_id", "object_id")
    clicks = events.filter(pl.col("action_name").is_in(CLICK_ACTIONS)).select(*result, clicked=True).unique()
    responses = (
        queries.select("query_id", object_id="query_response_hit_ids")
        .explode("object_id")
        .with_columns(place=pl.int_range(1, pl.len() + 1).over("query_id"))
        .group_by(result)
        .agg(pl.col("place").min())
    )
    return (
        impressions.filter(pl.col("reason").is_null())
        .group_by("query_id", "user_query", "object_id")
        .agg(pl.col("ordinal").min())
        .join(responses, on=result, how="left")
        .join(clicks, on=result, how="left")
        .with_columns(position=pl.coalesce("ordinal", "place"), clicked=pl.col("clicked").fill_null(value=False))
        .drop_nulls("position")
        .select("query_id", "user_query", "object_id", "position", "clicked")
        .sort("query_id", "position", "object_id")
    )


def _with_sessions(events: pl.DataFrame) -> pl.DataFrame:
    """Events with a `session`: the session's id, else the client's, else the query's."""
    session = pl.coalesce("session_id", pl.format("client {}", "client_id"), pl.format("query {}", "query_id"))
    return events.with_columns(session=session)


def _inhuman_sessions(queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules) -> pl.Series:
    """The sessions that searched or acted more often than the rules allow in any 60 seconds."""
    searches = (
        events.group_by("session", "query_id")
        .agg(pl.col("timestamp").min().alias("first_event"))
        .join(queries.select("query_id", "timestamp"), on="query_id", how="inner")
        .with_columns(pl.coalesce("timestamp", "first_event").alias("timestamp"))
    )
    actions = events.filter(pl.col("action_name").is_in(CLICK_ACTIONS + CART_ACTIONS))
    return pl.concat(
        [_faster_than(rules.max_searches_per_minute, searches), _faster_than(rules.max_actions_per_minute, actions)]
    ).unique()


def _faster_than(most_per_minute: int, moments: pl.DataFrame) -> pl.Series:
    """The sessions with more than so many rows in some 60 seconds."""
    per_minute = (
        moments.select("session", "timestamp")
        .drop_nulls()
        .sort("timestamp")
        .rolling("timestamp", period="60s", group_by="session")
        .agg(pl.len().alias("rows"))
    )
    return per_minute.filter(pl.col("rows") > most_per_minute)["session"].unique()


def _with_reasons(
    queries: pl.DataFrame, actions: pl.DataFrame, inhuman: pl.Series, rules: PairRules, held_out: Collection[QueryId]
) -> pl.DataFrame:
    """The action events with the first `reason` why each may not be used, null where it may."""
    about = queries.select("query_id", "user_query", "intent", "intent_confidence", known=pl.lit(True))
    confidence = pl.col("intent_confidence").cast(pl.Float64)
    uncertain = confidence.is_nan() | (confidence < rules.min_intent_confidence)
    reason = (
        pl.when(pl.col("object_id").is_null())
        .then(pl.lit("no_document"))
        .when(pl.col("known").is_null())
        .then(pl.lit("unknown_query"))
        .when(pl.col("user_query").str.strip_chars().fill_null("") == "")
        .then(pl.lit("empty_query"))
        .when(pl.col("session").is_in(inhuman.implode()))
        .then(pl.lit("inhuman_session"))
        .when(pl.col("intent") == "other")
        .then(pl.lit("intent_other"))
        .when(uncertain)
        .then(pl.lit("intent_uncertain"))
        .when(pl.col("query_id").is_in(list(held_out)))
        .then(pl.lit("held_out_for_test"))
    )
    return actions.join(about, on="query_id", how="left", maintain_order="left").with_columns(reason=reason)


class _Row(NamedTuple):
    """One event that names a document and a usable query; the fields are columns."""

    query_id: QueryId
    event_id: str
    action_name: str
    object_id: DocId
    timestamp: datetime
    ordinal: int | None
    client_id: str | None
    session: str


def _searches(queries: pl.DataFrame, events: pl.DataFrame) -> list[Search]:
    """One record per query, in the order of the queries."""
    of_query: dict[str, list[_Row]] = {}
    for row in map(_Row._make, events.select(_Row._fields).iter_rows()):
        of_query.setdefault(row.query_id, []).append(row)
    return [_search(query, of_query[query["query_id"]]) for query in queries.iter_rows(named=True)]


def _search(query: Mapping[str, Any], rows: Sequence[_Row]) -> Search:
    impressions = [row for row in rows if row.action_name == "impression"]
    actions = [row for row in rows if row.action_name in CLICK_ACTIONS + CART_ACTIONS]
    positions: dict[DocId, int] = {
        doc_id: place for place, doc_id in reversed(list(enumerate(query["query_response_hit_ids"] or (), start=1)))
    }
    return Search(
        query_id=query["query_id"],
        text=query["user_query"],
        client=query["client_id"] or rows[0].client_id or rows[0].session,
        session=rows[0].session,
        positions=positions | _first_places(actions) | _first_places(impressions),
        shown=frozenset(row.object_id for row in impressions),
        actions=tuple(Action(row.event_id, row.action_name, row.object_id, row.timestamp) for row in actions),
    )


def _first_places(rows: Sequence[_Row]) -> dict[DocId, int]:
    """The best position that the events of each document give it."""
    places: dict[DocId, int] = {}
    for row in rows:
        if row.ordinal is not None:
            places[row.object_id] = min(row.ordinal, places.get(row.object_id, row.ordinal))
    return places
