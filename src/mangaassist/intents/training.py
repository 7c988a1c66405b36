"""Messages with their intents and base vectors in, a calibrated classifier out, with its cross-validated figures.

    examples ──► folds of whole groups ──► L2 strength ──► temperature ──► route threshold ──► fit on everything

What is chosen is chosen on messages that the weights had not seen; the figures are of the same messages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from mangaassist.core.errors import DataError
from mangaassist.core.types import INTENTS, Progress, QueryId, Vectors
from mangaassist.intents.classifier import IntentClassifier, softmax
from mangaassist.intents.examples import ExampleSource, IntentExample
from mangaassist.intents.figures import IntentFigures, figures, labels_of
from mangaassist.intents.fitting import (
    Floats,
    Labels,
    LinearFit,
    class_balanced,
    fit_logistic,
    fit_temperature,
    log_loss,
)
from mangaassist.intents.routing import finds, likelier_kind, smallest_threshold
from mangaassist.pairs import split_by_group

FOLDS: Final = 5

L2_STRENGTHS: Final = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)
"""Strongest first: each fit begins where the stronger one ended."""

SOURCE_WEIGHTS: Final[Mapping[ExampleSource, float]] = {"judged": 1.0, "log": 0.25, "built_in": 1.0}
"""What a person said counts more than what the shop's router logged."""

ROUTED_ACCURACY: Final = 0.98
"""Of all messages, so many must be searched where their answers are: below the threshold both kinds are searched."""


@dataclass(frozen=True, slots=True)
class TrainedIntents:
    """A classifier, the L2 strength it was fitted with, and its figures on the messages it is measured on.

    log_losses: strength → cross-validated log loss, at the best temperature of each.
    """

    classifier: IntentClassifier
    l2: float
    log_losses: Mapping[float, float]
    cross_validation: IntentFigures


def train_intents(
    examples: Sequence[IntentExample],
    base_vectors: Vectors,
    *,
    encoder_id: str,
    version: str,
    seed: int,
    progress: Progress,
) -> TrainedIntents:
    """A classifier of these messages; the same arguments give the same bytes.

    base_vectors: (n, d), unit length, a row per example.  seed: of the folds.
    Measured, and so calibrated, on judged and built-in messages; where nobody judged any, on logged ones too.
    Raises DataError if the messages of a shop name no intent, or are too few or too alike for the folds.
    """
    if all(example.source == "built_in" for example in examples):
        raise DataError(
            "no message of the shop has an intent to learn from; judge queries (`intent` in judged_queries), or log "
            "what the router says (`intent` in query_attributes)"
        )
    vectors, labels = base_vectors.astype(np.float64), labels_of(examples)
    weights = np.array([SOURCE_WEIGHTS[example.source] for example in examples])
    measured = _measured(examples)
    with threadpool_limits(limits=1):  # sums in another order are other floats
        scores = _unseen_scores(vectors, labels, weights, fold_numbers(examples, seed=seed), progress)
        unseen = {l2: each[measured] for l2, each in scores.items()}
        temperatures = {l2: fit_temperature(each, labels[measured]) for l2, each in unseen.items()}
        losses = {l2: log_loss(each, labels[measured], temperature=temperatures[l2]) for l2, each in unseen.items()}
        l2 = min(L2_STRENGTHS, key=lambda strength: losses[strength])
        fit = fit_logistic(vectors, labels, class_balanced(labels, weights), l2=l2)
    probabilities = softmax(unseen[l2] / temperatures[l2])
    known = [examples[place] for place in measured]
    threshold = _route_threshold(probabilities, known)
    classifier = IntentClassifier(
        weights=fit.weights.astype(np.float32),
        bias=fit.bias.astype(np.float32),
        temperature=temperatures[l2],
        route_threshold=threshold,
        encoder_id=encoder_id,
        version=version,
    )
    return TrainedIntents(classifier, l2, losses, figures(probabilities, known, threshold=threshold))


def fold_numbers(examples: Sequence[IntentExample], *, seed: int) -> Labels:
    """The fold of each example; a group is whole in one fold."""
    names = {QueryId(str(place)): example.group for place, example in enumerate(examples)}
    parts = split_by_group(names, names, {str(fold): 1 / FOLDS for fold in range(FOLDS)}, seed)
    folds = np.zeros(len(examples), dtype=np.int64)
    for fold, members in parts.items():
        folds[[int(member) for member in members]] = int(fold)
    return folds


def _measured(examples: Sequence[IntentExample]) -> list[int]:
    """The examples that choices are made on: a router's word is good to learn from, not to be measured by."""
    judged = any(example.source == "judged" for example in examples)
    return [place for place, example in enumerate(examples) if not judged or example.source != "log"]


def _unseen_scores(
    vectors: Floats, labels: Labels, weights: Floats, folds: Labels, progress: Progress
) -> dict[float, Floats]:
    """L2 strength → (n, 5) scores of every example by the fit that did not see its fold."""
    scores = {l2: np.empty((len(labels), len(INTENTS))) for l2 in L2_STRENGTHS}
    fits = FOLDS * len(L2_STRENGTHS)
    for fold in range(FOLDS):
        out, rest = folds == fold, folds != fold
        balanced = class_balanced(labels[rest], weights[rest])
        fit: LinearFit | None = None
        for number, l2 in enumerate(L2_STRENGTHS):
            fit = fit_logistic(vectors[rest], labels[rest], balanced, l2=l2, start=fit)
            scores[l2][out] = fit.scores(vectors[out])
            progress("fitting intents", fold * len(L2_STRENGTHS) + number + 1, fits)
    return scores


def _route_threshold(probabilities: Floats, examples: Sequence[IntentExample]) -> float:
    """The smallest threshold that routes well enough the messages that something answers."""
    answered = [(example, likelier_kind(row)) for example, row in zip(examples, probabilities, strict=True)]
    answered = [(example, likelier) for example, likelier in answered if example.needed]
    right = [finds((kind,), example.needed) for example, (kind, _confidence) in answered]
    return smallest_threshold(right, [confidence for _example, (_, confidence) in answered], accuracy=ROUTED_ACCURACY)
