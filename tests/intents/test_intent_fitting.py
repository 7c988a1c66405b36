import numpy as np
import pytest

from mangaassist.core.types import INTENTS
from mangaassist.intents import calibration_error
from mangaassist.intents.classifier import softmax
from mangaassist.intents.fitting import (
    LEAST_LOG_PROBABILITY,
    Floats,
    Labels,
    class_balanced,
    fit_logistic,
    fit_temperature,
    log_loss,
)


def drawn(amount: int) -> tuple[Floats, Labels]:
    """Scores whose softmax is the truth: each label is drawn from its row's probabilities."""
    rng = np.random.default_rng(0)
    scores = rng.normal(scale=1.5, size=(amount, len(INTENTS)))
    labels = [rng.choice(len(INTENTS), p=row) for row in softmax(scores)]
    return scores, np.array(labels, dtype=np.int64)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_a_factor_on_true_scores(factor: float) -> None:
    scores, labels = drawn(4_000)

    assert fit_temperature(factor * scores, labels) == pytest.approx(factor, rel=0.08)


def test_the_temperature_makes_overconfident_scores_honest() -> None:
    scores, labels = drawn(4_000)
    boasting = 4 * scores

    def error(temperature: float) -> float:
        probabilities = softmax(boasting / temperature)
        right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
        return calibration_error(probabilities.max(axis=1), right)

    assert error(1.0) > 0.15
    assert error(fit_temperature(boasting, labels)) < 0.03


def test_the_fit_has_no_slope_left() -> None:
    """At the minimum the mean error of every intent is 0, and the penalty balances what the vectors still want."""
    rng = np.random.default_rng(1)
    vectors, labels = rng.normal(size=(60, 4)), rng.integers(0, 5, size=60)
    weights, l2 = rng.uniform(0.1, 2, size=60), 0.05

    fit = fit_logistic(vectors, labels, weights, l2=l2)

    error = (weights / weights.sum())[:, None] * (softmax(fit.scores(vectors)) - np.eye(5)[labels])
    assert error.sum(axis=0) == pytest.approx(np.zeros(5), abs=1e-4)
    assert error.T @ vectors + l2 * fit.weights == pytest.approx(np.zeros((5, 4)), abs=1e-4)


def test_where_the_fit_begins_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    vectors, labels, weights = rng.normal(size=(60, 4)), rng.integers(0, 5, size=60), np.ones(60)

    cold = fit_logistic(vectors, labels, weights, l2=0.01)
    warm = fit_logistic(vectors, labels, weights, l2=0.01, start=fit_logistic(vectors, labels, weights, l2=1.0))

    assert softmax(warm.scores(vectors)) == pytest.approx(softmax(cold.scores(vectors)), abs=2e-3)


def test_a_row_of_weight_two_counts_as_two_rows() -> None:
    rng = np.random.default_rng(3)
    vectors, labels = rng.normal(size=(30, 4)), rng.integers(0, 5, size=30)
    twice = np.concatenate([np.arange(30), [0, 1, 2]])
    weights = np.ones(30)
    weights[:3] = 2

    weighed = fit_logistic(vectors, labels, weights, l2=0.1)
    repeated = fit_logistic(vectors[twice], labels[twice], np.ones(33), l2=0.1)

    assert weighed.weights == pytest.approx(repeated.weights, abs=1e-3)


def test_an_intent_without_examples_gets_no_score() -> None:
    fit = fit_logistic(np.eye(4), np.array([0, 0, 3, 3]), np.ones(4), l2=0.1)

    assert np.isneginf(fit.bias).tolist() == [False, True, True, False, True]
    assert not fit.weights[[1, 2, 4]].any()


def test_class_balanced_weights_give_every_intent_that_occurs_the_same_sum() -> None:
    labels, weights = np.array([0, 0, 0, 3]), np.array([1.0, 1.0, 0.5, 0.25])

    balanced = class_balanced(labels, weights)

    assert balanced[:3].sum() == pytest.approx(balanced[3]) == pytest.approx(weights.sum() / 2)
    assert balanced[0] == pytest.approx(2 * balanced[2])


def test_the_loss_of_an_impossible_intent_is_bounded() -> None:
    scores = np.array([[0.0, -np.inf, -np.inf, -np.inf, -np.inf]])

    assert log_loss(scores, np.array([1]), temperature=1.0) == pytest.approx(-LEAST_LOG_PROBABILITY)
    assert log_loss(scores, np.array([0]), temperature=1.0) == pytest.approx(0)
