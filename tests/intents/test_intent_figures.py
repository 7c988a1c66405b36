from dataclasses import replace

import numpy as np
import pytest
from message_world import messages

from mangaassist.core.types import INTENTS, Intent
from mangaassist.intents import IntentExample, calibration_error, figures
from mangaassist.intents.classifier import Probabilities

TRUE: dict[Intent, int] = {"recommendation": 3, "faq": 1}


def known(counts: dict[Intent, int]) -> list[IntentExample]:
    return [example for example in messages(counts)[0] if example.source == "judged"]


def certain(*intents: Intent) -> Probabilities:
    return np.eye(len(INTENTS))[[INTENTS.index(intent) for intent in intents]]


def test_accuracy_recall_and_confusion_of_four_messages() -> None:
    found = figures(certain("recommendation", "recommendation", "product_discovery", "faq"), known(TRUE), threshold=0.5)

    assert found.messages == 4
    assert found.accuracy == 0.75
    assert found.recall == {"recommendation": pytest.approx(2 / 3), "faq": 1.0}
    assert found.confusion == {"recommendation": {"recommendation": 2, "product_discovery": 1}, "faq": {"faq": 1}}


def test_macro_f1_is_the_mean_over_the_intents_that_occur() -> None:
    """recommendation: precision 1, recall 2/3; faq: precision 1/2, recall 1; nothing is a discovery."""
    found = figures(certain("recommendation", "recommendation", "faq", "faq"), known(TRUE), threshold=0.5)

    assert found.macro_f1 == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_a_title_s_message_sent_to_articles_is_routed_wrongly_and_another_title_intent_is_not() -> None:
    found = figures(certain("recommendation", "product_discovery", "faq", "faq"), known(TRUE), threshold=0.5)

    assert found.one_kind is not None
    assert found.one_kind.accuracy == 0.75
    assert found.routed == found.one_kind


def test_searching_both_is_right_and_counted() -> None:
    unsure = certain("recommendation", "recommendation", "faq", "faq")
    unsure[2] = [0.45, 0.0, 0.0, 0.55, 0.0]

    found = figures(unsure, known(TRUE), threshold=0.6)

    assert found.one_kind is not None
    assert found.routed is not None
    assert (found.one_kind.accuracy, found.one_kind.searched_both) == (0.75, 0.0)
    assert (found.routed.accuracy, found.routed.searched_both) == (1.0, 0.25)


def test_what_a_person_judged_to_answer_decides_which_kind_was_needed() -> None:
    """A question about a product that a help article answers: titles alone do not do."""
    [question] = known({"product_question": 1})
    answered = replace(question, needed=frozenset({"article"}))

    for given, accuracy in (("faq", 1.0), ("recommendation", 0.0)):
        found = figures(certain(given), [answered], threshold=0.5)  # type: ignore[arg-type]
        assert found.one_kind is not None
        assert found.one_kind.accuracy == accuracy


def test_messages_that_nothing_answers_take_no_part_in_routing() -> None:
    others = [example for example in messages({})[0] if example.intent == "other"]

    found = figures(certain(*["other"] * 10), others, threshold=0.5)  # type: ignore[arg-type]

    assert found.accuracy == 1.0
    assert found.one_kind is None
    assert found.routed is None


def test_the_calibration_error_of_two_bins_by_hand() -> None:
    """Two at .95, one right: a gap of .45; two at .55, one right: .05; each bin holds half."""
    confidence, right = np.array([0.95, 0.95, 0.55, 0.55]), np.array([1.0, 0.0, 1.0, 0.0])

    assert calibration_error(confidence, right) == pytest.approx(0.45 / 2 + 0.05 / 2)


def test_full_confidence_that_is_right_has_no_calibration_error() -> None:
    assert calibration_error(np.ones(3), np.ones(3)) == 0
