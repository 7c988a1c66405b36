from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_log_builder import SearchLogBuilder

from mangaassist.core.errors import LeakageError
from mangaassist.core.types import DocId, Pair, PairSource, QueryId
from mangaassist.pairs import (
    HeldOut,
    LiveLogRules,
    LiveLogTest,
    PairRules,
    cart_pairs,
    check_no_leakage,
    click_grades,
    click_pairs,
    hold_out_newest,
    live_log_test,
    training_events,
)

DAY = 86_400.0
KNOWN = {DocId(name) for name in "abcdef"}
ALL = HeldOut(date(2026, 3, 1), frozenset(map(QueryId, ("q1", "q2", "q3", "q4", "q5"))), frozenset())


def a_search(
    log: SearchLogBuilder, query_id: str, *, day: float, session: str | None, client: str | None = "ann"
) -> SearchLogBuilder:
    """A search with one clicked result, its events in the session."""
    log.query(query_id, f"text {query_id}", client=client, at=day * DAY)
    for second, action in enumerate(("impression", "click"), start=1):
        at = day * DAY + second
        log.event(
            action, query_id, "a", ordinal=1, session=session, client=client, at=at, event_id=f"{action}-{query_id}"
        )
    return log


def ten_days() -> SearchLogBuilder:
    """One search a day, q0 to q9, each in a session of its own."""
    log = SearchLogBuilder()
    for day in range(10):
        a_search(log, f"q{day}", day=day, session=f"s{day}")
    return log


def held(log: SearchLogBuilder, share: float = 0.10) -> HeldOut:
    return hold_out_newest(*log.frames(), LiveLogRules(share))


# What is held out


def test_the_newest_tenth_of_the_days_is_held_out() -> None:
    found = held(ten_days())

    assert found == HeldOut(date(2026, 3, 10), frozenset({QueryId("q9")}), frozenset({"impression-q9", "click-q9"}))
    assert found.ids == {"q9", "impression-q9", "click-q9"}


@pytest.mark.parametrize(("share", "count"), [(0.0, 0), (0.09, 0), (0.1, 1), (0.29, 2), (0.3, 3), (0.99, 9)])
def test_only_whole_days_are_held_out_and_one_always_trains(share: float, count: int) -> None:
    assert held(ten_days(), share).query_ids == {f"q{day}" for day in range(10 - count, 10)}


def test_a_log_too_short_for_a_day_of_its_own_trains_whole() -> None:
    found = held(a_search(a_search(SearchLogBuilder(), "q0", day=0, session="s0"), "q1", day=1, session="s1"))

    assert found == HeldOut(None, frozenset(), frozenset())


def test_a_log_without_a_row_holds_out_nothing() -> None:
    assert held(SearchLogBuilder()) == HeldOut(None, frozenset(), frozenset())


@pytest.mark.parametrize("day", [-20_000, 20_000])
def test_one_row_with_a_wrong_clock_moves_the_cut_by_a_day_at_most(day: float) -> None:
    """Counted over the calendar, a search dated 1971 would hold out the whole rest of the log."""
    found = held(a_search(ten_days(), "astray", day=day, session="astray"))

    assert found.query_ids == {"q9"} if day < 0 else {"astray"}


def test_a_session_that_began_before_the_cut_trains_whole() -> None:
    log = a_search(ten_days(), "late", day=9.2, session="s8")

    assert held(log).query_ids == {"q9"}


def test_a_search_in_two_sessions_makes_them_one() -> None:
    """s9 shares `both` with s8, so q9 goes with what began on the ninth day."""
    log = ten_days()
    log.query("both", at=8.5 * DAY)
    log.event("click", "both", "a", session="s8", at=8.5 * DAY)
    log.event("click", "both", "b", session="s9", at=9.5 * DAY)
    a_search(log, "alone", day=9.6, session="s10")

    assert held(log).query_ids == {"alone"}


def test_without_session_ids_a_client_s_day_is_a_session() -> None:
    log = SearchLogBuilder()
    for day in range(10):
        a_search(log, f"q{day}", day=day, session=None)

    assert held(log).query_ids == {"q9"}


