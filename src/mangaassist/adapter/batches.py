"""A training set in, steps of a round out: which examples, candidates and masks make one gradient step."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mangaassist.adapter.examples import Indices, TrainingSet
from mangaassist.adapter.recipes import GradientRecipe

MIN_STEPS = 16
"""A round of a small set is repeated until it has this many steps, so that early stopping looks at like amounts."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one step: query and weight (B,), candidates (C,), own (B,) into candidates, allowed (B, C), corpus."""

    query: Indices
    candidates: Indices
    own: Indices
    allowed: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float32]
    corpus: Indices


def batches(data: TrainingSet, recipe: GradientRecipe, rng: np.random.Generator) -> Iterator[Batch]:
    """The steps of one round: every query once (or every example), shuffled, small sets repeated to `MIN_STEPS`."""
    drawing = _Drawing(data, recipe, rng)
    steps = 0
    while True:
        chosen = _draw(data, recipe.positives_per_query, rng)[: recipe.examples_per_round]
        parts = max(1, round(len(chosen) / recipe.batch))
        for part in np.array_split(chosen, parts):
            yield drawing.batch(part)
            steps += 1
        if steps >= MIN_STEPS or recipe.positives_per_query is None:
            return


def _draw(data: TrainingSet, per_query: int | None, rng: np.random.Generator) -> Indices:
    """Examples in random order, at most `per_query` of each query, heavier ones likelier."""
    count = len(data.query)
    if per_query is None:
        return rng.permutation(count)
    # Efraimidis & Spirakis 2006: the smallest exponential / weight is a weighted draw without replacement.
    keys = rng.exponential(size=count) / data.weight
    order = np.lexsort((keys, data.query))
    starts = np.flatnonzero(np.diff(data.query[order], prepend=-1))
    place = np.arange(count) - np.repeat(starts, np.diff(np.append(starts, count)))
    return rng.permutation(order[place < per_query])


class _Drawing:
    """Makes batches of examples; holds where each document stands in the batch that is being made."""

    def __init__(self, data: TrainingSet, recipe: GradientRecipe, rng: np.random.Generator) -> None:
        self._data, self._recipe, self._rng = data, recipe, rng
        self._place = np.full(len(data.documents), -1)
        # Of one query heavier examples are drawn more often; beside other queries it counts what its examples weigh on
        # average. Taking all examples, each counts its own weight.
        self._weight = data.weight if recipe.positives_per_query is None else _mean_of_query(data)

    def batch(self, rows: Indices) -> Batch:
        """The batch of these examples."""
        data, recipe = self._data, self._recipe
        query, positive = data.query[rows], data.positive[rows]
        hard = data.hard_negatives[rows, : recipe.hard_negatives]
        shared = np.concatenate([positive, self._rng.integers(len(data.documents), size=recipe.random_negatives)])
        candidates = np.unique(np.concatenate([shared, hard[hard >= 0]]))
        self._place[candidates] = np.arange(len(candidates))
        batch = Batch(
            query=query,
            candidates=candidates,
            own=self._place[positive],
            allowed=self._allowed(query, shared, hard, len(candidates)),
            weight=self._weight[rows],
            corpus=_corpus_rows(data, recipe, self._rng),
        )
        self._place[candidates] = -1
        return batch

    def _allowed(self, query: Indices, shared: Indices, hard: Indices, candidates: int) -> npt.NDArray[np.bool_]:
        """What is shared and a query's own hard negatives, (B, C), but for its known positives."""
        is_shared = np.zeros(candidates, dtype=bool)
        is_shared[self._place[shared]] = True
        allowed = np.tile(is_shared, (len(query), 1))
        mine, column = np.nonzero(hard >= 0)
        allowed[mine, self._place[hard[mine, column]]] = True
        # A known positive is never a negative. The sparse matrix' own way to take columns passes over all of them.
        relevant = self._data.relevant
        begin = relevant.indptr[query]
        counts = relevant.indptr[query + 1] - begin
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        place = self._place[relevant.indices[np.repeat(begin, counts) + within]]
        allowed[np.repeat(np.arange(len(query)), counts)[place >= 0], place[place >= 0]] = False
        return allowed


def _mean_of_query(data: TrainingSet) -> npt.NDArray[np.float32]:
    """Per example the mean weight of all examples of its query: many do not make a query count more."""
    size = len(data.queries)
    total = np.bincount(data.query, weights=data.weight, minlength=size)
    mean = total / np.maximum(np.bincount(data.query, minlength=size), 1)
    return np.asarray(mean[data.query], dtype=np.float32)


def _corpus_rows(data: TrainingSet, recipe: GradientRecipe, rng: np.random.Generator) -> Indices:
    available = len(data.corpus_left)
    if not recipe.corpus_weight or not available:
        return np.empty(0, dtype=np.int64)
    return rng.choice(available, size=min(recipe.corpus_batch, available), replace=False)
