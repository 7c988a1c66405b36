"""One failure of each kind is planted, and found for its reason alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from failing_shop import event, search, searches_of, take_in

from mangaassist.data import Workspace
from mangaassist.feedback import (
    FeedbackRules,
    Known,
    Threshold,
    is_soon,
    reasoned,
    similar_keys,
    with_causes,
    with_keys,
)
from mangaassist.feedback.causes import cause_of

RULES = FeedbackRules()
LATER = search("later", "something else", 9_000, client="c9")
"""Ends the log late enough for everything else to be settled."""


def entries(
    workspace: Workspace,
    *,
    foreign: frozenset[str] = frozenset(),
    thresholds: Mapping[str, Mapping[str, Threshold]] | None = None,
    far: frozenset[str] = frozenset(),
    rules: FeedbackRules = RULES,
) -> dict[str, dict[str, object]]:
    rows = with_keys(searches_of(workspace))
    tries = list(rows.filter(is_soon(rules)).select("key", "next_key").iter_rows())
    known = Known(
        thresholds=thresholds or {},
        foreign=foreign,
        similar=similar_keys(tries, rules, lambda pairs: [0.0] * len(pairs)),
        kinds={"kaguya": "title", "berserk": "title", "claymore": "title", "shipping": "article"},
        min_intent_confidence=0.6,
    )
    found = with_causes(reasoned(rows, known, rules), known, far)
    return {row["query_id"]: row for row in found.iter_rows(named=True)}


def satisfied(query_id: str, text: str, second: float, **others: object) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A search that found what it was for."""
    ids = {name: str(others.pop(name)) for name in ("client", "session") if name in others}
    made = search(query_id, text, second, client=ids.get("client", "c1"), **others)
    session = ids.get("session", f"s {query_id}")
    events = [event(query_id, name, second + 2, session=session) for name in ("impression", "click")]
    return made, events


def test_a_search_that_found_something_is_no_failure(workspace: Workspace) -> None:
    query, events = satisfied("q1", "dark fantasy", 0)
    take_in(workspace, "log", [query, LATER], events)

    assert "q1" not in entries(workspace)


def test_a_score_below_the_threshold_of_its_release_and_intent_is_low(workspace: Workspace) -> None:
    made = [satisfied("low", "dark", 0, top_score=0.3), satisfied("high", "darker", 100, top_score=0.5)]
    made += [satisfied("other", "dark one", 200, top_score=0.3, intent="faq")]
    queries = [{**query, "query_attributes": {**query["query_attributes"], "release": "v1"}} for query, _ in made]
    take_in(workspace, "log", [*queries, LATER], [each for _, events in made for each in events])
    thresholds = {
        "v1": {
            "recommendation": Threshold("recommendation", 50, 0.6, 0.4, 1.0),
            "faq": Threshold("faq", 50, 0.6, 0.2, 1.0),
            "any": Threshold("any", 100, 0.6, 0.9, 1.0),
        }
    }

    found = entries(workspace, thresholds=thresholds)

    assert [name for name in found if name != "later"] == ["low"]
    assert (found["low"]["reasons"], found["low"]["threshold"], found["low"]["next"]) == (["low_score"], 0.4, "clicked")
    assert found["low"]["is_hurt"] is False


def test_a_release_without_a_threshold_has_no_low_scores(workspace: Workspace) -> None:
    query, events = satisfied("q1", "dark", 0, top_score=0.01, release="unheard-of")
    take_in(workspace, "log", [query, LATER], events)

    assert "q1" not in entries(workspace)


def test_a_search_without_results_is_low_whatever_the_threshold(workspace: Workspace) -> None:
    take_in(workspace, "log", [search("q1", "dark", 0, hits=[]), LATER])

    assert entries(workspace)["q1"]["reasons"] == ["low_score"]


def test_seen_results_without_a_click_are_a_failure_once_the_click_could_have_come(workspace: Workspace) -> None:
    queries = [search("seen", "dark", 0), search("unseen", "cozy", 60, client="c2"), search("fresh", "sad", 8_990)]
    events = [event("seen", "impression", 1, session="a"), event("fresh", "impression", 8_991, session="b")]
    take_in(workspace, "log", [*queries, LATER], events)

    found = entries(workspace)

    assert (found["seen"]["reasons"], found["seen"]["next"], found["seen"]["is_hurt"]) == (["no_click"], "left", True)
    assert "unseen" not in found
    assert "fresh" not in found


@pytest.mark.parametrize(
    ("second_text", "after_s", "clicked", "is_failure"),
    [
        ("slow burn rivals", 20, False, True),
        ("slow burn rivals", 31, False, False),
        ("slow burn rivals", 20, True, False),
        ("slow burn romance rivals manga", 20, False, True),
        ("gift wrapping", 20, False, False),
        ("SLOW  burn romance", 20, False, False),
    ],
)
def test_another_try_is_similar_soon_and_without_a_click_between(
    workspace: Workspace, second_text: str, after_s: float, clicked: bool, is_failure: bool
) -> None:
    second, events = satisfied("q2", second_text, after_s, session="a")
    first = [event("q1", "add_to_cart", 1, session="a"), *([event("q1", "click", 3, session="a")] if clicked else [])]
    take_in(workspace, "log", [search("q1", "slow burn romance", 0), second, LATER], [*first, *events])

    found = entries(workspace)

    assert ("q1" in found) == is_failure
    if is_failure:
        assert found["q1"]["reasons"] == ["reformulated"]
        assert (found["q1"]["next"], found["q1"]["next_text"]) == ("tried_again", second_text)
        assert found["q1"]["next_clicked"] == ["kaguya"]