def test_a_search_without_an_event_is_held_out_by_its_own_time_and_one_without_any_time_is_not() -> None:
    log = ten_days().query("silent", at=9.1 * DAY)
    queries, events = log.frames()
    timeless = queries.filter(pl.col("query_id") == "silent").with_columns(
        query_id=pl.lit("timeless"), timestamp=pl.lit(None, dtype=pl.Datetime("us", "UTC"))
    )

    found = hold_out_newest(pl.concat([queries, timeless]), events, LiveLogRules())

    assert found.query_ids == {"q9", "silent"}


def test_an_event_of_a_held_out_session_is_held_out_whatever_query_it_names() -> None:
    log = ten_days().event("impression", None, "f", session="s9", at=9 * DAY + 5, event_id="stray")
    log.event("impression", None, "e", session=None, client=None, at=2 * DAY, event_id="old stray")

    found = held(log)

    assert "stray" in found.event_ids
    assert "old stray" not in found.event_ids
    left = set(training_events(log.frames()[1], found)["event_id"])
    assert "old stray" in left
    assert not left & found.event_ids


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["s1", "s2", "s3", None]), st.sampled_from(["ann", "bob", None])),
        min_size=1,
        max_size=25,
    ),
    share=st.sampled_from([0.1, 0.3, 0.6]),
)
def test_nothing_held_out_shares_a_search_or_a_session_with_what_trains(
    rows: list[tuple[int, str | None, str | None]], share: float
) -> None:
    log = SearchLogBuilder()
    for number, (day, session, client) in enumerate(rows):
        a_search(log, f"q{number % 20}", day=day, session=session, client=client)
    queries, events = log.frames()
    events = events.with_columns(event_id=pl.format("e{}", pl.int_range(pl.len())))

    found = hold_out_newest(queries, events, LiveLogRules(share))

    trains = training_events(events, found)
    test = events.filter(pl.col("event_id").is_in(list(found.event_ids)))
    assert set(test["query_id"]) == set(found.query_ids)
    assert not set(trains["query_id"]) & found.query_ids
    assert not set(trains["session_id"].drop_nulls()) & set(test["session_id"].drop_nulls())
    assert trains.height > 0


# What trains


def test_held_out_events_make_no_pair_and_are_counted_with_their_own_reason() -> None:
    log = ten_days().event("purchase", "q9", "a", session="s9", at=9 * DAY + 9)
    frames, found = log.frames(), held(log)

    clicks = click_pairs(*frames, PairRules(), held_out=found.query_ids)
    carts = cart_pairs(*frames, PairRules(), held_out=found.query_ids)

    assert {pair.query_id for pair in clicks.pairs} == {f"q{day}" for day in range(9)}
    assert (clicks.raw, clicks.dropped) == ({"click": 10}, {"held_out_for_test": 1})
    assert (carts.pairs, carts.raw, carts.dropped) == ([], {"purchase": 1}, {"held_out_for_test": 1})


def test_a_search_that_is_unusable_anyway_keeps_its_first_reason() -> None:
    log = ten_days().query("odd", intent="other", at=9 * DAY).click("odd", "a", session="s9", at=9 * DAY + 1)
    found = held(log)

    assert click_pairs(*log.frames(), PairRules(), held_out=found.query_ids).dropped == {
        "held_out_for_test": 1,
        "intent_other": 1,
    }


@pytest.mark.parametrize("source", ["click", "cart", "feedback", "synthetic"])
@pytest.mark.parametrize(
    ("query_id", "evidence"),
    [("q9", ()), (None, ("click-q9",)), ("q1", ("x", "stray"))],
    ids=["query", "event", "visit"],
)
def test_a_pair_of_a_held_out_search_or_session_is_a_loud_leak(
    source: PairSource, query_id: str | None, evidence: tuple[str, ...]
) -> None:
    found = held(ten_days().event("impression", None, "f", session="s9", at=9 * DAY + 5, event_id="stray"))
    clean = Pair("text", DocId("a"), "click", query_id=QueryId("q1"), evidence=("click-q1",))
    leak = Pair("text", DocId("a"), source, query_id=QueryId(query_id) if query_id else None, evidence=evidence)

    check_no_leakage([clean], [], {}, held_out=found.ids)
    with pytest.raises(LeakageError, match=r"1 of 2 training pairs know the test set; the first: held-out search: "):
        check_no_leakage([clean, leak], [], {}, held_out=found.ids)


# The test set


