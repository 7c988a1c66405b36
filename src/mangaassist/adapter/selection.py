"""Folds of held-out queries and documents in, the chosen recipe out; the frozen encoder is always in the race.

The rule: a cell is measured by its ndcg@10 *gain over the frozen encoder in that same cell*, so that identity is worth
exactly 0. A rung is worth two parts of what its worst eligible validation cell gains and one part of what they gain on
average; one that loses in a cell is worth that loss, so that no cell can be traded away. Ties are broken by recall@3.
Among rungs within one standard error of the best in every eligible cell, the simplest is chosen. The loss is never
looked at.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.fitting import fit_rounds
from mangaassist.adapter.ladder import Adapter, Rung
from mangaassist.adapter.recipes import GradientRecipe, Recipe, recipes_for
from mangaassist.core.errors import DataError
from mangaassist.core.types import Adjustment, DocId, Groups, Progress, Qrels, QueryId, Vectors, no_progress
from mangaassist.evaluation import (
    MIN_CELL_QUERIES,
    Exposure,
    QueryScores,
    Resampler,
    metric_differences,
    run_depth,
    score_cell,
)
from mangaassist.retrieval import search_run

PATIENCE = 6
"""Rounds that were worth no more than the best one after which gradient training stops."""

WORST_CELL_SHARE = 2 / 3
"""What the gain of the worst cell counts for; the mean of all has the rest: docs/decisions/0019-steady-choice.md."""

CellScores = Mapping[str, Mapping[QueryId, QueryScores]]


@dataclass(frozen=True, slots=True)
class Fold:
    """One hold-out: what trains, and the held-out queries that adapters are compared on.

    query_ids: of the base vectors queries (n, d), with their qrels and groups. doc_ids: of documents (m, d), the whole
    corpus. warm: the documents that `training` has as positives. allowed: which documents a query may return, (m,);
    of a query that is not there, all.
    """

    training: TrainingSet
    query_ids: Sequence[QueryId]
    queries: Vectors
    qrels: Qrels
    groups: Groups
    doc_ids: Sequence[DocId]
    documents: Vectors
    warm: frozenset[DocId]
    allowed: Mapping[QueryId, npt.NDArray[np.bool_]] = field(default_factory=dict)

    def score(self, adapter: Adapter) -> CellScores:
        """Scores of the warm and the cold cell, and of all queries."""
        run = search_run(
            self.query_ids,
            adapter.adapt_queries(self.queries),
            self.doc_ids,
            adapter.adapt_documents(self.documents),
            depth=run_depth(self.qrels),
            adjust=lambda query_id: Adjustment(allowed=self.allowed.get(query_id)),
        )
        exposure = Exposure(self.warm)
        return {cell: score_cell(run, self.qrels, exposure, cell) for cell in ("warm", "cold", "all")}


@dataclass(frozen=True, slots=True)
class Trial:
    """One recipe's result on validation. gains: cell → mean ndcg@10 gain over the frozen encoder."""

    recipe: Recipe
    rounds: int
    gains: Mapping[str, float]
    recall_gains: Mapping[str, float]
    scores: CellScores

    @property
    def worth(self) -> tuple[float, float]:
        """What trials are ordered by: what their ndcg@10 gains are worth together, then their recall@3 gains."""
        return worth(self.gains), worth(self.recall_gains)


def worth(gains: Mapping[str, float]) -> float:
    """What gains over the frozen encoder, cell by cell, are worth together; a cell that loses is all that counts.

    Where a small gain of the worst cell hangs on which queries are held out, what the others gain decides, steadily.
    """
    worst = min(gains.values())
    if worst < 0:
        return worst
    return WORST_CELL_SHARE * worst + (1 - WORST_CELL_SHARE) * sum(gains.values()) / len(gains)


@dataclass(frozen=True, slots=True)
class Choice:
    """The best trial of every rung, the process CPU seconds spent on finding it, and the rung that was chosen."""

    chosen: Rung
    trials: Mapping[Rung, Trial]
    cpu_seconds: Mapping[Rung, float]
    because: str


