"""What is true of two systems in, a population of judged queries out from which simulated test sets are drawn.

The generative model, per query:

1. It has R relevant documents, R drawn from `RELEVANT`, each of grade 2 with chance `GRADE_2_SHARE` and else of grade
   1, and `DISTRACTORS` others that compete with them.
2. A system scores a document that is not relevant with a standard normal x, and a relevant one with
   strength + DOCUMENT_SPREAD * x + EASE_SPREAD * e + GRADE_2_BONUS * [grade 2].  The ease e of the query is common to
   both systems, and x = √alike * f + √(1 - alike) * g with f common and g each system's own, all standard normal. So
   hard queries are hard for both, and `alike` says how much more than that their rankings agree.
3. The first ten documents are scored by `evaluation.score_query`, so that recall@3, ndcg@10 and the bad top-1 rate of
   one query hang together as they do in a real report.

`strength` is found so that the system's recall@3 comes near its truth; then the queries get weights, the nearest to
equal ones (exponential tilting) that make all six means exactly the truths. Every document is judged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq, minimize

from mangaassist.core.types import DocId
from mangaassist.evaluation import score_query

Numbers = npt.NDArray[np.float64]

Grades = npt.NDArray[np.int8]

RELEVANT: Mapping[int, float] = {1: 0.03, 2: 0.07, 3: 0.20, 4: 0.20, 5: 0.20, 7: 0.20, 9: 0.10}
MOST_RELEVANT = max(RELEVANT)
GRADE_2_SHARE = 0.4
GRADE_2_BONUS = 1.5
DOCUMENT_SPREAD = 1.5
EASE_SPREAD = 0.4
DISTRACTORS = 40
QUERIES = 20_000
FOR_STRENGTH = 4_000
LEAST_EFFECTIVE_SHARE = 0.5
METRICS = ("recall@3", "ndcg@10", "bad_top1_rate")


@dataclass(frozen=True, slots=True)
class Truth:
    """The expected metrics of one system."""

    recall_at_3: float
    ndcg_at_10: float
    bad_top1: float

    def means(self) -> Numbers:
        """In the order of `METRICS`."""
        return np.array([self.recall_at_3, self.ndcg_at_10, self.bad_top1])


@dataclass(frozen=True, slots=True)
class Population:
    """Queries with the metrics of both systems, and weights that sum to 1.

    live, candidate: (queries, 3), columns as in `METRICS`.
    """

    live: Numbers
    candidate: Numbers
    weights: Numbers

    def draw(self, count: tuple[int, int], rng: np.random.Generator) -> tuple[Numbers, Numbers]:
        """(live, candidate) of so many (test sets, queries), each (test sets, queries, 3)."""
        steps = np.cumsum(self.weights)
        rows = np.searchsorted(steps, rng.random(count) * steps[-1], side="right")
        return self.live[rows], self.candidate[rows]

    def mean(self, columns: Numbers) -> Numbers:
        """The truth of any columns of the population."""
        return self.weights @ columns

    def likeness(self) -> float:
        """The correlation of both systems' recall@3 over queries."""
        live, candidate = (column - self.mean(column) for column in (self.live[:, 0], self.candidate[:, 0]))
        both, first, second = (
            float(self.mean(product)) for product in (live * candidate, live * live, candidate * candidate)
        )
        return float(both / (first * second) ** 0.5)

    def effective_share(self) -> float:
        """How many equally weighted queries the weights are worth, over how many there are."""
        return float(1 / (self.weights @ self.weights) / len(self.weights))


def population(live: Truth, candidate: Truth, *, alike: float, seed: int, queries: int = QUERIES) -> Population:
    """The population in which both systems have exactly these truths; an error where the model cannot hold them."""
    rng = np.random.default_rng(seed)
    grades = _grades(rng, queries)
    ease = rng.normal(size=(queries, 1)) * EASE_SPREAD
    common = rng.normal(size=grades.shape) * alike**0.5
    scores = []
    for truth in (live, candidate):
        noise = common + rng.normal(size=grades.shape) * (1 - alike) ** 0.5
        scores.append(_scores_at(_strength(truth.recall_at_3, noise, ease, grades), noise, ease, grades))
    weights = _tilted(np.hstack(scores), np.concatenate([live.means(), candidate.means()]))
    found = Population(scores[0], scores[1], weights)
    if found.effective_share() < LEAST_EFFECTIVE_SHARE:
        raise ValueError(f"{live} against {candidate}: too unlike the model; name truths that go together")
    return found


