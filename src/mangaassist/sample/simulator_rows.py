"""What a simulated shopper did in, User Behavior Insights 1.3 rows out: one query row and its event rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mangaassist.core.types import DocId, Intent

APPLICATION = "sample-shop"


@dataclass(frozen=True, slots=True)
class LoggedSearch:
    """One search as a shop logs it: JSON-ready rows, events in time order."""

    query: dict[str, Any]
    events: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is searching: the ids that all rows of a session share."""

    client_id: str
    session_id: str
    locale: str


@dataclass(frozen=True, slots=True)
class Moment:
    """Times as the rows write them: seconds after `start`, in ISO 8601 with milliseconds and Z."""

    start: datetime

    def at(self, seconds: float) -> str:
        """The time so many seconds after the start."""
        moment = self.start + timedelta(seconds=seconds)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def query_row(
    query_id: str, visitor: Visitor, text: str, at: str, *, hits: Sequence[DocId], attributes: Mapping[str, Any]
) -> dict[str, Any]:
    """A row of the `queries` log."""
    return {
        "application": APPLICATION,
        "query_id": query_id,
        "client_id": visitor.client_id,
        "user_query": text,
        "query_attributes": {**attributes, "locale": visitor.locale},
        "timestamp": at,
        "query_response_id": f"{query_id}-r",
        "query_response_hit_ids": list(hits),
    }


class SearchEvents:
    """The event rows of one search, numbered as they come."""

    def __init__(self, query_id: str, visitor: Visitor, intent: Intent) -> None:
        self.rows: list[dict[str, Any]] = []
        self._shared = {
            "application": APPLICATION,
            "query_id": query_id,
            "session_id": visitor.session_id,
            "client_id": visitor.client_id,
        }
        self._id_field = "article_id" if intent == "faq" else "title_id"

    def add(self, action_name: str, doc_id: DocId, position: int, at: str) -> None:
        """Log one action on the document at a position (from 1)."""
        self.rows.append(
            {
                **self._shared,
                "event_id": f"{self._shared['query_id']}-e{len(self.rows):03d}",
                "action_name": action_name,
                "timestamp": at,
                "event_attributes": {
                    "object": {"object_id": doc_id, "object_id_field": self._id_field},
                    "position": {"ordinal": position},
                },
            }
        )
