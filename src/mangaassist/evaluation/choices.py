"""What shoppers chose and what each choice stands for in, how early a run ranks it out.

A choice is a document that a shopper clicked, bought or wished for, with a gain (1 clicked, 2 bought or wished for) and
the weight of the position at which it stood (`PositionBias.weight`). Over all choices of all queries

    chosen@3     = Σ gain * weight * [rank ≤ 3]                       / Σ gain * weight
    chosen_dcg@10 = Σ gain * weight * [rank ≤ 10] / log2(rank + 1)    / Σ gain * weight

With all weights 1 that is the share of what was chosen that a run shows in its first three. With inverse propensities
it is, up to clipping, the same share had shoppers looked at all that they were shown. Neither speaks of documents that
they were not shown. Unlike recall@3, which is a mean over queries, both are sums over choices: only sums are unbiased.

Source: Joachims, Swaminathan and Schnabel 2017, "Unbiased Learning-to-Rank with Biased Feedback", §4; divided by the
sum of weights (self-normalised) as in Swaminathan and Joachims 2015.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mangaassist.core.types import DocId, QueryId, Run
from mangaassist.evaluation.metrics import ranked

CHOICE_METRICS = ("chosen@3", "chosen_dcg@10")


@dataclass(frozen=True, slots=True)
class Choice:
    """A document that was chosen for a query, what it is worth, and how many choices it stands for."""

    query_id: QueryId
    doc_id: DocId
    gain: float
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.gain <= 0 or self.weight <= 0:
            raise ValueError(f"{self}: gain and weight must be above 0; leave out what was not chosen")


@dataclass(frozen=True, slots=True)
class ChoiceScores:
    """Sums by query: of what the run earned in a metric of `CHOICE_METRICS`, and of all that could be earned."""

    earned: Mapping[str, Mapping[QueryId, float]]
    total: Mapping[QueryId, float]

    def value(self, metric: str) -> float:
        """The metric over all queries; 0 without any."""
        total = sum(self.total.values())
        return sum(self.earned[metric].values()) / total if total else 0.0


def score_choices(run: Run, choices: Sequence[Choice]) -> ChoiceScores:
    """What a run earns by ranking the choices early; a document or query it lacks earns nothing."""
    places = {
        query_id: {doc_id: place for place, doc_id in enumerate(ranked(run.get(query_id, {})), start=1)}
        for query_id in {choice.query_id for choice in choices}
    }
    total: dict[QueryId, float] = dict.fromkeys(places, 0.0)
    earned: dict[str, dict[QueryId, float]] = {metric: dict.fromkeys(places, 0.0) for metric in CHOICE_METRICS}
    for choice in choices:
        worth = choice.gain * choice.weight
        total[choice.query_id] += worth
        place = places[choice.query_id].get(choice.doc_id)
        if place is not None and place <= 3:
            earned["chosen@3"][choice.query_id] += worth
        if place is not None and place <= 10:
            earned["chosen_dcg@10"][choice.query_id] += worth / math.log2(place + 1)
    return ChoiceScores(earned, total)


def effective_choices(choices: Sequence[Choice]) -> float:
    """How many choices of equal weight tell as much as these (Kish 1965)."""
    weights = [choice.gain * choice.weight for choice in choices]
    return sum(weights) ** 2 / sum(weight**2 for weight in weights) if weights else 0.0
