"""Judged first results with their scores in, the score under which a first result is too likely bad out.

A logistic curve of "the first result is good" over the top score, per release: one over all intents, and one per intent
that is pulled towards it the more, the fewer judged queries the intent has. Scores of two releases are never compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from mangaassist.core.types import Intent

ANY: Final = "any"
"""The threshold of a search whose intent is not known, or has no judged query."""

FEWEST: Final = 20
"""Judged queries of a release without which nothing is said."""

TELLS: Final = 2.33
"""Standard errors by which a curve must rise for its scores to say anything: one-sided 99 %."""

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

    score: at a lower one the chance of a good first result is under the level; None where scores do not tell.
    slope: of the log odds per standard deviation of the score.
    """

    intent: str
    queries: int
    good: float
    score: float | None
    slope: float


def calibrate(firsts: Iterable[ScoredFirst], *, good_chance: float) -> dict[str, Threshold]:
    """The threshold of every intent, and of `any`; none where fewer than `FEWEST` judged queries say anything.

    Where the release's curve rises by more than chance, an intent of few queries leans on it; else its own must.
    A score outside those that were judged is no threshold.
    """
    firsts = list(firsts)
    if len(firsts) < FEWEST:
        return {}
    scores = np.array([each.score for each in firsts], dtype=np.float64)
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    pooled = _fit(_standardised(firsts, centre, spread), pull_to=np.zeros(2), pull=0.05)
    all_scores, _ = _standardised(firsts, centre, spread)
    tells = _tells(pooled, all_scores)
    bounds = (float(all_scores.min()), float(all_scores.max()))

    def threshold(intent: str, own: Sequence[ScoredFirst], curve: Numbers, *, is_told: bool) -> Threshold:
        crossing = _crossing(curve, good_chance) if is_told else None
        is_judged = crossing is not None and bounds[0] <= crossing <= bounds[1]
        good = sum(each.is_good for each in own) / len(own)
        score = centre + spread * crossing if is_judged and crossing is not None else None
        return Threshold(intent, len(own), good, score, float(curve[1]))

    found = {ANY: threshold(ANY, firsts, pooled, is_told=tells)}
    for intent in sorted({each.intent for each in firsts if each.intent is not None}):
        own = [each for each in firsts if each.intent == intent]
        scores, good = _standardised(own, centre, spread)
        curve = _fit((scores, good), pull_to=pooled, pull=_PULL)
        found[intent] = threshold(intent, own, curve, is_told=tells or _tells(curve, scores))
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


def _crossing(curve: Numbers, good_chance: float) -> float | None:
    """The standardised score at which a rising curve passes the level."""
    intercept, slope = float(curve[0]), float(curve[1])
    if slope <= 0 or not 0 < good_chance < 1:
        return None
    return (log(good_chance / (1 - good_chance)) - intercept) / slope


def _tells(curve: Numbers, scores: Numbers) -> bool:
    """Whether a curve rises by more than chance would let it."""
    chance = 1 / (1 + np.exp(-(curve[0] + curve[1] * scores)))
    weight = chance * (1 - chance)
    spread = float((weight * scores**2).sum() - (weight * scores).sum() ** 2 / max(float(weight.sum()), 1e-9))
    return float(curve[1]) >= TELLS / sqrt(max(spread, 1e-9))
