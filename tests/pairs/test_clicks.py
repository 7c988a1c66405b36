import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from search_log_builder import SearchLogBuilder

from mangaassist.core.types import Pair
from mangaassist.pairs import PairRules, click_pairs

RULES = PairRules()


def pairs_of(log: SearchLogBuilder, rules: PairRules = RULES) -> list[Pair]:
    return click_pairs(*log.frames(), rules).pairs


def dropped_by(log: SearchLogBuilder, rules: PairRules = RULES) -> dict[str, int]:
    return {str(reason): count for reason, count in click_pairs(*log.frames(), rules).dropped.items()}


def test_negatives_are_what_was_skipped_above_the_click_and_directly_below_it() -> None:
    log = SearchLogBuilder().query("q1", shown="a b c d e").click("q1", "c", event_id="e1")

    (pair,) = pairs_of(log)

    assert (pair.query_text, pair.positive, pair.source) == ("dark fantasy", "c", "click")
    assert pair.negatives == ("a", "b", "d")
    assert (pair.query_id, pair.client, pair.weight, pair.evidence) == ("q1", "ann", 1.0, ("e1",))


@pytest.mark.parametrize(("place", "is_negative"), [(4, True), (6, True), (7, False)])
def test_the_place_directly_below_the_last_click_is_the_last_that_was_skipped(place: int, is_negative: bool) -> None:
    log = SearchLogBuilder().query("q1").event("impression", "q1", "shown", ordinal=place)
    log.click("q1", "first", ordinal=1).click("q1", "last", ordinal=5)

    assert {pair.negatives for pair in pairs_of(log)} == {("shown",) if is_negative else ()}


def test_the_document_below_the_click_is_no_negative_without_an_impression() -> None:
    log = SearchLogBuilder().query("q1", shown="a b", hits=["a", "b", "c"]).click("q1", "b")

    assert pairs_of(log)[0].negatives == ("a",)


def test_a_gap_below_the_click_makes_nothing_further_down_a_negative() -> None:
    log = SearchLogBuilder().query("q1", hits=["a", "b", "c"])
    log.event("impression", "q1", "a", ordinal=1).event("impression", "q1", "c", ordinal=3).click("q1", "a")

    assert pairs_of(log)[0].negatives == ()


def test_a_document_above_the_click_that_was_never_shown_is_no_negative() -> None:
    log = SearchLogBuilder().query("q1", hits=["a", "b"]).event("impression", "q1", "b", ordinal=2).click("q1", "b")

    assert pairs_of(log)[0].negatives == ()


def test_several_clicks_are_several_pairs_that_share_negatives_and_none_is_a_negative() -> None:
    log = SearchLogBuilder().query("q1", shown="a b c d e").click("q1", "d").click("q1", "b", at=2)

    assert {pair.positive: pair.negatives for pair in pairs_of(log)} == {"b": ("a", "c", "e"), "d": ("a", "c", "e")}


@pytest.mark.parametrize("action", ["add_to_cart", "add_to_wishlist", "purchase"])
def test_a_document_that_was_carted_without_a_click_is_no_negative(action: str) -> None:
    log = SearchLogBuilder().query("q1", shown="a b c").event(action, "q1", "a").click("q1", "b")

    assert pairs_of(log)[0].negatives == ("c",)


def test_a_click_without_position_stands_where_its_impression_does() -> None:
    log = SearchLogBuilder().query("q1", shown="a b c").click("q1", "b", ordinal=None)

    assert pairs_of(log)[0].negatives == ("a", "c")


def test_a_click_without_impression_stands_where_the_response_has_it() -> None:
    log = SearchLogBuilder().query("q1", shown="a b", hits=["a", "b", "c"]).click("q1", "c")

    assert pairs_of(log)[0].negatives == ("a", "b")


def test_a_click_at_no_known_place_has_no_negatives() -> None:
    log = SearchLogBuilder().query("q1", shown="a b").click("q1", "elsewhere")

    assert [(pair.positive, pair.negatives) for pair in pairs_of(log)] == [("elsewhere", ())]


