"""Vectors and intents in, a weighted multinomial logistic regression and its temperature out. Values only, no seed."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

from mangaassist.core.types import INTENTS

Floats: TypeAlias = npt.NDArray[np.float64]
Labels: TypeAlias = npt.NDArray[np.int64]
"""(n,) the position of each message's intent in `INTENTS`."""

LEAST_LOG_PROBABILITY = np.log(1e-6)
"""A message whose intent had no example in training costs no more than this, so that it cannot outvote the others."""

TEMPERATURES = (0.05, 20.0)
"""Where a temperature is looked for; scores that are always right would want one of 0."""

_MOST_STEPS = 500


@dataclass(frozen=True, slots=True, eq=False)
class LinearFit:
    """weights: (5, d); bias: (5,), minus infinity for an intent without an example."""

    weights: Floats
    bias: Floats

    def scores(self, vectors: Floats) -> Floats:
        """(n, 5), before any temperature."""
        return np.asarray(vectors @ self.weights.T + self.bias)


def fit_logistic(
    vectors: Floats, labels: Labels, weights: Floats, *, l2: float, start: LinearFit | None = None
) -> LinearFit:
    """The weights and bias that minimise the weighted mean log loss plus `l2 / 2` times the squared weights.

    vectors: (n, d).  weights: (n,) above 0; only their proportions matter.  start: where to begin, to arrive sooner.
    The objective is strictly convex in the weights, and so has one answer, whatever the start.
    """
    present = np.unique(labels)
    dimension = vectors.shape[1]
    wanted = (labels[:, None] == present).astype(np.float64)
    share = (weights / weights.sum())[:, None]

    def loss(flat: Floats) -> tuple[float, Floats]:
        table = flat.reshape(len(present), dimension + 1)
        linear, bias = table[:, :-1], table[:, -1]
        log_probabilities = _log_softmax(vectors @ linear.T + bias)
        residual = share * (np.exp(log_probabilities) - wanted)
        gradient = np.column_stack([residual.T @ vectors + l2 * linear, residual.sum(axis=0)])
        value = -(share * wanted * log_probabilities).sum() + l2 / 2 * (linear**2).sum()
        return float(value), gradient.ravel()

    begin = np.zeros((len(present), dimension + 1))
    if start is not None:
        begin = np.column_stack([start.weights[present], np.nan_to_num(start.bias[present], neginf=0.0)])
    found: Any = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _MOST_STEPS})
    return _of_all_intents(found.x.reshape(len(present), dimension + 1), present)


def class_balanced(labels: Labels, weights: Floats) -> Floats:
    """The weights, scaled so that every intent that occurs has the same sum."""
    sums = np.bincount(labels, weights=weights, minlength=len(INTENTS))
    return np.asarray(weights / sums[labels] * weights.sum() / np.count_nonzero(sums))


def log_loss(scores: Floats, labels: Labels, *, temperature: float) -> float:
    """The mean of minus the log probability of the right intent."""
    right = _log_softmax(scores / temperature)[np.arange(len(labels)), labels]
    return float(-np.maximum(right, LEAST_LOG_PROBABILITY).mean())


def fit_temperature(scores: Floats, labels: Labels) -> float:
    """The temperature with the least log loss: one number, so the likeliest intent stays the likeliest.

    scores: (n, 5), of messages that the weights had not seen. Source: Guo et al. 2017, section 4.2.
    """
    low, high = np.log(TEMPERATURES)
    found: Any = minimize_scalar(
        lambda power: log_loss(scores, labels, temperature=float(np.exp(power))), bounds=(low, high), method="bounded"
    )
    return float(np.exp(found.x))


def _of_all_intents(table: Floats, present: Labels) -> LinearFit:
    weights, bias = np.zeros((len(INTENTS), table.shape[1] - 1)), np.full(len(INTENTS), -np.inf)
    weights[present], bias[present] = table[:, :-1], table[:, -1]
    return LinearFit(weights, bias)


def _log_softmax(scores: Floats) -> Floats:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))