def _grades(rng: np.random.Generator, queries: int) -> Grades:
    """(queries, documents): 0 for every document that is not relevant; the first places are for relevant ones."""
    sizes = rng.choice(list(RELEVANT), p=list(RELEVANT.values()), size=queries)
    grades = np.zeros((queries, MOST_RELEVANT + DISTRACTORS), dtype=np.int8)
    grades[np.arange(grades.shape[1]) < sizes[:, None]] = 1
    grades[(grades == 1) & (rng.random(grades.shape) < GRADE_2_SHARE)] = 2
    return grades


def _strength(recall_at_3: float, noise: Numbers, ease: Numbers, grades: Grades) -> float:
    """The strength with which the mean recall@3 of the first queries is about as wanted; weights do the rest."""
    noise, ease, grades = noise[:FOR_STRENGTH], ease[:FOR_STRENGTH], grades[:FOR_STRENGTH]
    most = np.minimum(3, (grades > 0).sum(axis=1))

    def excess(strength: float) -> float:
        found = (_first_ten(strength, noise, ease, grades)[:, :3] > 0).sum(axis=1) / most
        return float(found.mean()) - recall_at_3

    return float(brentq(excess, -4.0, 12.0, xtol=1e-3))


def _first_ten(strength: float, noise: Numbers, ease: Numbers, grades: Grades) -> Grades:
    """(queries, 10): the grade of the document at each of the first ten places."""
    is_relevant = grades > 0
    relevant_scores = noise * DOCUMENT_SPREAD + strength + ease + GRADE_2_BONUS * (grades == 2)
    scores = np.where(is_relevant, relevant_scores, noise)
    scores[:, :MOST_RELEVANT][~is_relevant[:, :MOST_RELEVANT]] = -np.inf  # places of documents that the query lacks
    first = np.argpartition(-scores, 10, axis=1)[:, :10]
    order = np.argsort(-np.take_along_axis(scores, first, axis=1), axis=1)
    found: Grades = np.take_along_axis(grades, np.take_along_axis(first, order, axis=1), axis=1)
    return found


def _scores_at(strength: float, noise: Numbers, ease: Numbers, grades: Grades) -> Numbers:
    """(queries, 3): the metrics of every query."""
    counts = np.stack([(grades == grade).sum(axis=1) for grade in (1, 2)], axis=1)
    ranked = _first_ten(strength, noise, ease, grades)
    return np.array(
        [_metrics_of(tuple(row), *count) for row, count in zip(ranked.tolist(), counts.tolist(), strict=True)]
    )


@cache
def _metrics_of(ranked: tuple[int, ...], ones: int, twos: int) -> tuple[float, float, float]:
    """The metrics of a ranking of documents of these grades, where so many of grade 1 and 2 there are in all."""
    results = [DocId(f"place {place}") for place in range(len(ranked))]
    grades = dict(zip(results, ranked, strict=True))
    for grade, count in ((1, ones), (2, twos)):
        grades |= {DocId(f"missed {grade}, {number}"): grade for number in range(count - ranked.count(grade))}
    scores = score_query(results, grades)
    return scores.recall_at_3, scores.ndcg_at_10, scores.bad_top1


def _tilted(columns: Numbers, wanted: Numbers) -> Numbers:
    """The weights nearest to equal ones (in relative entropy) with which the columns' means are as wanted."""
    centred = columns - wanted

    def dual(multipliers: Numbers) -> tuple[float, Numbers]:
        exponents = centred @ multipliers
        top = exponents.max()
        masses = np.exp(exponents - top)
        total = masses.sum()
        return float(top + np.log(total)), (masses @ centred) / total

    found = minimize(dual, np.zeros(columns.shape[1]), jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 500})
    exponents = centred @ found.x
    weights: Numbers = np.exp(exponents - exponents.max())
    weights /= weights.sum()
    if np.abs(weights @ centred).max() > 1e-6:
        raise ValueError(f"no weights give means of {wanted.round(3).tolist()}; name truths that go together")
    return weights
