"""The rules for pairs of a log once more, row by row in plain Python: slow, and easy to read.

What `mangaassist.pairs` does in columns is held to it. Written against the rules, not against the columns.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from mangaassist.core.types import DocId, Pair, PairSource, QueryId
from mangaassist.pairs import (
    HeldOut,
    LiveLogRules,
    PairRules,
    PairsReport,
    cap_client_share,
    cap_repeats,
    largest_client_share,
)

Row = Mapping[str, Any]

CLICKS = ("click",)
CARTS = ("add_to_cart", "add_to_wishlist", "purchase")
ACTIONS: Mapping[PairSource, Sequence[str]] = {"click": CLICKS, "cart": CARTS}
WANTED = ("add_to_wishlist", "purchase")
MINUTE = timedelta(seconds=60)


@dataclass(frozen=True)
class Log:
    """Every id once, by time; the query of each id, the inhuman sessions."""

    queries: Sequence[Row]
    events: Sequence[Row]
    inhuman: Collection[str | None]

    @property
    def by_id(self) -> dict[str, Row]:
        return {query["query_id"]: query for query in self.queries}


def reference_pairs(
    source: PairSource,
    queries: pl.DataFrame,
    events: pl.DataFrame,
    rules: PairRules,
    held_out: Collection[QueryId] = (),
) -> PairsReport:
    """What `click_pairs` or `cart_pairs` must give."""
    log = read(queries, events, rules)
    actions = [event for event in log.events if event["action_name"] in ACTIONS[source]]
    reasons = [reason(event, log, rules, held_out) for event in actions]
    dropped = Counter(why for why in reasons if why)
    usable = {event["query_id"] for event, why in zip(actions, reasons, strict=True) if why is None}
    pairs = []
    for query in log.queries:
        if query["query_id"] in usable:
            pairs += search_pairs(source, query, log)
            dropped["add_to_cart_alone"] += alone(query, log) if source == "cart" else 0
    kept, repeats = cap_repeats(pairs, max_repeats=rules.max_repeats)
    dropped["too_many_repeats"] += sum(len(pair.evidence) for pair in repeats)
    levelled = cap_client_share(kept, max_share=rules.max_client_share)
    return PairsReport(
        pairs=levelled,
        raw=dict(sorted(Counter(event["action_name"] for event in actions).items())),
        dropped={why: count for why, count in sorted(dropped.items()) if count},  # type: ignore[misc]
        inhuman_sessions=len(log.inhuman),
        largest_client_share=largest_client_share(levelled),
    )


def read(queries: pl.DataFrame, events: pl.DataFrame, rules: PairRules) -> Log:
    asked, happened = first_of_each(queries, "query_id"), first_of_each(events, "event_id")
    return Log(asked, happened, inhuman_sessions(asked, happened, rules))


def first_of_each(frame: pl.DataFrame, key: str) -> list[Row]:
    rows: dict[str, Row] = {}
    for row in sorted(frame.iter_rows(named=True), key=lambda row: (row["timestamp"], row[key])):
        rows.setdefault(row[key], row)
    return list(rows.values())


def session(event: Row) -> str | None:
    if event["session_id"] is not None:
        return str(event["session_id"])
    if event["client_id"] is not None:
        return f"client {event['client_id']}"
    return None if event["query_id"] is None else f"query {event['query_id']}"


def inhuman_sessions(queries: Sequence[Row], events: Sequence[Row], rules: PairRules) -> set[str]:
    asked = {query["query_id"]: query["timestamp"] for query in queries}
    searches = {
        (session(event), event["query_id"]): asked[event["query_id"]] for event in events if event["query_id"] in asked
    }
    acts = [(session(event), event["timestamp"]) for event in events if event["action_name"] in (*CLICKS, *CARTS)]
    searched = [(name, at) for (name, _), at in searches.items()]
    return too_fast(searched, rules.max_searches_per_minute) | too_fast(acts, rules.max_actions_per_minute)


def too_fast(moments: Sequence[tuple[str | None, datetime]], most: int) -> set[str]:
    return {
        name
        for name, end in moments
        if name is not None and sum(other == name and end - MINUTE < at <= end for other, at in moments) > most
    }


def reason(event: Row, log: Log, rules: PairRules, held_out: Collection[QueryId]) -> str | None:
    query = log.by_id.get(event["query_id"])
    confidence = None if query is None else query["intent_confidence"]
    checks = (
        ("no_document", event["object_id"] is None),
        ("unknown_query", query is None),
        ("empty_query", query is not None and not (query["user_query"] or "").strip()),
        ("inhuman_session", session(event) in log.inhuman),
        ("intent_other", query is not None and query["intent"] == "other"),
        (
            "intent_uncertain",
            confidence is not None and (math.isnan(confidence) or confidence < rules.min_intent_confidence),
        ),
        ("held_out_for_test", event["query_id"] in held_out),
    )
    return next((name for name, holds in checks if holds), None)


def events_of(query: Row, log: Log) -> list[Row]:
    """By humans, about a document, by time."""
    return [
        event
        for event in log.events
        if event["query_id"] == query["query_id"]
        and event["object_id"] is not None
        and session(event) not in log.inhuman
    ]


def search_pairs(source: PairSource, query: Row, log: Log) -> list[Pair]:
    events = events_of(query, log)
    acts = [event for event in events if event["action_name"] in (*CLICKS, *CARTS)]
    shown = [event for event in events if event["action_name"] == "impression"]
    places = positions(query, acts, shown)
    clicked = {event["object_id"] for event in acts if event["action_name"] in CLICKS}
    lowest = max((places.get(doc_id, 0) for doc_id in clicked), default=0)
    down_to = 3 if source == "cart" else lowest + 1 if lowest else 0
    untouched = {event["object_id"] for event in shown} - {event["object_id"] for event in acts}
    passed = sorted((places[doc_id], doc_id) for doc_id in untouched if places.get(doc_id, math.inf) <= down_to)
    positives = clicked if source == "click" else wanted(acts)
    return [
        Pair(
            query_text=query["user_query"],
            positive=DocId(doc_id),
            source=source,
            negatives=tuple(DocId(other) for _, other in passed),
            query_id=query["query_id"],
            client=query["client_id"] or events[0]["client_id"] or session(events[0]) or "",
            at=evidence[0]["timestamp"],
            evidence=tuple(event["event_id"] for event in evidence),
        )
        for doc_id in positives
        if (
            evidence := [
                each for each in acts if each["object_id"] == doc_id and each["action_name"] in ACTIONS[source]
            ]
        )
    ]


def positions(query: Row, acts: Iterable[Row], shown: Iterable[Row]) -> dict[str, int]:
    """As the impressions, else the actions, else the response say; of each the best."""
    places: dict[str, int] = {}
    for place, doc_id in enumerate(query["query_response_hit_ids"] or (), start=1):
        places.setdefault(doc_id, place)
    for events in (acts, shown):
        told: dict[str, int] = {}
        for event in events:
            if event["ordinal"] is not None:
                told[event["object_id"]] = min(event["ordinal"], told.get(event["object_id"], event["ordinal"]))
        places |= told
    return places


def wanted(acts: Iterable[Row]) -> set[str]:
    return {event["object_id"] for event in acts if event["action_name"] in WANTED}


def alone(query: Row, log: Log) -> int:
    carts = [event for event in events_of(query, log) if event["action_name"] in CARTS]
    return sum(event["object_id"] not in wanted(carts) for event in carts)


def reference_held_out(queries: pl.DataFrame, events: pl.DataFrame, rules: LiveLogRules) -> HeldOut:
    """What `hold_out_newest` must give: whole visits, joined where a search belongs to two of them."""
    asked, happened = first_of_each(queries, "query_id"), first_of_each(events, "event_id")
    visits = {event["event_id"]: visit(event) for event in happened}
    began: dict[str, datetime] = {}
    links: dict[str, set[str]] = {query["query_id"]: set() for query in asked}
    for event in happened:
        name = visits[event["event_id"]]
        began[name] = min(event["timestamp"], began.get(name, event["timestamp"]))
        if event["query_id"] is not None:
            links.setdefault(event["query_id"], set()).add(name)
    for query in asked:
        for name in links[query["query_id"]] or {f"query {query['query_id']}"}:
            links[query["query_id"]].add(name)
            began[name] = min(query["timestamp"], began.get(name, query["timestamp"]))
    for _ in began:  # long enough for the longest chain
        for names in links.values():
            began |= dict.fromkeys(names, min(began[name] for name in names)) if names else {}
    days = sorted({at.date() for at in began.values()})
    newest = math.floor(rules.newest_share * len(days) + 1e-9)
    if not newest:
        return HeldOut(None, frozenset(), frozenset())
    held = {name for name, at in began.items() if at.date() >= days[-newest]}
    return HeldOut(
        since=days[-newest],
        query_ids=frozenset(query["query_id"] for query in asked if links[query["query_id"]] & held),
        event_ids=frozenset(event_id for event_id, name in visits.items() if name in held),
    )


def visit(event: Row) -> str:
    if event["session_id"] is not None:
        return str(event["session_id"])
    if event["client_id"] is not None:
        return f"client {event['client_id']} {event['timestamp'].date()}"
    return str(event["query_id"] or f"event {event['event_id']}")
