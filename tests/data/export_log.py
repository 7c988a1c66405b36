"""Rows of GA4 and Segment exports, written as their makers write them; times in seconds after `START`."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 3, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def ga4(
    name: str,
    seconds: float = 0.0,
    *,
    client: str | None = "ann.1",
    session: int | None = 7,
    term: str | None = None,
    items: Sequence[tuple[str, int | None]] = (),
    user: str | None = None,
) -> dict[str, Any]:
    """An event as BigQuery writes it to JSON: whole numbers of 64 bits as text. items: (item_id, index from 0)."""
    params = [{"key": "page_location", "value": {"string_value": "https://shop.example/"}}]
    if session is not None:
        params.append({"key": "ga_session_id", "value": {"int_value": str(session)}})
    if term is not None:
        params.append({"key": "search_term", "value": {"string_value": term}})
    return {
        "event_date": "20261103",
        "event_timestamp": str(round(at(seconds).timestamp() * 1_000_000)),
        "event_name": name,
        "event_params": params,
        "user_id": user,
        "user_pseudo_id": client,
        "items": [
            {"item_id": doc_id, "item_name": doc_id.title()} | ({} if index is None else {"index": index})
            for doc_id, index in items
        ],
    }


def segment(event: str, seconds: float = 0.0, *, client: str | None = "ann", **more: Any) -> dict[str, Any]:
    """A track call; `more` are its properties, and `message` its id, `user` its user, `context` its context."""
    call: dict[str, Any] = {
        "type": "track",
        "event": event,
        "messageId": more.pop("message", f"m-{event}-{seconds}-{client}"),
        "anonymousId": client,
        "userId": more.pop("user", None),
        "timestamp": at(seconds).isoformat().replace("+00:00", "Z"),
        "context": more.pop("context", {"library": {"name": "analytics.js"}}),
    }
    return {**call, "properties": more}


def products(*placed: tuple[str, int]) -> list[dict[str, Any]]:
    """Products at their positions from 1."""
    return [{"product_id": doc_id, "position": position, "name": doc_id.title()} for doc_id, position in placed]
