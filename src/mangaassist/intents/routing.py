"""The probabilities of the intents in, the kinds of documents to search out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import floor, inf, nextafter
from typing import Final

import numpy as np
import numpy.typing as npt

from mangaassist.core.intent_kinds import BOTH, KINDS_OF
from mangaassist.core.types import INTENTS, DocumentKind, Intent

LEAST_THRESHOLD: Final = 0.5
"""A kind that is less likely than not to hold the answer never shuts the other one out."""


@dataclass(frozen=True, slots=True)
class Route:
    """The kinds of documents to search for one message, and the intent behind it; None where nobody knows one."""

    kinds: tuple[DocumentKind, ...]
    intent: Intent | None = None
    confidence: float | None = None


def likelier_kind(probabilities: npt.NDArray[np.float64]) -> tuple[DocumentKind, float]:
    """The kind that more probably suffices, and how probably: the sum over the intents that need that kind alone.

    probabilities: (5,), in the order of `INTENTS`. That a message is a recommendation or a discovery may be a close
    call, and yet certain that titles answer it: the sum, not the likeliest intent's own probability, tells.
    """
    suffices = {kind: sum(float(probabilities[place]) for place in _ALONE[kind]) for kind in BOTH}
    kind = max(BOTH, key=lambda each: suffices[each])
    return kind, suffices[kind]


def kinds_to_search(probabilities: npt.NDArray[np.float64], *, threshold: float) -> tuple[DocumentKind, ...]:
    """One kind where it is certain enough that it suffices, else both."""
    kind, confidence = likelier_kind(probabilities)
    return (kind,) if confidence >= threshold else BOTH


def finds(kinds: Collection[DocumentKind], needed: Collection[DocumentKind]) -> bool:
    """Whether a search of these kinds can find everything that is needed."""
    return set(needed) <= set(kinds)


def smallest_threshold(right: Sequence[bool], confidences: Sequence[float], *, accuracy: float) -> float:
    """The smallest threshold, from 0.5 on, at which the share of right routes reaches `accuracy`.

    right: whether the likelier kind would do; where its confidence is under the threshold both kinds are searched, and
    that does always. Above every confidence the share is 1, so there is a threshold for any accuracy.

    >>> smallest_threshold([True, False, True, True], [0.9, 0.6, 0.8, 0.7], accuracy=0.75)
    0.5
    >>> smallest_threshold([True, False, True, True], [0.9, 0.6, 0.8, 0.7], accuracy=1.0)
    0.6000000000000001
    """
    wrong = sorted((confidence for good, confidence in zip(right, confidences, strict=True) if not good), reverse=True)
    allowed = floor((1 - accuracy) * len(right) + 1e-9)
    needed = nextafter(wrong[allowed], inf) if len(wrong) > allowed else 0.0
    return max(LEAST_THRESHOLD, needed)


_ALONE: Final[Mapping[DocumentKind, tuple[int, ...]]] = {
    kind: tuple(place for place, intent in enumerate(INTENTS) if KINDS_OF[intent] == (kind,)) for kind in BOTH
}
