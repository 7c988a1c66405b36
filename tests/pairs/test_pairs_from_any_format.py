"""One small log, told in UBI, in GA4 and in Segment, makes the same pairs."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mangaassist.data import Workspace, ingest, ingest_export, ubi_events, ubi_queries
from mangaassist.pairs import PairRules, cart_pairs, click_pairs

START = datetime(2026, 11, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Did:
    """One thing that one client did, so many seconds after the start."""

    what: str
    seconds: int
    client: str
    docs: tuple[str, ...] = ()
    text: str = ""
    first: int = 1


LOG = (
    Did("search", 0, "ann", text="cozy manga"),
    Did("impression", 1, "ann", ("m1", "m2", "m3", "m4")),
    Did("click", 10, "ann", ("m3",), first=3),
    Did("search", 20, "bob", text="dark fantasy"),
    Did("impression", 21, "bob", ("m5", "m6", "m7")),
    Did("add_to_cart", 30, "ann", ("m3",)),
    Did("purchase", 90, "ann", ("m3",)),
    Did("click", 95, "bob", ("m5",)),
    Did("add_to_wishlist", 96, "bob", ("m7",)),
    Did("search", 100, "bob", text="iyashikei"),
    Did("impression", 101, "bob", ("m1", "m2")),
    Did("click", 102, "bob", ("m2",), first=2),
    Did("add_to_cart", 103, "bob", ("m2",)),
    Did("click", 5_000, "ann", ("m9",)),
)
GA4 = {
    "search": "view_search_results",
    "impression": "view_item_list",
    "click": "select_item",
    "add_to_cart": "add_to_cart",
    "purchase": "purchase",
    "add_to_wishlist": "add_to_wishlist",
}
SEGMENT = {
    "search": "Products Searched",
    "impression": "Product List Viewed",
    "click": "Product Clicked",
    "add_to_cart": "Product Added",
    "purchase": "Order Completed",
    "add_to_wishlist": "Product Added to Wishlist",
}


def moment(did: Did) -> datetime:
    return START + timedelta(seconds=did.seconds)


def query_of(did: Did) -> str | None:
    """Whom the shop's own log would name: told by hand, not by time."""
    return {"ann": None if did.seconds > 4_000 else "q0", "bob": "q20" if did.seconds < 100 else "q100"}[did.client]


def as_ubi() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    queries = [
        {"query_id": query_of(did), "user_query": did.text, "client_id": did.client, "timestamp": str(moment(did))}
        for did in LOG
        if did.what == "search"
    ]
    events = [
        {
            "action_name": did.what,
            "timestamp": str(moment(did)),
            "query_id": query_of(did),
            "client_id": did.client,
            "event_attributes": {
                "object": {"object_id": doc_id},
                "position": {"ordinal": position} if did.what in ("impression", "click") else {},
            },
        }
        for did in LOG
        for position, doc_id in enumerate(did.docs, start=did.first)
    ]
    return queries, events


def as_ga4(did: Did) -> dict[str, Any]:
    params = [{"key": "ga_session_id", "value": {"int_value": 1}}]
    params += [{"key": "search_term", "value": {"string_value": did.text}}] if did.text else []
    return {
        "event_name": GA4[did.what],
        "event_timestamp": int(moment(did).timestamp()) * 1_000_000,
        "user_pseudo_id": did.client,
        "event_params": params,
        "items": [{"item_id": doc_id, "index": index} for index, doc_id in enumerate(did.docs, start=did.first - 1)],
    }


def as_segment(did: Did) -> dict[str, Any]:
    placed = [{"product_id": doc_id, "position": place} for place, doc_id in enumerate(did.docs, start=did.first)]
    is_list = did.what in ("impression", "purchase")
    properties: dict[str, Any] = {"products": placed} if is_list else placed[0] if placed else {"query": did.text}
    return {
        "type": "track",
        "event": SEGMENT[did.what],
        "messageId": f"m{did.seconds}",
        "anonymousId": did.client,
        "timestamp": moment(did).isoformat(),
        "properties": properties,
    }


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
    """The queries and events of each format. Exports come backwards: they are in no order."""
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(tmp_path / "keys" / "privacy.key"))
    shops = {name: Workspace.create(tmp_path / name) for name in ("ubi", "ga4", "segment")}
    queries, events = as_ubi()
    ingest(shops["ubi"], "queries", write(tmp_path / "queries.jsonl", queries))
    ingest(shops["ubi"], "events", write(tmp_path / "events.jsonl", events))
    ingest_export(shops["ga4"], "ga4", write(tmp_path / "ga4.jsonl", map(as_ga4, reversed(LOG))))
    ingest_export(shops["segment"], "segment", write(tmp_path / "segment.jsonl", map(as_segment, reversed(LOG))))
    return {name: (ubi_queries(shop), ubi_events(shop)) for name, shop in shops.items()}


def said(report: Any) -> tuple[Any, ...]:
    """What pairs say, without ids, which are the formats' own."""
    pairs = sorted(
        (each.query_text, each.positive, each.source, each.negatives, each.client, each.at, len(each.evidence))
        for each in report.pairs
    )
    return pairs, report.raw, report.dropped, report.inhuman_sessions


def test_a_log_makes_the_same_click_pairs_in_every_format(
    logs: dict[str, tuple[pl.DataFrame, pl.DataFrame]],
) -> None:
    found = {name: said(click_pairs(*tables, PairRules())) for name, tables in logs.items()}

    pairs, raw, dropped, _ = found["ubi"]
    assert [(text, positive, negatives) for text, positive, _, negatives, *_ in pairs] == [
        ("cozy manga", "m3", ("m1", "m2", "m4")),
        ("dark fantasy", "m5", ("m6",)),
        ("iyashikei", "m2", ("m1",)),
    ]
    assert (raw, dropped) == ({"click": 4}, {"unknown_query": 1})
    assert found["ga4"] == found["ubi"]
    assert found["segment"] == found["ubi"]


def test_a_log_makes_the_same_cart_pairs_in_every_format(
    logs: dict[str, tuple[pl.DataFrame, pl.DataFrame]],
) -> None:
    found = {name: said(cart_pairs(*tables, PairRules())) for name, tables in logs.items()}

    pairs, raw, dropped, _ = found["ubi"]
    assert [(text, positive, negatives) for text, positive, _, negatives, *_ in pairs] == [
        ("cozy manga", "m3", ("m1", "m2")),
        ("dark fantasy", "m7", ("m6",)),
    ]
    assert (raw, dropped) == ({"add_to_cart": 2, "add_to_wishlist": 1, "purchase": 1}, {"add_to_cart_alone": 1})
    assert found["ga4"] == found["ubi"]
    assert found["segment"] == found["ubi"]
