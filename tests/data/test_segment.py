import json
from typing import Any

import pytest
from export_log import at, products, segment
from pydantic import ValidationError

from mangaassist.data.problems import Problem, first_problem
from mangaassist.data.segment import segment_row
from mangaassist.data.shop_rows import Placed, ShopRow


def problem_of(row: dict[str, Any]) -> Problem:
    with pytest.raises(ValidationError) as refused:
        segment_row(row)
    return first_problem(refused.value)


def test_products_searched_is_a_search() -> None:
    row = segment("Products Searched", 5, query="cozy manga", message="m1", user="u9")

    assert segment_row(row) == ShopRow(
        action="search", at=at(5), client_id="ann", user_id="u9", text="cozy manga", message_id="m1"
    )


@pytest.mark.parametrize(("event", "action"), [("Product List Viewed", "impression"), ("Order Completed", "purchase")])
def test_calls_with_products_are_one_action_on_each(event: str, action: str) -> None:
    said = segment_row(segment(event, products=products(("berserk", 1), ("vagabond", 4))))

    assert said is not None
    assert (said.action, said.documents) == (action, (Placed("berserk", 1), Placed("vagabond", 4)))


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("Product Clicked", "click"),
        ("Product Added", "add_to_cart"),
        ("Product Added to Wishlist", "add_to_wishlist"),
    ],
)
def test_calls_with_a_product_are_an_action_on_it(event: str, action: str) -> None:
    said = segment_row(segment(event, product_id="berserk", position=3))

    assert said is not None
    assert (said.action, said.documents) == (action, (Placed("berserk", 3),))


@pytest.mark.parametrize(
    "row",
    [{"type": "page", "name": "Home"}, {"type": "identify"}, segment("Checkout Started"), segment("Video Viewed")],
)
def test_other_calls_are_no_business_of_search(row: dict[str, Any]) -> None:
    assert segment_row(row) is None


@pytest.mark.parametrize(
    ("properties", "context", "session"),
    [
        ({"session_id": "s1"}, {"sessionId": 99}, "s1"),
        ({}, {"sessionId": 1762171200}, "1762171200"),
        ({}, {}, None),
    ],
)
def test_a_session_is_what_the_shop_or_the_library_says(
    properties: dict[str, Any], context: dict[str, Any], session: str | None
) -> None:
    said = segment_row(segment("Products Searched", query="x", context=context, **properties))

    assert said is not None
    assert said.session == session


def test_a_call_from_a_server_knows_only_the_user() -> None:
    said = segment_row(segment("Order Completed", client=None, user="u9", products=products(("berserk", 1))))

    assert said is not None
    assert (said.client_id, said.user_id) == ("u9", "u9")


def test_what_stands_in_csv_cells_is_read_as_json() -> None:
    row = segment("Product List Viewed", products=products(("berserk", 1)))
    cells = row | {"properties": json.dumps(row["properties"]), "context": json.dumps(row["context"])}

    assert segment_row(cells) == segment_row(row)


@pytest.mark.parametrize(
    ("row", "field", "reason"),
    [
        ({"type": "track"}, "event", "Field required"),
        (segment("Products Searched"), "properties", "holds no query"),
        (segment("Product List Viewed", products=[]), "properties", "names no products"),
        (segment("Order Completed", product_id="berserk"), "properties", "names no products"),
        (segment("Product Clicked", products=products(("berserk", 1))), "properties", "holds no product_id"),
        (segment("Product Clicked", product_id="a", position=0), "properties.position", "is 0, but positions are 1-"),
        (segment("Product Clicked", product_id="a") | {"timestamp": "2026-11-03T12:00:00"}, "timestamp", "has no time"),
        (segment("Product Clicked", product_id="a") | {"messageId": ["m"]}, "messageId", "Input should be a valid str"),
        (segment("Product Clicked") | {"properties": None}, "properties", "holds no product_id"),
    ],
)
def test_a_call_that_cannot_be_used_says_where_and_why(row: dict[str, Any], field: str, reason: str) -> None:
    problem = problem_of(row)

    assert problem.field == field
    assert problem.reason.startswith(reason)
    assert problem.remedy
