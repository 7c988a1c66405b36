import json
from typing import Any

import pytest
from export_log import at, ga4
from pydantic import ValidationError

from mangaassist.data.ga4 import ga4_row
from mangaassist.data.problems import Problem, first_problem
from mangaassist.data.shop_rows import Placed, ShopRow


def problem_of(row: dict[str, Any]) -> Problem:
    with pytest.raises(ValidationError) as refused:
        ga4_row(row)
    return first_problem(refused.value)


def test_a_view_of_search_results_is_a_search_with_what_it_showed() -> None:
    row = ga4("view_search_results", 5, term="cozy manga", items=[("yotsuba", 0), ("barakamon", 1)], user="u9")

    assert ga4_row(row) == ShopRow(
        action="search",
        at=at(5),
        client_id="ann.1",
        user_id="u9",
        session="7",
        text="cozy manga",
        documents=(Placed("yotsuba", 1), Placed("barakamon", 2)),
    )


def test_a_search_need_not_say_what_it_showed() -> None:
    said = ga4_row(ga4("view_search_results", term="cozy manga"))

    assert said is not None
    assert said.documents == ()


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("view_item_list", "impression"),
        ("select_item", "click"),
        ("add_to_cart", "add_to_cart"),
        ("purchase", "purchase"),
        ("add_to_wishlist", "add_to_wishlist"),
    ],
)
def test_events_on_items_are_what_ubi_calls_them(name: str, action: str) -> None:
    said = ga4_row(ga4(name, items=[("berserk", 0), ("vagabond", 3)]))

    assert said is not None
    assert (said.action, said.documents) == (action, (Placed("berserk", 1), Placed("vagabond", 4)))


@pytest.mark.parametrize("name", ["page_view", "session_start", "scroll", "our_own_event"])
def test_other_events_are_no_business_of_search(name: str) -> None:
    assert ga4_row(ga4(name)) is None


@pytest.mark.parametrize(("index", "position"), [(0, 1), ("0", 1), ("12", 13), ("(not set)", None), (None, None)])
@pytest.mark.parametrize("name", ["index", "item_list_index"])
def test_positions_count_from_0_under_either_name(name: str, index: object, position: int | None) -> None:
    row = ga4("select_item") | {"items": [{"item_id": "berserk", name: index}]}

    said = ga4_row(row)

    assert said is not None
    assert said.documents == (Placed("berserk", position),)


def test_a_search_for_a_number_is_a_text_though_ga4_says_it_is_a_number() -> None:
    row = ga4("view_search_results")
    for kind, number, text in [("int_value", 86, "86"), ("double_value", 20.5, "20.5")]:
        row["event_params"] = [{"key": "search_term", "value": {"string_value": None, kind: number}}]

        said = ga4_row(row)

        assert said is not None
        assert said.text == text


def test_what_stands_in_csv_cells_is_read_as_json() -> None:
    row = ga4("view_item_list", 1, items=[("berserk", 2)])
    cells = row | {"event_params": json.dumps(row["event_params"]), "items": json.dumps(row["items"])}

    assert ga4_row(cells) == ga4_row(row)


def test_not_set_is_nobody() -> None:
    said = ga4_row(ga4("select_item", client="(not set)", session=None, items=[("berserk", 0)], user=""))

    assert said is not None
    assert (said.client_id, said.user_id, said.session) == (None, None, None)


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"event_name": None}, "event_name", "Input should be 'view_search_results', "),
        ({"event_timestamp": None}, "event_timestamp", "is no whole number"),
        ({"event_timestamp": "2026-11-03"}, "event_timestamp", "is no whole number"),
        ({"event_timestamp": "1762171200"}, "event_timestamp", "lies outside 1990-2100"),
        ({"event_timestamp": 10**40}, "event_timestamp", "lies outside all calendars"),
        ({"event_params": "search"}, "event_params", "is no list of keys and values"),
        ({"items": []}, "items", "names no item"),
        ({"items": [{"item_id": "a"}, {"item_id": "(not set)"}]}, "items.1.item_id", "Input should be a valid string"),
        ({"items": [{"item_id": "a", "index": -1}]}, "items.0.index", "Input should be greater than or equal to 0"),
    ],
)
def test_a_row_that_cannot_be_used_says_where_and_why(change: dict[str, Any], field: str, reason: str) -> None:
    problem = problem_of(ga4("select_item", items=[("berserk", 0)]) | change)

    assert problem.field == field
    assert problem.reason.startswith(reason)
    assert problem.remedy


@pytest.mark.parametrize("term", [None, "  ", "(not set)"])
def test_a_search_without_a_text_is_refused(term: str | None) -> None:
    problem = problem_of(ga4("view_search_results", term=term))

    assert (problem.field, problem.reason) == ("event_params", "holds no search_term")


def test_a_row_without_parameters_or_items_at_all_is_refused_not_passed() -> None:
    row = ga4("view_search_results")
    del row["event_params"]
    assert problem_of(row).field == "event_params"

    row = ga4("purchase")
    del row["items"]
    assert problem_of(row).field == "items"