def test_two_clicks_on_one_document_are_one_pair_with_both_as_evidence() -> None:
    log = SearchLogBuilder().query("q1", shown="a").click("q1", "a", event_id="e1").click("q1", "a", event_id="e2")

    assert [pair.evidence for pair in pairs_of(log)] == [("e1", "e2")]


def test_a_repeated_event_counts_once() -> None:
    log = SearchLogBuilder().query("q1", shown="a").click("q1", "a", event_id="e1").click("q1", "a", event_id="e1")

    report = click_pairs(*log.frames(), RULES)

    assert report.raw == {"click": 1}
    assert report.pairs[0].evidence == ("e1",)


@pytest.mark.parametrize(("intent", "reason"), [("other", {"intent_other": 1}), ("faq", {}), (None, {})])
def test_only_the_intent_other_makes_no_pair(intent: str | None, reason: dict[str, int]) -> None:
    log = SearchLogBuilder().query("q1", shown="a", intent=intent).click("q1", "a")

    assert dropped_by(log) == reason


@pytest.mark.parametrize(
    ("confidence", "reason"),
    [(0.6, {}), (0.61, {}), (0.5999, {"intent_uncertain": 1}), (float("nan"), {"intent_uncertain": 1}), (None, {})],
)
def test_a_query_routed_with_too_little_confidence_makes_no_pair(
    confidence: float | None, reason: dict[str, int]
) -> None:
    log = SearchLogBuilder().query("q1", shown="a", confidence=confidence).click("q1", "a")

    assert dropped_by(log, PairRules(min_intent_confidence=0.6)) == reason


def test_clicks_that_say_nothing_about_a_known_query_and_document_are_counted() -> None:
    log = SearchLogBuilder().query("q1", " \t", shown="a").click("q1", "a").click("q9", "a").click(None, "a")
    log.click("q1", None)

    assert dropped_by(log) == {"empty_query": 1, "no_document": 1, "unknown_query": 2}


def searches_every(gap_s: float, count: int, session: str | None = "s1") -> SearchLogBuilder:
    log = SearchLogBuilder()
    for number in range(count):
        log.query(f"q{number}", f"text {number}", at=number * gap_s)
        log.click(f"q{number}", "a", at=number * gap_s + 0.1, session=session)
    return log


@pytest.mark.parametrize("session", ["s1", None])
def test_a_session_with_more_searches_a_minute_than_a_human_makes_no_pair(session: str | None) -> None:
    """Without a session id the client stands in for the session."""
    rules = PairRules(max_searches_per_minute=5)

    over = click_pairs(*searches_every(10, 6, session).frames(), rules)
    at = click_pairs(*searches_every(10, 5, session).frames(), rules)
    slow = click_pairs(*searches_every(12.1, 60, session).frames(), rules)

    assert (len(over.pairs), over.dropped, over.inhuman_sessions) == (0, {"inhuman_session": 6}, 1)
    assert (len(at.pairs), at.dropped, at.inhuman_sessions) == (5, {}, 0)
    assert (len(slow.pairs), slow.inhuman_sessions) == (60, 0)


@pytest.mark.parametrize(("clicks", "kept"), [(4, 4), (5, 0)])
def test_a_session_that_clicks_faster_than_a_human_makes_no_pair(clicks: int, kept: int) -> None:
    log = SearchLogBuilder().query("q1", shown="a b c d e")
    for doc_id in "abcde"[:clicks]:
        log.click("q1", doc_id)

    assert len(pairs_of(log, PairRules(max_actions_per_minute=4))) == kept


@pytest.mark.parametrize(("last_at", "kept"), [(59.9, 0), (60, 6), (60.1, 6)])
def test_a_minute_ends_after_sixty_seconds(last_at: float, kept: int) -> None:
    log = searches_every(10, 5).query("last", "text", at=last_at).click("last", "a", at=last_at)

    assert len(pairs_of(log, PairRules(max_searches_per_minute=5))) == kept


@pytest.mark.parametrize(("searches", "kept"), [(19, 19), (20, 20), (21, 0)])
def test_twenty_searches_a_minute_are_a_humans_by_default(searches: int, kept: int) -> None:
    assert len(pairs_of(searches_every(1, searches))) == kept


