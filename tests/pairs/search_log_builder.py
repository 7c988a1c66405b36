"""A search log written line by line in a test, handed over as the two tables that pairs are made from."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl

START = datetime(2026, 3, 1, tzinfo=UTC)

QUERY_SCHEMA: dict[str, pl.DataType] = {
    "query_id": pl.String(),
    "client_id": pl.String(),
    "user_query": pl.String(),
    "timestamp": pl.Datetime("us", "UTC"),
    "query_response_hit_ids": pl.List(pl.String()),
    "intent": pl.String(),
    "intent_confidence": pl.Float64(),
}
EVENT_SCHEMA: dict[str, pl.DataType] = {
    "event_id": pl.String(),
    "query_id": pl.String(),
    "session_id": pl.String(),
    "client_id": pl.String(),
    "action_name": pl.String(),
    "timestamp": pl.Datetime("us", "UTC"),
    "object_id": pl.String(),
    "ordinal": pl.Int64(),
}


class SearchLogBuilder:
    """Collects queries and events; `shown` names the documents with impressions, at positions 1, 2, …"""

    def __init__(self) -> None:
        self._queries: list[dict[str, object]] = []
        self._events: list[dict[str, object]] = []

    def query(
        self,
        query_id: str,
        text: str = "dark fantasy",
        *,
        shown: str = "",
        client: str | None = "ann",
        at: float = 0.0,
        intent: str | None = "recommendation",
        confidence: float | None = 0.9,
        hits: Sequence[str] = (),
    ) -> "SearchLogBuilder":
        self._queries.append(
            {
                "query_id": query_id,
                "client_id": client,
                "user_query": text,
                "timestamp": START + timedelta(seconds=at),
                "query_response_hit_ids": list(hits) or shown.split(),
                "intent": intent,
                "intent_confidence": confidence,
            }
        )
        for ordinal, doc_id in enumerate(shown.split(), start=1):
            self.event("impression", query_id, doc_id, ordinal=ordinal, client=client, at=at)
        return self

    def event(
        self,
        action: str,
        query_id: str | None,
        doc_id: str | None,
        *,
        ordinal: int | None = None,
        session: str | None = "s1",
        client: str | None = "ann",
        at: float = 1.0,
        event_id: str | None = None,
    ) -> "SearchLogBuilder":
        self._events.append(
            {
                "event_id": event_id or f"{action}-{query_id}-{doc_id}-{len(self._events)}",
                "query_id": query_id,
                "session_id": session,
                "client_id": client,
                "action_name": action,
                "timestamp": START + timedelta(seconds=at),
                "object_id": doc_id,
                "ordinal": ordinal,
            }
        )
        return self

    def click(self, query_id: str | None, doc_id: str | None, **details: object) -> "SearchLogBuilder":
        return self.event("click", query_id, doc_id, **details)  # type: ignore[arg-type]

    def frames(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return pl.DataFrame(self._queries, schema=QUERY_SCHEMA), pl.DataFrame(self._events, schema=EVENT_SCHEMA)