def choose(
    folds: Sequence[Fold],
    rungs: Sequence[Rung],
    *,
    seed: int,
    hard_negatives: bool = True,
    progress: Progress = no_progress,
) -> Choice:
    """Tries every recipe of the rungs on every fold and chooses by the rule above.

    A rung's recipe, and the round at which its training stops, are those whose scores pooled over the folds are best.
    Raises DataError without validation queries, or if `rungs` do not begin with identity.
    """
    if not any(fold.query_ids for fold in folds) or rungs[0] != "identity":
        raise DataError("choosing needs validation queries, and identity in the race; give more pairs")
    race = _Race(folds, seed)
    trials: dict[Rung, Trial] = {}
    seconds: dict[Rung, float] = {}
    # The linear rung goes first: the other gradient rungs take over the negatives that it found to help.
    order = sorted(rungs, key=lambda rung: (rung != "linear", rungs.index(rung)))
    for done, rung in enumerate(order):
        progress(f"tuning {rung}", done, len(order))
        started = time.process_time()
        like = trials["linear"].recipe if "linear" in trials else None
        recipes = recipes_for(rung, like=like, hard_negatives=hard_negatives)
        trials[rung] = max((race.run(recipe) for recipe in recipes), key=lambda trial: trial.worth)
        seconds[rung] = time.process_time() - started
    progress("tuning", len(order), len(order))
    ordered = {rung: trials[rung] for rung in rungs}
    chosen, because = _simplest_of_the_best(ordered, race.groups, seed)
    return Choice(chosen, ordered, seconds, because)


class _Race:
    """Fits recipes on every fold and measures them against the frozen encoder, scores pooled over the folds."""

    def __init__(self, folds: Sequence[Fold], seed: int) -> None:
        self._folds, self._seed = folds, seed
        frozen = self._pooled([Adapter("identity", fold.training.dimension) for fold in folds])
        # A query that several folds hold out is one query: only the bound counts it once.
        distinct = {cell: {query_id.split(":", 1)[1] for query_id in frozen[cell]} for cell in ("warm", "cold")}
        eligible = [cell for cell, queries in distinct.items() if len(queries) >= MIN_CELL_QUERIES] or ["all"]
        self._frozen = {cell: frozen[cell] for cell in eligible}
        self.groups = {
            _in_fold(number, query_id): group
            for number, fold in enumerate(folds)
            for query_id, group in fold.groups.items()
        }

    def run(self, recipe: Recipe) -> Trial:
        """The recipe's trial, at its best round where it may stop early; all folds train in step."""
        best: Trial | None = None
        in_step = zip(*(fit_rounds(recipe, fold.training, seed=self._seed) for fold in self._folds), strict=True)
        for rounds, adapters in enumerate(in_step, start=1):
            if isinstance(recipe, GradientRecipe) and not recipe.stops_early and rounds < recipe.rounds:
                continue
            trial = self._trial(recipe, adapters, rounds)
            if best is None or trial.worth > best.worth:
                best = trial
            if rounds - best.rounds >= PATIENCE:
                break
        assert best is not None
        return best

    def _trial(self, recipe: Recipe, adapters: Sequence[Adapter], rounds: int) -> Trial:
        pooled = self._pooled(adapters)
        scores = {cell: pooled[cell] for cell in self._frozen}
        return Trial(
            recipe,
            rounds,
            gains={cell: _mean_gain(scores[cell], self._frozen[cell], "ndcg@10") for cell in scores},
            recall_gains={cell: _mean_gain(scores[cell], self._frozen[cell], "recall@3") for cell in scores},
            scores=scores,
        )

    def _pooled(self, adapters: Sequence[Adapter]) -> CellScores:
        scored = [fold.score(adapter) for fold, adapter in zip(self._folds, adapters, strict=True)]
        return {
            cell: {
                _in_fold(number, query_id): score
                for number, cells in enumerate(scored)
                for query_id, score in cells[cell].items()
            }
            for cell in scored[0]
        }


def _in_fold(number: int, query_id: QueryId) -> QueryId:
    """A query may be held out in several folds; each time it is another observation (of the same group)."""
    return QueryId(f"{number}:{query_id}")


def _simplest_of_the_best(trials: Mapping[Rung, Trial], groups: Groups, seed: int) -> tuple[Rung, str]:
    best = max(trials.values(), key=lambda trial: trial.worth)
    chosen = next(rung for rung, trial in trials.items() if trial is best or _is_as_good(trial, best, groups, seed))
    simplest = trials[chosen]
    because = f"{_told(chosen, simplest)}; the best, {_told(best.recipe.rung, best)}"
    return chosen, because


def _told(rung: Rung, trial: Trial) -> str:
    gains = ", ".join(f"{gain:+.4f} {cell}" for cell, gain in sorted(trial.gains.items()))
    return f"{rung} gains {gains} (ndcg@10 of held-out queries over frozen)"


def _is_as_good(trial: Trial, best: Trial, groups: Groups, seed: int) -> bool:
    """Whether a trial is within one standard error (of the paired difference) of the best one in every cell."""
    for cell, scores in best.scores.items():
        behind = metric_differences(scores, trial.scores[cell], "ndcg@10")
        error = Resampler(sorted(behind), groups, seed=seed).standard_error(behind)
        if best.gains[cell] - trial.gains[cell] > error:
            return False
    return True


def _mean_gain(scores: Mapping[QueryId, QueryScores], frozen: Mapping[QueryId, QueryScores], metric: str) -> float:
    differences = metric_differences(scores, frozen, metric)
    return sum(differences.values()) / len(differences)
