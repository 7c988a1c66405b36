"""Judged first results with their scores in, the score under which a first result is too likely bad out.

A logistic curve of "the first result is good" over the top score, per release: one over all intents, and one per intent
that is pulled towards it the more, the fewer judged queries the intent has. Scores of two releases are never compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from mangaassist.core.types import Intent

ANY: Final = "any"
"""The threshold of a search whose intent is not known, or has no judged query."""

FEWEST: Final = 20
"""Judged queries of a release without which nothing is said."""

TELLS: Final = 1.645
"""Standard errors by which a curve must rise for its scores to say anything: one-sided 95 %."""

_PULL: Final = 4.0
"""How strongly an intent's curve is held to the release's, in units of squared standard deviations of the score."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ScoredFirst:
    """The first result of a judged query: its score, and whether it is relevant."""

    intent: Intent | None
    score: float
    is_good: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """Of one release and intent (or `any`). queries: how many judged ones.  good: share whose first result is good.

    score: at a lower one the chance of a good first result is under the level; None where the score says nothing
    about it, minus infinity never being a score.
    slope: of the log odds per standard deviation of the score.
    """

    intent: str
    queries: int
    good: float
    score: float | None
    slope: float


def calibrate(firsts: Iterable[ScoredFirst], *, good_chance: float) -> dict[str, Threshold]:
    """The threshold of every intent, and of `any`; none where fewer than `FEWEST` judged queries say anything."""
    firsts = list(firsts)
    if len(firsts) < FEWEST:
        return {}
    scores = np.array([each.score for each in firsts], dtype=np.float64)
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    pooled = _fit(_standardised(firsts, centre, spread), pull_to=np.zeros(2), pull=0.05)
    found = {ANY: _threshold(ANY, firsts, pooled, centre, spread, good_chance)}
    for intent in sorted({each.intent for each in firsts if each.intent is not None}):
        own = [each for each in firsts if each.intent == intent]
        curve = _fit(_standardised(own, centre, spread), pull_to=pooled, pull=_PULL)
        found[intent] = _threshold(intent, own, curve, centre, spread, good_chance)
    return found


def threshold_for(thresholds: Mapping[str, Threshold], intent: str | None) -> float | None:
    """The score under which a result of this intent is low; None where nothing can be said."""
    found = thresholds.get(intent or ANY) or thresholds.get(ANY)
    return found.score if found is not None else None


def _standardised(firsts: Sequence[ScoredFirst], centre: float, spread: float) -> tuple[Numbers, Numbers]:
    scores = np.array([(each.score - centre) / spread for each in firsts], dtype=np.float64)
    return scores, np.array([each.is_good for each in firsts], dtype=np.float64)


def _fit(data: tuple[Numbers, Numbers], *, pull_to: Numbers, pull: float) -> Numbers:
    """(intercept, slope) of the most likely logistic curve, with a Gaussian prior around `pull_to`."""
    scores, good = data

    def loss(curve: Numbers) -> float:
        odds = curve[0] + curve[1] * scores
        return float(np.logaddexp(0, odds).sum() - (good * odds).sum() + pull * ((curve - pull_to) ** 2).sum() / 2)

    return np.asarray(minimize(loss, np.array(pull_to), method="BFGS").x, dtype=np.float64)


def _threshold(
    intent: str, firsts: Sequence[ScoredFirst], curve: Numbers, centre: float, spread: float, good_chance: float
) -> Threshold:
    """The score at which the curve falls under the level: None where it rises too little to be told from chance, or
    where that score lies outside those that were judged.
    """
    scores, good = _standardised(firsts, centre, spread)
    intercept, slope = float(curve[0]), float(curve[1])
    share = float(good.mean())
    if not 0 < good_chance < 1 or slope <= 0 or slope < TELLS * _slope_error(curve, scores):
        return Threshold(intent, len(firsts), share, None, slope)
    crossing = (log(good_chance / (1 - good_chance)) - intercept) / slope
    is_judged = scores.min() <= crossing <= scores.max()
    return Threshold(intent, len(firsts), share, centre + spread * crossing if is_judged else None, slope)


def _slope_error(curve: Numbers, scores: Numbers) -> float:
    """The standard error of a logistic curve's slope."""
    chance = 1 / (1 + np.exp(-(curve[0] + curve[1] * scores)))
    weight = chance * (1 - chance)
    spread = (weight * scores**2).sum() - (weight * scores).sum() ** 2 / max(float(weight.sum()), 1e-9)
    return float(1 / np.sqrt(max(float(spread), 1e-9)))
