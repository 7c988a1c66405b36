"""One row of a shop's export in the words of its format in; its UBI query and events, private, out."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mangaassist.data.privacy import PrivacyKey, protect_event, protect_query
from mangaassist.data.ubi import (
    EventAttributes,
    EventObject,
    EventPosition,
    UbiEvent,
    UbiQuery,
    with_event_id,
    with_query_id,
)

ShopAction = Literal["search", "impression", "click", "add_to_cart", "purchase", "add_to_wishlist"]
POSITIONED = ("search", "impression", "click")
"""Actions on a list of results. A cart has an order too, which says nothing about the results."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A document, and its position in the results, from 1, where the row tells it."""

    doc_id: str
    position: int | None = None


@dataclass(frozen=True, slots=True)
class ShopRow:
    """What one row says a shopper did.

    session: as the export names it; its clients need not be the same.  text: of a search.
    documents: what the action is about; of a search, what it showed.  message_id: the format's own id of the row.
    """

    action: ShopAction
    at: datetime
    client_id: str | None = None
    user_id: str | None = None
    session: str | None = None
    text: str | None = None
    documents: tuple[Placed, ...] = ()
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class UbiRows:
    """The row as UBI tells it; no event names its query yet.

    session: a pseudonym by which searches and events find each other; None if nobody knows whose row it is.
    """

    session: str | None
    query: UbiQuery | None
    events: list[UbiEvent]


def ubi_rows(row: ShopRow, key: PrivacyKey) -> UbiRows:
    """The query and the events that a row stands for.

    Their ids depend on what the row says and not on the file, so the same row in two exports counts once.
    """
    named = key.pseudonym(f"{row.client_id or ''}\0{row.session}") if row.session else None
    query = _query(row, key) if row.action == "search" else None
    events = [_event(row, number, named, key) for number in range(len(row.documents))]
    session = named or (key.pseudonym(row.client_id) if row.client_id else None)
    return UbiRows(session, query, events)


def _query(row: ShopRow, key: PrivacyKey) -> UbiQuery:
    query = UbiQuery(
        user_query=row.text or "",
        query_id=row.message_id and _id_of(row.message_id, "query"),
        client_id=row.client_id,
        timestamp=row.at,
    )
    return with_query_id(protect_query(query, key))


def _event(row: ShopRow, number: int, session: str | None, key: PrivacyKey) -> UbiEvent:
    document = row.documents[number]
    event = UbiEvent(
        action_name="impression" if row.action == "search" else row.action,
        timestamp=row.at,
        event_id=row.message_id and _id_of(row.message_id, str(number)),
        session_id=session,
        client_id=row.client_id,
        user_id=row.user_id,
        event_attributes=EventAttributes(
            object=EventObject(object_id=document.doc_id),
            position=EventPosition(ordinal=document.position if row.action in POSITIONED else None),
        ),
    )
    return with_event_id(protect_event(event, key))


def _id_of(message_id: str, part: str) -> str:
    return hashlib.sha256(f"{message_id}\0{part}".encode()).hexdigest()[:32]
