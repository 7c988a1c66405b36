"""Base vectors in, an intent and a calibrated confidence for each out, in plain NumPy."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mangaassist.core.errors import ShapeError
from mangaassist.core.types import INTENTS, Intent, Vectors
from mangaassist.intents.routing import Route, kinds_to_search

Probabilities: TypeAlias = npt.NDArray[np.float64]
"""(n, 5): one row a message, one column an intent, in the order of `INTENTS`; every row sums to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class IntentClassifier:
    """A linear map of base vectors to intents; a value that threads may share.

    weights: (5, d) float32, a row per intent in the order of `INTENTS`.
    bias: (5,) float32; minus infinity for an intent that had no example, so that its probability is exactly 0.
    temperature: what the scores are divided by, > 0; fitted on messages that the weights had not seen.
    route_threshold: where it is less certain than this that one kind of document suffices, both are searched.
    encoder_id: whose base vectors it reads.  version: the name it is stored under.
    """

    weights: Vectors
    bias: npt.NDArray[np.float32]
    temperature: float
    route_threshold: float
    encoder_id: str
    version: str

    def __post_init__(self) -> None:
        if self.weights.ndim != 2 or len(self.weights) != len(INTENTS) or self.bias.shape != (len(INTENTS),):
            raise ShapeError(
                f"weights have shape {self.weights.shape} and bias {self.bias.shape}; an intent classifier has a row "
                f"of weights and a bias for each of {len(INTENTS)} intents: train one: `mangaassist intents train`"
            )
        if not self.temperature > 0:
            raise ShapeError(f"temperature is {self.temperature}; scores are divided by it, so it must be above 0")

    def classify(self, base_vectors: Vectors) -> list[tuple[Intent, float]]:
        """The likeliest intent of each base vector, and its probability; of equal ones the first of `INTENTS`."""
        return _likeliest(self.probabilities(base_vectors))

    def routes(self, base_vectors: Vectors) -> list[Route]:
        """What to search for each base vector, and the likeliest intent with its probability."""
        probabilities = self.probabilities(base_vectors)
        kinds = [kinds_to_search(row, threshold=self.route_threshold) for row in probabilities]
        said = _likeliest(probabilities)
        return [Route(each, intent, confidence) for each, (intent, confidence) in zip(kinds, said, strict=True)]

    def probabilities(self, base_vectors: Vectors) -> Probabilities:
        """The probability of every intent. base_vectors: (n, d), as the encoder gave them, never adapted."""
        if base_vectors.ndim != 2 or base_vectors.shape[1] != self.weights.shape[1]:
            raise ShapeError(
                f"base vectors have shape {base_vectors.shape}; {self.version} reads (n, {self.weights.shape[1]}) "
                f"vectors of {self.encoder_id!r}"
            )
        return softmax((base_vectors @ self.weights.T + self.bias) / self.temperature)

    @property
    def untrained(self) -> tuple[Intent, ...]:
        """The intents that had no example: they are never given."""
        return tuple(intent for intent, bias in zip(INTENTS, self.bias, strict=True) if np.isneginf(bias))


def _likeliest(probabilities: Probabilities) -> list[tuple[Intent, float]]:
    best = probabilities.argmax(axis=1)
    return [(INTENTS[intent], float(row[intent])) for row, intent in zip(probabilities, best, strict=True)]


def softmax(scores: npt.NDArray[np.floating]) -> Probabilities:
    """Probabilities that are proportional to the exponentials of each row; a score of minus infinity gives 0."""
    exponentials = np.exp(np.asarray(scores, dtype=np.float64) - scores.max(axis=1, keepdims=True))
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))
