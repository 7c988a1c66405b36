import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.types import DocId, QueryId, Run
from mangaassist.evaluation import CHOICE_METRICS, Choice, effective_choices, score_choices

Q1, Q2 = QueryId("q1"), QueryId("q2")


def run_of(**rankings: str) -> Run:
    """A document per letter, best first."""
    return {
        QueryId(query_id): {DocId(letter): -float(place) for place, letter in enumerate(letters)}
        for query_id, letters in rankings.items()
    }


def test_what_was_chosen_counts_once_it_is_in_the_first_three() -> None:
    choices = [Choice(Q1, DocId("c"), 1.0), Choice(Q1, DocId("d"), 1.0), Choice(Q2, DocId("a"), 2.0)]

    scores = score_choices(run_of(q1="abcd", q2="ab"), choices)

    assert scores.value("chosen@3") == pytest.approx((1 + 0 + 2) / 4)
    assert scores.value("chosen_dcg@10") == pytest.approx((1 / 2 + 1 / math.log2(5) + 2) / 4)
    assert scores.total == {Q1: 2.0, Q2: 2.0}


def test_a_choice_from_a_seldom_seen_place_stands_for_more() -> None:
    choices = [Choice(Q1, DocId("a"), 1.0, 1.0), Choice(Q2, DocId("z"), 1.0, 3.0)]

    assert score_choices(run_of(q1="abc", q2="abc"), choices).value("chosen@3") == pytest.approx(0.25)
    assert score_choices(run_of(q1="xyw", q2="xyz"), choices).value("chosen@3") == pytest.approx(0.75)


def test_a_query_or_document_that_the_run_lacks_earns_nothing() -> None:
    choices = [Choice(Q1, DocId("a"), 1.0), Choice(Q2, DocId("a"), 1.0)]

    scores = score_choices(run_of(q1="bcd"), choices)

    assert [scores.value(metric) for metric in CHOICE_METRICS] == [0.0, 0.0]
    assert score_choices({}, []).value("chosen@3") == 0.0


def test_the_eleventh_place_earns_nothing_and_the_fourth_not_in_the_first_three() -> None:
    scores = score_choices(run_of(q1="abcdefghijk"), [Choice(Q1, DocId("k"), 1.0)])
    fourth = score_choices(run_of(q1="abcd"), [Choice(Q1, DocId("d"), 1.0)])

    assert scores.value("chosen_dcg@10") == 0.0
    assert fourth.value("chosen@3") == 0.0


@pytest.mark.parametrize(("gain", "weight"), [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0)])
def test_what_is_worth_nothing_is_no_choice(gain: float, weight: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        Choice(Q1, DocId("a"), gain, weight)


def test_choices_of_unequal_weight_tell_less_than_as_many_of_equal_weight() -> None:
    assert effective_choices([Choice(Q1, DocId("a"), 1.0)] * 4) == pytest.approx(4)
    assert effective_choices([Choice(Q1, DocId("a"), 1.0, 1.0), Choice(Q1, DocId("b"), 1.0, 3.0)]) == pytest.approx(1.6)
    assert effective_choices([]) == 0.0


CHOICES = st.lists(
    st.builds(
        Choice,
        st.sampled_from([Q1, Q2]),
        st.sampled_from([DocId(letter) for letter in "abcdefgh"]),
        st.sampled_from([1.0, 2.0]),
        st.floats(1, 10),
    ),
    min_size=1,
    max_size=8,
)


@given(choices=CHOICES, scale=st.floats(0.1, 10))
def test_only_the_ratios_of_weights_count_and_values_are_shares(choices: list[Choice], scale: float) -> None:
    run = run_of(q1="abcdefgh", q2="hgfedcba")
    scaled = [Choice(each.query_id, each.doc_id, each.gain, each.weight * scale) for each in choices]

    for metric in CHOICE_METRICS:
        value = score_choices(run, choices).value(metric)
        assert 0 <= value <= 1 + 1e-9
        assert score_choices(run, scaled).value(metric) == pytest.approx(value)
    assert effective_choices(scaled) == pytest.approx(effective_choices(choices))


@given(choices=CHOICES)
def test_moving_a_chosen_document_up_never_earns_less(choices: list[Choice]) -> None:
    chosen = choices[0].doc_id
    others = [letter for letter in "abcdefgh" if letter != chosen]
    low = run_of(q1="".join([*others[:5], chosen, *others[5:]]), q2="abcdefgh")
    high = run_of(q1="".join([chosen, *others]), q2="abcdefgh")
    only = [choice for choice in choices if choice.doc_id == chosen]

    for metric in CHOICE_METRICS:
        assert score_choices(high, only).value(metric) >= score_choices(low, only).value(metric)
