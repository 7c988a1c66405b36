from mangaassist.core.types import DocId, QueryId
from mangaassist.evaluation import shown_shares

RUN = {
    QueryId("q1"): {DocId("a"): 3.0, DocId("b"): 2.0, DocId("c"): 1.0, DocId("d"): 0.5},
    QueryId("q2"): {DocId("a"): 1.0},
}


def test_the_share_is_of_the_first_three_and_of_what_that_very_text_showed() -> None:
    shown = {"cosy": {DocId("a"), DocId("c"), DocId("d")}, "dark": {DocId("b")}}

    shares = shown_shares(RUN, {QueryId("q1"): "cosy", QueryId("q2"): "dark"}, shown)

    assert shares == {"q1": 2 / 3, "q2": 0.0}


def test_a_shorter_list_is_measured_by_what_it_has_and_none_hides_nothing() -> None:
    shares = shown_shares(RUN, {QueryId("q2"): "cosy", QueryId("q3"): "cosy"}, {"cosy": {DocId("a")}})

    assert shares == {"q2": 1.0, "q3": 1.0}


def test_a_text_that_nobody_ever_typed_was_shown_nothing() -> None:
    assert shown_shares(RUN, {QueryId("q1"): "new"}, {}) == {"q1": 0.0}