def chosen_by_shoppers(log: SearchLogBuilder, rules: PairRules | None = None) -> LiveLogTest:
    return live_log_test(*log.frames(), ALL, rules or PairRules(), known=KNOWN)


def test_clicked_is_one_bought_or_wished_for_is_two_and_passed_over_is_nought() -> None:
    """a was skipped above the clicks, d stands directly below the lowest one; nobody knows whether e was seen."""
    log = SearchLogBuilder().query("q1", "dark fantasy", shown="a b c d e f")
    log.click("q1", "b").click("q1", "c").event("purchase", "q1", "c")

    test = chosen_by_shoppers(log)

    assert [(query.query_id, query.text) for query in test.queries] == [("q1", "dark fantasy")]
    assert test.qrels == {"q1": {"a": 0, "b": 1, "c": 2, "d": 0}}


def test_a_wish_without_a_click_is_judged_against_the_high_ranks() -> None:
    log = SearchLogBuilder().query("q1", shown="a b c d e").event("add_to_wishlist", "q1", "b")

    assert chosen_by_shoppers(log).qrels == {"q1": {"b": 2, "a": 0, "c": 0}}


def test_a_cart_alone_is_neither_relevant_nor_passed_over() -> None:
    log = SearchLogBuilder().query("q1", shown="a b c").event("add_to_cart", "q1", "a").click("q1", "b")
    log.query("q2", shown="a b").event("add_to_cart", "q2", "a")

    assert chosen_by_shoppers(log).qrels == {"q1": {"b": 1, "c": 0}}


def test_bots_wrong_and_uncertain_intents_are_out_as_in_training() -> None:
    log = SearchLogBuilder()
    log.query("q1", intent="other", shown="a").click("q1", "a")
    log.query("q2", confidence=0.2, shown="a").click("q2", "a")
    for number in range(30):
        log.query(f"bot{number}", client="bot", at=number).click(
            f"bot{number}", "a", session="bot", client="bot", at=number
        )
    log.query("q3", shown="a", client="bot").click("q3", "a", session="bot", client="bot")
    log.query("q4", shown="a").click("q4", "a")

    assert [query.query_id for query in chosen_by_shoppers(log).queries] == ["q4"]


def test_searches_that_were_not_held_out_and_unknown_documents_are_not_in_it() -> None:
    log = SearchLogBuilder().query("old", shown="a").click("old", "a")
    log.query("q1", shown="gone a b").click("q1", "gone").click("q1", "b")
    log.query("q2", shown="gone").click("q2", "gone")

    assert chosen_by_shoppers(log).qrels == {"q1": {"a": 0, "b": 1}}


def test_a_client_s_repeats_of_one_text_count_no_more_than_in_training() -> None:
    log = SearchLogBuilder()
    for number in range(1, 6):
        log.query(f"q{number}", "Dark Fantasy" if number % 2 else "dark fantasy", shown="a", at=60.0 * number)
        log.click(f"q{number}", "a", at=60.0 * number + 1)

    assert [query.query_id for query in chosen_by_shoppers(log, PairRules(max_repeats=3)).queries] == ["q1", "q2", "q3"]


def test_searches_hang_together_by_session_and_by_near_duplicate_text() -> None:
    log = SearchLogBuilder()
    for query_id, text, session in (
        ("q1", "dark fantasy", "s1"),
        ("q2", "cosy cooking", "s1"),
        ("q3", "dark fantasy!", "s2"),
    ):
        log.query(query_id, text).click(query_id, "a", session=session)

    test = chosen_by_shoppers(log)

    assert test.sessions == {"q1": "s1", "q2": "s1", "q3": "s2"}
    assert test.texts == {"q1": "q1", "q2": "q2", "q3": "q1"}


@pytest.mark.parametrize("source", ["synthetic", "editorial", "feedback", "judgement", "corpus"])
def test_only_what_shoppers_did_can_judge(source: PairSource) -> None:
    pairs = [Pair("text", DocId("a"), "click"), Pair("text", DocId("b"), source)]

    with pytest.raises(LeakageError, match=f"{source} pair 'text' → 'b' is no shopper's act"):
        click_grades(pairs)


@pytest.mark.parametrize("share", [-0.1, 1.0, 2.0])
def test_a_share_that_leaves_nothing_to_train_on_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="some days must be left to train on"):
        LiveLogRules(share)
