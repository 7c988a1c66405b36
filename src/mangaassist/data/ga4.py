"""One row of a GA4 export to BigQuery in; what the shopper did out, or None where it is no business of search."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from mangaassist.data.contracts import (
    COUNT_LIMIT,
    LIST_LIMIT,
    ObjectId,
    OptionalId,
    Record,
    Timestamp,
    UserText,
    as_text,
    json_cell,
)
from mangaassist.data.problems import refusal
from mangaassist.data.shop_rows import Placed, ShopAction, ShopRow
from mangaassist.data.ubi import as_hits

Name = Literal["view_search_results", "view_item_list", "select_item", "add_to_cart", "purchase", "add_to_wishlist"]
ACTIONS: Final[Mapping[Name, ShopAction]] = {
    "view_search_results": "search",
    "view_item_list": "impression",
    "select_item": "click",
    "add_to_cart": "add_to_cart",
    "purchase": "purchase",
    "add_to_wishlist": "add_to_wishlist",
}
PARAMS: Final = ("search_term", "ga_session_id")
KEPT: Final[Mapping[str, Any]] = {
    "event_name": None,
    "event_timestamp": None,
    "user_pseudo_id": None,
    "user_id": None,
    "items": {"item_id": None, "index": None, "item_list_index": None},
}
"""What of a refused row may be kept. Its parameters may not: a shop writes there what it likes, also about people."""

UNSET: Final = "(not set)"
VALUES: Final = ("string_value", "int_value", "float_value", "double_value")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def as_set(value: object) -> object:
    """Text as usual; None for what GA4 writes where there is nothing."""
    value = as_text(value)
    return None if value == UNSET else value


def as_moment(value: object) -> object:
    """Microseconds since 1970, a number or its digits, as a moment."""
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,18}\s*", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise refusal("micros", "is no whole number", "give microseconds since 1970, as GA4 exports them")
    try:
        return EPOCH + timedelta(microseconds=value)
    except OverflowError:
        raise refusal("micros", "lies outside all calendars", "give microseconds since 1970") from None


class Params(Record):
    """The event parameters that matter here."""

    search_term: Annotated[UserText | None, BeforeValidator(as_set)] = None
    ga_session_id: Annotated[OptionalId, BeforeValidator(as_set)] = None


def as_params(value: object) -> object:
    """The known parameters out of GA4's list of keys and values, the first of each key."""
    if isinstance(value, Params):
        return value
    entries = [] if value is None else json_cell(value, opening="[") if isinstance(value, str) else value
    if not isinstance(entries, list | tuple):
        raise refusal("params", "is no list of keys and values", 'export them as GA4 does: [{"key": …, "value": {…}}]')
    found: dict[str, object] = {}
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("key") in PARAMS and isinstance(entry.get("value"), Mapping):
            found.setdefault(entry["key"], _param(entry["value"]))
    return found


def _param(value: Mapping[Any, Any]) -> object:
    """The one value that is set; GA4 guesses the type, so that a search for "86" comes as a number."""
    given = next((value[name] for name in VALUES if value.get(name) is not None), None)
    return str(given) if isinstance(given, float) else given


Index = Annotated[Annotated[int, Field(ge=0, lt=COUNT_LIMIT)] | None, BeforeValidator(as_set)]


class Item(Record):
    """One entry of `items`. What a site logs as `index` stands in BigQuery as `item_list_index`; both count from 0."""

    item_id: Annotated[ObjectId, BeforeValidator(as_set)]
    index: Index = None
    item_list_index: Index = None

    def placed(self) -> Placed:
        """The item at its position from 1."""
        index = self.item_list_index if self.index is None else self.index
        return Placed(self.item_id, None if index is None else index + 1)


class Ga4Event(Record):
    """One exported event of a name that we know."""

    event_name: Annotated[Name, BeforeValidator(as_text)]
    event_timestamp: Annotated[Timestamp, BeforeValidator(as_moment)]
    user_pseudo_id: Annotated[OptionalId, BeforeValidator(as_set)] = None
    user_id: Annotated[OptionalId, BeforeValidator(as_set)] = None
    event_params: Annotated[Params, BeforeValidator(as_params)] = Field(default=Params(), validate_default=True)
    items: Annotated[tuple[Item, ...], Field(max_length=LIST_LIMIT), BeforeValidator(as_hits)] = Field(
        default=(), validate_default=True
    )

    @field_validator("event_params")
    @classmethod
    def _with_a_text(cls, params: Params, info: ValidationInfo) -> Params:
        if info.data.get("event_name") == "view_search_results" and params.search_term is None:
            raise refusal("no_search_term", "holds no search_term", "log the text with every search")
        return params

    @field_validator("items")
    @classmethod
    def _with_a_document(cls, items: tuple[Item, ...], info: ValidationInfo) -> tuple[Item, ...]:
        if info.data.get("event_name") not in (None, "view_search_results") and not items:
            raise refusal("no_item", "names no item", "log the items with the event")
        return items


def ga4_row(values: Mapping[str, Any]) -> ShopRow | None:
    """What a row says. Raises ValidationError if it cannot be used."""
    name = values.get("event_name")
    if isinstance(name, str) and name.strip() and name.strip() not in ACTIONS:
        return None
    event = Ga4Event.model_validate(values)
    return ShopRow(
        action=ACTIONS[event.event_name],
        at=event.event_timestamp,
        client_id=event.user_pseudo_id,
        user_id=event.user_id,
        session=event.event_params.ga_session_id,
        text=event.event_params.search_term,
        documents=tuple(item.placed() for item in event.items),
    )
