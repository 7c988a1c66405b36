"""Messages whose vectors lie around one centre per intent: what is learnt from them can be checked in the head."""

from collections.abc import Mapping

import numpy as np

from mangaassist.core.types import INTENTS, GroupId, Intent, Vectors, no_progress
from mangaassist.intents import IntentClassifier, IntentExample, TrainedIntents, kinds_needed, train_intents

DIMENSION = 16


def unit(vectors: object) -> Vectors:
    rows = np.asarray(vectors, dtype=np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def messages(counts: Mapping[Intent, int], *, noise: float = 0.3, seed: int = 0) -> tuple[list[IntentExample], Vectors]:
    """Judged messages, so many of each intent, each a group of its own; with ten built-in others."""
    rng = np.random.default_rng(seed)
    examples, vectors = [], []
    for intent, count in [*counts.items(), ("other", 10)]:
        for number in range(count):
            source = "built_in" if intent == "other" else "judged"
            name = f"{intent} {number}"
            examples.append(IntentExample(name, intent, source, GroupId(name), kinds_needed(intent)))  # type: ignore[arg-type]
            vectors.append(np.eye(DIMENSION)[INTENTS.index(intent)] + rng.normal(scale=noise, size=DIMENSION))
    return examples, unit(vectors)


def trained_on(examples: list[IntentExample], vectors: Vectors, *, seed: int = 0) -> TrainedIntents:
    return train_intents(
        examples, vectors, encoder_id="words@1", version="intents-v01", seed=seed, progress=no_progress
    )


def centred(*, temperature: float = 0.2, route_threshold: float = 0.6) -> IntentClassifier:
    """A classifier written by hand: the score of an intent is the vector's place on that intent's axis."""
    return IntentClassifier(
        weights=np.eye(len(INTENTS), DIMENSION, dtype=np.float32),
        bias=np.zeros(len(INTENTS), dtype=np.float32),
        temperature=temperature,
        route_threshold=route_threshold,
        encoder_id="words@1",
        version="intents-v01",
    )


SHOP: dict[Intent, int] = {"recommendation": 30, "product_discovery": 20, "product_question": 15, "faq": 30}
