import pytest
from search_log_builder import SearchLogBuilder

from mangaassist.pairs import PairRules, cart_pairs

RULES = PairRules()


@pytest.mark.parametrize("action", ["purchase", "add_to_wishlist"])
def test_what_was_bought_or_wished_for_is_positive_against_high_ranks_nobody_clicked(action: str) -> None:
    log = SearchLogBuilder().query("q1", shown="a b c d e").click("q1", "b").click("q1", "e")
    log.event(action, "q1", "e", event_id="e1", at=9)

    (pair,) = cart_pairs(*log.frames(), RULES).pairs

    assert (pair.positive, pair.source, pair.evidence) == ("e", "cart", ("e1",))
    assert pair.negatives == ("a", "c"), "positions 1 to 3, shown, not clicked; d stands at 4"


def test_add_to_cart_alone_is_no_positive_but_is_counted() -> None:
    log = SearchLogBuilder().query("q1", shown="a b").event("add_to_cart", "q1", "a")

    report = cart_pairs(*log.frames(), RULES)

    assert report.pairs == []
    assert (report.raw, report.raw_events) == ({"add_to_cart": 1}, 1)
    assert report.dropped == {"add_to_cart_alone": 1}


def test_add_to_cart_before_a_purchase_joins_its_evidence() -> None:
    log = SearchLogBuilder().query("q1", shown="a b")
    log.event("add_to_cart", "q1", "a", event_id="e1", at=2).event("purchase", "q1", "a", event_id="e2", at=3)
    log.event("add_to_cart", "q1", "b", at=4)

    report = cart_pairs(*log.frames(), RULES)

    assert [(pair.positive, pair.evidence, pair.negatives) for pair in report.pairs] == [("a", ("e1", "e2"), ())]
    assert report.dropped == {"add_to_cart_alone": 1}
    assert report.raw_events == 3


@pytest.mark.parametrize(("place", "is_negative"), [(2, True), (3, True), (4, False)])
def test_the_third_place_is_the_last_high_rank(place: int, is_negative: bool) -> None:
    log = SearchLogBuilder().query("q1").event("impression", "q1", "shown", ordinal=place)
    log.event("impression", "q1", "bought", ordinal=9).event("purchase", "q1", "bought")

    [pair] = cart_pairs(*log.frames(), RULES).pairs

    assert pair.negatives == (("shown",) if is_negative else ())


def test_a_high_rank_without_impression_is_no_negative() -> None:
    log = SearchLogBuilder().query("q1", hits=["a", "b", "c"]).event("impression", "q1", "b", ordinal=2)
    log.event("purchase", "q1", "c", ordinal=3)

    assert cart_pairs(*log.frames(), RULES).pairs[0].negatives == ("b",)


def test_caps_and_intents_hold_for_carts_as_for_clicks() -> None:
    log = SearchLogBuilder().query("other", shown="a", intent="other").event("purchase", "other", "a")
    for number in range(4):
        log.query(f"q{number}", shown="a", at=600 * number).event("purchase", f"q{number}", "a", at=600 * number)

    report = cart_pairs(*log.frames(), RULES)

    assert len(report.pairs) == 3
    assert report.dropped == {"intent_other": 1, "too_many_repeats": 1}
