import numpy as np
import pytest

from mangaassist.core.intent_kinds import BOTH
from mangaassist.core.types import INTENTS, Intent
from mangaassist.intents import IntentClassifier, Route
from mangaassist.serving import CallerIntent, route_message

FAQ_VECTOR = np.eye(8, dtype=np.float32)[INTENTS.index("faq")]


@pytest.fixture
def classifier() -> IntentClassifier:
    """The score of an intent is the vector's place on that intent's axis."""
    weights, bias = np.eye(5, 8, dtype=np.float32), np.zeros(5, dtype=np.float32)
    return IntentClassifier(
        weights, bias, temperature=0.1, route_threshold=0.7, encoder_id="words@1", version="intents-v01"
    )


@pytest.mark.parametrize(
    ("intent", "kinds"),
    [
        ("recommendation", ("title",)),
        ("product_discovery", ("title",)),
        ("product_question", BOTH),
        ("faq", ("article",)),
        ("other", BOTH),
    ],
)
def test_a_caller_who_is_certain_is_believed_whatever_the_classifier_would_say(
    classifier: IntentClassifier, intent: Intent, kinds: tuple[str, ...]
) -> None:
    said = route_message(FAQ_VECTOR, CallerIntent(intent, 0.9), classifier, min_confidence=0.6)

    assert said == Route(kinds, intent, 0.9)  # type: ignore[arg-type]


@pytest.mark.parametrize(("confidence", "kinds"), [(None, ("title",)), (0.6, ("title",)), (0.59, BOTH), (0.0, BOTH)])
def test_a_caller_in_doubt_searches_both(
    classifier: IntentClassifier, confidence: float | None, kinds: tuple[str, ...]
) -> None:
    said = route_message(FAQ_VECTOR, CallerIntent("recommendation", confidence), classifier, min_confidence=0.6)

    assert said == Route(kinds, "recommendation", confidence)  # type: ignore[arg-type]


def test_without_a_caller_s_intent_the_classifier_says(classifier: IntentClassifier) -> None:
    said = route_message(FAQ_VECTOR, None, classifier, min_confidence=0.6)

    assert (said.kinds, said.intent) == (("article",), "faq")
    assert said == classifier.routes(FAQ_VECTOR[None, :])[0]


def test_where_nobody_knows_both_are_searched() -> None:
    assert route_message(FAQ_VECTOR, None, None, min_confidence=0.6) == Route(BOTH)
