"""A base vector, and the caller's intent where it has one, in; which kinds of documents to search out."""

from dataclasses import dataclass

from mangaassist.core.intent_kinds import BOTH, KINDS_OF
from mangaassist.core.types import Intent, Vectors
from mangaassist.intents import IntentClassifier, Route


@dataclass(frozen=True, slots=True)
class CallerIntent:
    """What the caller's own classifier said of a message; a confidence of None means that it is not in doubt."""

    intent: Intent
    confidence: float | None = None


def route_message(
    base_vector: Vectors, caller: CallerIntent | None, classifier: IntentClassifier | None, *, min_confidence: float
) -> Route:
    """The caller's intent goes before the classifier's; who is in doubt, or knows nothing, searches both kinds.

    base_vector: (d,), as the encoder gave it.  classifier: the live one, or None where none was trained.
    min_confidence: from which on the caller counts as certain, as in the rules for pairs (`min_intent_confidence`).
    """
    if caller is not None:
        is_certain = caller.confidence is None or caller.confidence >= min_confidence
        return Route(KINDS_OF[caller.intent] if is_certain else BOTH, caller.intent, caller.confidence)
    if classifier is not None:
        return classifier.routes(base_vector[None, :])[0]
    return Route(BOTH)