def test_how_soon_another_try_must_follow_is_a_setting(workspace: Workspace) -> None:
    second, events = satisfied("q2", "slow burn rivals", 60, session="a")
    take_in(
        workspace,
        "log",
        [search("q1", "slow burn romance", 0), second, LATER],
        [event("q1", "add_to_cart", 1, session="a"), *events],
    )

    assert "q1" in entries(workspace, rules=FeedbackRules(reformulated_within_s=90))
    assert "q1" not in entries(workspace)


def test_another_clients_search_is_no_second_try(workspace: Workspace) -> None:
    second, events = satisfied("q2", "slow burn rivals", 20, client="c2", session="b")
    take_in(
        workspace,
        "log",
        [search("q1", "slow burn romance", 0), second, LATER],
        [event("q1", "add_to_cart", 1, session="a"), *events],
    )

    assert "q1" not in entries(workspace)


def test_a_text_in_foreign_words_and_an_uncertain_intent_are_failures(workspace: Workspace) -> None:
    made = [satisfied("slang", "Nakama power", 0), satisfied("unsure", "cozy", 100, intent_confidence=0.59)]
    take_in(workspace, "log", [*(query for query, _ in made), LATER], [each for _, events in made for each in events])

    found = entries(workspace, foreign=frozenset({"nakama power"}))

    assert (found["slang"]["reasons"], found["slang"]["cause"]) == (["foreign_words"], "wording")
    assert (found["unsure"]["reasons"], found["unsure"]["cause"]) == (["uncertain_intent"], "routing")


def test_a_search_that_fails_in_two_ways_has_both_reasons(workspace: Workspace) -> None:
    take_in(workspace, "log", [search("q1", "nakama", 0), LATER], [event("q1", "impression", 1)])

    assert entries(workspace, foreign=frozenset({"nakama"}))["q1"]["reasons"] == ["no_click", "foreign_words"]


CAUSE = {
    "intent": "recommendation",
    "is_uncertain": False,
    "is_other_kind_clicked": False,
    "is_far_from_all": False,
    "is_clicked_later": False,
    "is_foreign": False,
}


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ({}, "retrieval"),
        ({"is_foreign": True}, "wording"),
        ({"is_clicked_later": True}, "wording"),
        ({"is_far_from_all": True}, "catalogue_gap"),
        ({"is_far_from_all": True, "is_clicked_later": True}, "wording"),
        ({"is_uncertain": True, "is_far_from_all": True}, "routing"),
        ({"intent": "other", "is_foreign": True}, "routing"),
        ({"is_other_kind_clicked": True, "is_clicked_later": True}, "routing"),
        ({"intent": None}, "retrieval"),
    ],
)
def test_the_cause_is_the_first_that_fits(said: dict[str, object], cause: str) -> None:
    assert cause_of(**{**CAUSE, **said}) == cause  # type: ignore[arg-type]


def test_a_click_on_another_kind_in_the_next_try_means_wrong_routing(workspace: Workspace) -> None:
    second = search("q2", "where is my order of kaguya", 20, hits=["shipping"])
    events = [event("q1", "impression", 1, session="a"), event("q2", "click", 25, doc_id="shipping", session="a")]
    take_in(workspace, "log", [search("q1", "where is my order", 0), second, LATER], events)

    assert entries(workspace)["q1"]["cause"] == "routing"


def test_entries_keep_the_results_the_release_and_the_moment(workspace: Workspace) -> None:
    take_in(workspace, "log", [search("q1", "dark", 0, release="v1"), LATER], [event("q1", "impression", 1)])

    entry = entries(workspace)["q1"]

    assert (entry["results"], entry["release"]) == (["kaguya", "berserk", "claymore"], "v1")
    assert entry["at"] == datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert entry["client"] not in (None, "c1")


def test_rules_that_make_no_sense_are_refused() -> None:
    for name, value in (("good_chance", 1.5), ("min_cluster", 1), ("private_below", 0), ("pair_weight", 0.0)):
        with pytest.raises(ValueError, match=name):
            FeedbackRules(**{name: value})  # type: ignore[arg-type]


def test_tries_are_alike_by_meaning_where_their_letters_are_not() -> None:
    tries = [("癒し系の漫画", "relaxing manga"), ("dark fantasy", "gift wrapping")]

    assert similar_keys(tries, RULES, lambda pairs: [0.7 if "relaxing" in pair[1] else 0.1 for pair in pairs]) == {
        tries[0]
    }


def test_a_bucket_of_no_searches_has_its_columns(workspace: Workspace) -> None:
    rows = with_keys(searches_of(workspace))

    assert reasoned(rows, Known({}, set(), set(), {}, 0.6), RULES).height == 0
    assert isinstance(rows, pl.DataFrame)
