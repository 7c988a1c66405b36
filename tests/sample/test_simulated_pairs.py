"""The pair rules, derived a second time from simulated rows by reading the rules alone."""

from collections.abc import Iterator

import pytest
from sample_shop import COLD, NEEDS, POPULARITY, frames, rank

from mangaassist.pairs import PairRules, PairsReport, cart_pairs, click_pairs
from mangaassist.sample import Habits, LoggedSearch, simulate

UNCAPPED = PairRules(max_repeats=10**6, max_client_share=1.0)
Expected = set[tuple[str, str, tuple[str, ...]]]


@pytest.fixture(scope="module")
def log() -> list[LoggedSearch]:
    habits = Habits(clients=150, bot_share=0.01)
    return list(simulate(NEEDS, POPULARITY, rank, amount=1200, seed=4, cold=COLD, habits=habits))


def usable(log: list[LoggedSearch]) -> Iterator[LoggedSearch]:
    per_session: dict[str, int] = {}
    for search in log:
        session = search.events[0]["session_id"]
        per_session[session] = per_session.get(session, 0) + 1
    for search in log:
        attributes = search.query["query_attributes"]
        is_routed = attributes["intent"] != "other" and attributes["intent_confidence"] >= 0.6
        if is_routed and per_session[search.events[0]["session_id"]] < 30:
            yield search


def places(search: LoggedSearch, *actions: str) -> set[int]:
    return {
        event["event_attributes"]["position"]["ordinal"] for event in search.events if event["action_name"] in actions
    }


def derived(report: PairsReport) -> Expected:
    return {(pair.query_id or "", pair.positive, pair.negatives) for pair in report.pairs}


def expected(search: LoggedSearch, positives: set[int], negatives: set[int]) -> Expected:
    hits = search.query["query_response_hit_ids"]
    return {
        (search.query["query_id"], hits[place - 1], tuple(hits[other - 1] for other in sorted(negatives)))
        for place in positives
    }


def test_click_pairs_of_a_simulated_log_are_those_of_the_rule(log: list[LoggedSearch]) -> None:
    wanted: Expected = set()
    for search in usable(log):
        clicked = places(search, "click")
        if clicked:
            skipped = {place for place in places(search, "impression") - clicked if place <= max(clicked) + 1}
            wanted |= expected(search, clicked, skipped)

    assert derived(click_pairs(*frames(log), UNCAPPED)) == wanted
    assert len(wanted) > 500


def test_cart_pairs_of_a_simulated_log_are_those_of_the_rule(log: list[LoggedSearch]) -> None:
    wanted: Expected = set()
    for search in usable(log):
        high_ranks = {1, 2, 3} & places(search, "impression") - places(search, "click")
        wanted |= expected(search, places(search, "purchase", "add_to_wishlist"), high_ranks)

    assert derived(cart_pairs(*frames(log), UNCAPPED)) == wanted
    assert len(wanted) > 30


def test_the_caps_hold_on_a_simulated_log(log: list[LoggedSearch]) -> None:
    report = click_pairs(*frames(log), PairRules(max_client_share=0.02))

    assert report.largest_client_share <= 0.02
    assert report.inhuman_sessions >= 5
    assert sum(len(pair.evidence) for pair in report.pairs) + sum(report.dropped.values()) == report.raw_events
    assert not COLD & {doc_id for pair in report.pairs for doc_id in (pair.positive, *pair.negatives)}
