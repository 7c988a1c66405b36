"""Probabilities and what is known in, how well messages are routed out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mangaassist.core.intent_kinds import BOTH
from mangaassist.core.types import INTENTS, Intent
from mangaassist.intents.classifier import Probabilities
from mangaassist.intents.examples import IntentExample
from mangaassist.intents.fitting import Floats, Labels
from mangaassist.intents.routing import finds, kinds_to_search

BINS = 10


@dataclass(frozen=True, slots=True)
class Routing:
    """accuracy: share of messages whose search covers every kind of document that answers them.

    searched_both: share of messages that are searched in both kinds, which always covers.
    """

    messages: int
    accuracy: float
    searched_both: float


@dataclass(frozen=True, slots=True)
class IntentFigures:
    """How good a classifier is on messages that it did not learn from.

    recall: of the intents that occur.  macro_f1: mean over the same.  calibration_error: mean distance of confidence
    and accuracy over ten bins of equal width, weighted by their messages.  confusion: true intent → given → messages.
    one_kind: where the likelier kind alone is searched, titles or articles.  routed: where uncertain messages are
    searched in both. Both leave out messages that nothing answers; None where no others are left.
    """

    messages: int
    accuracy: float
    macro_f1: float
    recall: Mapping[Intent, float]
    calibration_error: float
    confusion: Mapping[Intent, Mapping[Intent, int]]
    one_kind: Routing | None
    routed: Routing | None

    def as_json(self) -> dict[str, Any]:
        """The figures with their names."""
        return asdict(self)


def figures(probabilities: Probabilities, examples: Sequence[IntentExample], *, threshold: float) -> IntentFigures:
    """The figures of these predictions. probabilities: (n, 5), a row per example, of which there is at least one."""
    labels = labels_of(examples)
    given = probabilities.argmax(axis=1)
    counts = np.zeros((len(INTENTS), len(INTENTS)), dtype=np.int64)
    np.add.at(counts, (labels, given), 1)
    confidence = probabilities.max(axis=1)
    return IntentFigures(
        messages=len(examples),
        accuracy=float((labels == given).mean()),
        macro_f1=_macro_f1(counts),
        recall={
            intent: float(counts[place, place] / counts[place].sum())
            for place, intent in enumerate(INTENTS)
            if counts[place].any()
        },
        calibration_error=calibration_error(confidence, (labels == given).astype(np.float64)),
        confusion={
            intent: {other: int(count) for other, count in zip(INTENTS, counts[place], strict=True) if count}
            for place, intent in enumerate(INTENTS)
            if counts[place].any()
        },
        one_kind=_routing(probabilities, examples, 0.0),
        routed=_routing(probabilities, examples, threshold),
    )


def labels_of(examples: Sequence[IntentExample]) -> Labels:
    """The position of each example's intent in `INTENTS`."""
    return np.array([INTENTS.index(example.intent) for example in examples], dtype=np.int64)


def calibration_error(confidence: Floats, right: Floats) -> float:
    """The expected calibration error: |mean confidence - share right| of ten bins, weighted by what is in them."""
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(bins, weights=confidence - right, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


def _macro_f1(counts: Labels) -> float:
    """The mean F1 over the intents that occur; one that is given but never occurs costs the others' recall."""
    hits, true, given = counts.diagonal(), counts.sum(axis=1), counts.sum(axis=0)
    occurs = true > 0
    return float((2 * hits[occurs] / (true + given)[occurs]).mean())


def _routing(probabilities: Probabilities, examples: Sequence[IntentExample], threshold: float) -> Routing | None:
    searched = [
        (kinds_to_search(row, threshold=threshold), example.needed)
        for row, example in zip(probabilities, examples, strict=True)
        if example.needed
    ]
    if not searched:
        return None
    return Routing(
        messages=len(searched),
        accuracy=sum(finds(kinds, needed) for kinds, needed in searched) / len(searched),
        searched_both=sum(kinds == BOTH for kinds, _needed in searched) / len(searched),
    )
