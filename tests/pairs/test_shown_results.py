import polars as pl
import pytest
from search_log_builder import SearchLogBuilder

from mangaassist.pairs import PairRules, shown_results


def rows(log: SearchLogBuilder) -> list[tuple[str, str, int, bool]]:
    found = shown_results(*log.frames(), PairRules())
    return list(found.select("query_id", "object_id", "position", "clicked").iter_rows())


def test_every_shown_result_is_there_whether_anything_was_clicked_or_not() -> None:
    log = SearchLogBuilder().query("q1", shown="a b").click("q1", "b", ordinal=2)
    log.query("q2", "quiet", shown="c", at=5)

    assert rows(log) == [("q1", "a", 1, False), ("q1", "b", 2, True), ("q2", "c", 1, False)]
    assert shown_results(*log.frames(), PairRules())["user_query"].to_list() == [
        "dark fantasy",
        "dark fantasy",
        "quiet",
    ]


def test_a_result_shown_or_clicked_twice_is_one_at_its_best_place() -> None:
    log = SearchLogBuilder().query("q1", shown="a b").event("impression", "q1", "a", ordinal=7)
    log.click("q1", "a").click("q1", "a")

    assert rows(log) == [("q1", "a", 1, True), ("q1", "b", 2, False)]


def test_an_impression_without_a_position_stands_where_the_response_had_it_and_else_is_left_out() -> None:
    log = SearchLogBuilder().query("q1", hits=["b", "a"])
    log.event("impression", "q1", "a").event("impression", "q1", "x")

    assert rows(log) == [("q1", "a", 2, False)]


def test_what_was_clicked_without_ever_being_shown_is_no_shown_result() -> None:
    assert rows(SearchLogBuilder().query("q1", shown="a").click("q1", "z", ordinal=9)) == [("q1", "a", 1, False)]


@pytest.mark.parametrize(
    "log",
    [
        SearchLogBuilder().query("q1", shown="a", intent="other"),
        SearchLogBuilder().query("q1", shown="a", confidence=0.1),
        SearchLogBuilder().query("q1", " ", shown="a"),
        SearchLogBuilder().event("impression", "unknown", "a", ordinal=1),
    ],
    ids=["other intent", "uncertain intent", "no text", "no query"],
)
def test_searches_that_make_no_pairs_show_nothing_either(log: SearchLogBuilder) -> None:
    assert rows(log) == []


def test_a_bot_was_shown_nothing() -> None:
    log = SearchLogBuilder()
    for number in range(30):
        log.query(f"q{number}", f"text {number}", shown="a", at=number / 10)

    assert rows(log) == []
    assert isinstance(shown_results(*log.frames(), PairRules()), pl.DataFrame)
