import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.intent_kinds import BOTH, KINDS_OF
from mangaassist.core.types import INTENTS, DocumentKind
from mangaassist.intents import finds, kinds_to_search, likelier_kind, smallest_threshold


def probabilities(recommendation: float, discovery: float, question: float, faq: float, other: float) -> np.ndarray:
    return np.array([recommendation, discovery, question, faq, other])


def test_every_intent_has_its_kinds() -> None:
    assert set(KINDS_OF) == set(INTENTS)
    assert KINDS_OF["recommendation"] == KINDS_OF["product_discovery"] == ("title",)
    assert KINDS_OF["faq"] == ("article",)
    assert KINDS_OF["product_question"] == KINDS_OF["other"] == ("title", "article")


def test_two_intents_that_need_titles_are_sure_of_titles_together() -> None:
    """A close call between recommendation and discovery is none between titles and articles."""
    close = probabilities(0.46, 0.44, 0.0, 0.1, 0.0)

    kind, confidence = likelier_kind(close)
    assert (kind, confidence) == ("title", 0.9)
    assert kinds_to_search(close, threshold=0.8) == ("title",)


def test_a_certain_question_about_a_product_searches_both() -> None:
    assert kinds_to_search(probabilities(0.1, 0.0, 0.9, 0.0, 0.0), threshold=0.5) == ("title", "article")


def test_a_certain_other_message_searches_both() -> None:
    assert kinds_to_search(probabilities(0.0, 0.0, 0.0, 0.1, 0.9), threshold=0.5) == ("title", "article")


@pytest.mark.parametrize(("faq", "kinds"), [(0.79, ("title", "article")), (0.80, ("article",)), (0.81, ("article",))])
def test_at_the_threshold_one_kind_is_enough_and_just_under_it_both_are_searched(
    faq: float, kinds: tuple[str, ...]
) -> None:
    assert kinds_to_search(probabilities(1 - faq, 0, 0, faq, 0), threshold=0.80) == kinds


def test_a_search_finds_what_is_needed_if_no_kind_is_missing() -> None:
    title: list[DocumentKind] = ["title"]

    assert finds(BOTH, title)
    assert finds(title, [])
    assert not finds(title, BOTH)


def test_the_threshold_lets_as_many_go_wrong_as_the_accuracy_allows() -> None:
    right = [False, False] + [True] * 98
    confidences = [0.9, 0.7] + [0.95] * 98

    assert smallest_threshold(right, confidences, accuracy=0.98) == 0.5
    assert 0.7 < smallest_threshold(right, confidences, accuracy=0.99) < 0.7001
    assert 0.9 < smallest_threshold(right, confidences, accuracy=1.0) < 0.9001


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1), st.floats(0, 1))
def test_the_threshold_reaches_the_accuracy_and_no_smaller_one_does(
    routed: list[tuple[bool, float]], accuracy: float
) -> None:
    right, confidences = [good for good, _ in routed], [sure for _, sure in routed]

    threshold = smallest_threshold(right, confidences, accuracy=accuracy)

    def reached(at: float) -> bool:
        return sum(good or sure < at for good, sure in routed) >= accuracy * len(routed) - 1e-6

    assert reached(threshold)
    assert threshold == 0.5 or not reached(max(sure for sure in confidences if sure < threshold))
