"""Untrusted log rows in; User Behavior Insights 1.3 queries and events out.

UBI's own JSON schema joins its action names with `oneOf` and so rejects them; we read it as `anyOf`: any name passes.
"""

import hashlib
import json
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from mangaassist.data.contracts import (
    COUNT_LIMIT,
    LIST_LIMIT,
    Id,
    ObjectId,
    OptionalId,
    OptionalText,
    Record,
    Timestamp,
    UserText,
    as_text,
    json_cell,
)
from mangaassist.data.problems import refusal

KNOWN_ACTIONS: Final = ("impression", "click", "add_to_cart", "purchase", "add_to_wishlist")


def as_struct(value: object) -> object:
    """A struct; None as an empty one; JSON text (a CSV cell) as the struct it holds."""
    if value is None:
        return {}
    return json_cell(value, opening="{") if isinstance(value, str) else value


def as_hits(value: object) -> object:
    """A ranked list as it stands: dropping an entry would move those below it."""
    if value is None:
        return ()
    return json_cell(value, opening="[") if isinstance(value, str) else value


def one_based(value: object) -> object:
    """A position, if it counts from one."""
    if value in (0, "0"):
        raise refusal("zero_based", "is 0, but positions are 1-based", "add 1 to every position (GA4 counts from 0)")
    return value


class UbiQuery(Record):
    """What a user asked and what was returned. `query_id` is None only until `with_query_id`."""

    user_query: UserText
    application: OptionalId = None
    query_id: OptionalId = None
    client_id: OptionalId = None
    timestamp: Timestamp | None = None
    query_attributes: Annotated[dict[str, Any], BeforeValidator(as_struct)] = Field(default_factory=dict)
    query_response_id: OptionalId = None
    query_response_hit_ids: Annotated[tuple[ObjectId, ...], Field(max_length=LIST_LIMIT), BeforeValidator(as_hits)] = ()


class EventObject(Record):
    """The document that an event is about."""

    object_id: Annotated[ObjectId | None, BeforeValidator(as_text)] = None
    object_id_field: OptionalId = None


class EventPosition(Record):
    """Where the document stood in the results, from 1."""

    ordinal: Annotated[Annotated[int, Field(ge=1, le=COUNT_LIMIT)] | None, BeforeValidator(one_based)] = None


class EventAttributes(Record):
    """The document and its position."""

    object: Annotated[EventObject, BeforeValidator(as_struct)] = EventObject()
    position: Annotated[EventPosition, BeforeValidator(as_struct)] = EventPosition()


class UbiEvent(Record):
    """What a user did with a result. `event_id` is None only until `with_event_id`."""

    action_name: Id
    timestamp: Timestamp
    event_id: OptionalId = None
    application: OptionalId = None
    query_id: OptionalId = None
    session_id: OptionalId = None
    client_id: OptionalId = None
    user_id: OptionalId = None
    message: OptionalText = None
    event_attributes: Annotated[EventAttributes, BeforeValidator(as_struct)] = EventAttributes()


def with_query_id(query: UbiQuery) -> UbiQuery:
    """The query with an id: its own, or else one made of its content."""
    return query if query.query_id else query.model_copy(update={"query_id": content_id(query)})


def with_event_id(event: UbiEvent) -> UbiEvent:
    """The event with an id: its own, or else one made of its content, so that a repeated line is recognised.

    Call it after the client and user ids were replaced: a hash of the raw ones could be guessed back.
    """
    return event if event.event_id else event.model_copy(update={"event_id": content_id(event)})


def content_id(record: UbiQuery | UbiEvent) -> str:
    """32 hex digits that depend on what the record says, not on how its line was written."""
    content = record.model_dump(mode="json", exclude={"event_id"})
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:32]