@pytest.mark.parametrize(("clicks", "kept"), [(39, 39), (40, 40), (41, 0)])
def test_forty_actions_a_minute_are_a_humans_by_default(clicks: int, kept: int) -> None:
    log = SearchLogBuilder().query("q1")
    for number in range(clicks):
        log.click("q1", f"d{number}")

    assert len(pairs_of(log)) == kept


def test_impressions_alone_make_no_session_inhuman() -> None:
    log = SearchLogBuilder().query("q1", shown=" ".join(f"d{place}" for place in range(100))).click("q1", "d0")

    assert len(pairs_of(log)) == 1


def test_a_client_has_three_pairs_for_one_text_and_document_however_it_is_typed() -> None:
    log = SearchLogBuilder()
    for number, text in enumerate(["Straße", "STRASSE", "ｓｔｒａｓｓｅ", "strasse"]):
        log.query(f"q{number}", text, shown="a", at=600 * number).click(f"q{number}", "a", at=600 * number + 1)
    log.query("other", "strasse", shown="a", client="ben").click("other", "a", client="ben")

    report = click_pairs(*log.frames(), RULES)

    assert sorted(pair.query_id or "" for pair in report.pairs) == ["other", "q0", "q1", "q2"]
    assert report.dropped == {"too_many_repeats": 1}


@pytest.mark.parametrize(("times", "kept"), [(2, 2), (3, 3), (4, 3)])
def test_the_fourth_pair_of_a_client_query_and_document_is_one_too_many(times: int, kept: int) -> None:
    log = SearchLogBuilder()
    for number in range(times):
        log.query(f"q{number}", shown="a", at=600 * number).click(f"q{number}", "a", at=600 * number + 1)

    assert len(pairs_of(log)) == kept


def test_a_query_without_client_is_known_by_its_session() -> None:
    log = SearchLogBuilder().query("q1", hits=["a"], client=None).click("q1", "a", client=None, session="s7")

    assert pairs_of(log)[0].client == "s7"


def test_an_empty_log_is_an_empty_report() -> None:
    report = click_pairs(*SearchLogBuilder().frames(), RULES)

    assert (report.pairs, report.raw, report.dropped, report.raw_events) == ([], {}, {}, 0)


@st.composite
def logs(draw: st.DrawFn) -> SearchLogBuilder:
    log = SearchLogBuilder()
    for number in range(draw(st.integers(1, 4))):
        intent = draw(st.sampled_from(["recommendation", "other", None]))
        client = draw(st.sampled_from(["ann", "ben", None]))
        log.query(f"q{number}", draw(st.sampled_from(["x", "y", " "])), shown="a b c d", intent=intent, client=client)
    for _ in range(draw(st.integers(0, 12))):
        action = draw(st.sampled_from(["click", "click", "purchase"]))
        query_id = draw(st.sampled_from(["q0", "q1", "q2", "q3", None]))
        doc_id = draw(st.sampled_from(["a", "b", "c", "d", "z", None]))
        session = draw(st.sampled_from(["s1", "s2", None]))
        log.event(action, query_id, doc_id, session=session, at=draw(st.integers(1, 90)))
    return log


def shuffle(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return frame.sample(fraction=1, shuffle=True, seed=seed) if len(frame) else frame


@settings(max_examples=60, deadline=None)
@given(log=logs(), seed=st.integers(0, 99))
def test_every_click_is_evidence_or_dropped_and_the_order_of_rows_changes_nothing(
    log: SearchLogBuilder, seed: int
) -> None:
    queries, events = log.frames()
    rules = PairRules(max_actions_per_minute=4)

    report = click_pairs(queries, events, rules)
    shuffled = click_pairs(shuffle(queries, seed), shuffle(events, seed), rules)

    assert sum(len(pair.evidence) for pair in report.pairs) + sum(report.dropped.values()) == report.raw_events
    assert shuffled == report
    for pair in report.pairs:
        assert pair.positive not in pair.negatives
