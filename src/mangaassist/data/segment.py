"""One Segment call in; what the shopper did out, or None where it is no business of search."""

from collections.abc import Mapping
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
)
from mangaassist.data.problems import refusal
from mangaassist.data.shop_rows import Placed, ShopAction, ShopRow
from mangaassist.data.ubi import as_hits, as_struct, one_based

Name = Literal[
    "Products Searched",
    "Product List Viewed",
    "Product Clicked",
    "Product Added",
    "Order Completed",
    "Product Added to Wishlist",
]
ACTIONS: Final[Mapping[Name, ShopAction]] = {
    "Products Searched": "search",
    "Product List Viewed": "impression",
    "Product Clicked": "click",
    "Product Added": "add_to_cart",
    "Order Completed": "purchase",
    "Product Added to Wishlist": "add_to_wishlist",
}
LISTS: Final = ("Products Searched", "Product List Viewed", "Order Completed")
"""Calls that name their documents in `properties.products`; the others name one."""

KEPT: Final[Mapping[str, Any]] = {
    "type": None,
    "event": None,
    "messageId": None,
    "anonymousId": None,
    "userId": None,
    "timestamp": None,
    "properties": {
        "query": None,
        "products": {"product_id": None, "position": None},
        "product_id": None,
        "position": None,
    },
}
"""What of a refused row may be kept: a shop writes what it likes into the rest, also about people."""

Position = Annotated[
    Annotated[int, Field(ge=1, le=COUNT_LIMIT)] | None, BeforeValidator(one_based), BeforeValidator(as_text)
]


class Product(Record):
    """One document and its position."""

    product_id: ObjectId
    position: Position = None


class Properties(Record):
    """The properties that matter here."""

    query: Annotated[UserText | None, BeforeValidator(as_text)] = None
    products: Annotated[tuple[Product, ...], Field(max_length=LIST_LIMIT), BeforeValidator(as_hits)] = ()
    product_id: Annotated[ObjectId | None, BeforeValidator(as_text)] = None
    position: Position = None
    session_id: OptionalId = None


class Context(Record):
    """The context that matters here."""

    session_id: OptionalId = Field(default=None, validation_alias="sessionId")


class SegmentCall(Record):
    """One track call of a name that we know."""

    event: Annotated[Name, BeforeValidator(as_text)]
    message_id: OptionalId = Field(default=None, alias="messageId")
    anonymous_id: OptionalId = Field(default=None, alias="anonymousId")
    user_id: OptionalId = Field(default=None, alias="userId")
    timestamp: Timestamp
    properties: Annotated[Properties, BeforeValidator(as_struct)] = Field(default=Properties(), validate_default=True)
    context: Annotated[Context, BeforeValidator(as_struct)] = Context()

    @field_validator("properties")
    @classmethod
    def _with_what_it_is_about(cls, properties: Properties, info: ValidationInfo) -> Properties:
        event = info.data.get("event")
        if event == "Products Searched" and properties.query is None:
            raise refusal("no_query", "holds no query", "log the text with every search")
        if event in LISTS and event != "Products Searched" and not properties.products:
            raise refusal("no_product", "names no products", "log the products with the call")
        if event in ACTIONS and event not in LISTS and properties.product_id is None:
            raise refusal("no_product", "holds no product_id", "log the product with the call")
        return properties

    def documents(self) -> tuple[Placed, ...]:
        """What the call is about."""
        if self.event in LISTS:
            return tuple(Placed(product.product_id, product.position) for product in self.properties.products)
        return (Placed(self.properties.product_id or "", self.properties.position),)


def segment_row(values: Mapping[str, Any]) -> ShopRow | None:
    """What a call says. Raises ValidationError if it cannot be used."""
    kind, name = values.get("type"), values.get("event")
    if isinstance(kind, str) and kind.strip() not in ("", "track"):
        return None
    if isinstance(name, str) and name.strip() and name.strip() not in ACTIONS:
        return None
    call = SegmentCall.model_validate(values)
    return ShopRow(
        action=ACTIONS[call.event],
        at=call.timestamp,
        client_id=call.anonymous_id or call.user_id,
        user_id=call.user_id,
        session=call.properties.session_id or call.context.session_id,
        text=call.properties.query,
        documents=call.documents(),
        message_id=call.message_id,
    )
