"""Folds of held-out queries and documents and recipes in, trials out: what each gains over the frozen encoder.

A cell is measured by its ndcg@10 *gain over the frozen encoder in that same cell*, so that identity is worth exactly 0.
A trial is worth two parts of what its worst eligible validation cell gains and one part of what they gain on average;
one that loses in a cell is worth that loss, so that no cell can be traded away. What is tried later (another recipe,
another round, another strength) has to be worth clearly more. The loss is never looked at.

Every validation query wants a document that somebody asked for before. Where these are few, a map gains most by telling
them from all others, and so sinks what nobody asked for yet; among themselves that gains nothing. So cells are measured
once more with nothing but documents that answer some query: half of what a trial loses there is taken off its worth.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import compress, islice
from typing import Any, TypeGuard, TypeVar

import numpy as np
import numpy.typing as npt

from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.fitting import fit, fit_rounds
from mangaassist.adapter.known_moves import MOVE_SHARES, KnownMoves, fit_known_moves
from mangaassist.adapter.ladder import Adapter
from mangaassist.adapter.pooling import eligible_cells, pooled
from mangaassist.adapter.recipes import STRENGTHS, GradientRecipe, Recipe, recipe_as_json
from mangaassist.core.types import Adjustment, Device, DocId, Groups, Qrels, QueryId, Vectors
from mangaassist.evaluation import (
    Exposure,
    QueryScores,
    metric_differences,
    paired_gain,
    run_depth,
    score_cell,
)
from mangaassist.retrieval import search_run

PATIENCE = 6
"""Rounds that were worth no more than the best one after which gradient training stops."""

TRY_ROUNDS = 2
"""Rounds after which only the best recipe trains on: of those of a rung, and then of all rungs."""

CLEARLY = 0.05
"""What is tried later, a longer training say, has to be worth this share more than what was tried before it."""

NEARLY_ALL = 0.9
"""Share of answering documents from which on a measurement among them alone says what that among all says."""

LOSS_AMONG_ANSWERS = 0.5
"""What a loss among answering documents alone counts for: docs/decisions/0028-among-answers.md."""

WORST_CELL_SHARE = 2 / 3
"""What the gain of the worst cell counts for; the mean of all has the rest: docs/decisions/0019-steady-choice.md."""

CELLS = ("warm", "cold", "all")

T = TypeVar("T")

CellScores = Mapping[str, Mapping[QueryId, QueryScores]]


@dataclass(frozen=True, slots=True)
class Fold:
    """One hold-out: what trains, and the held-out queries that adapters are compared on.

    query_ids: of the base vectors queries (n, d), with their qrels and groups. doc_ids: of documents (m, d), the whole
    corpus. warm: the documents that `training` has as positives. allowed: which documents a query may return, (m,);
    of a query that is not there, all. answering: which documents answer any query that is known, held out or not, (m,);
    None: all.
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
    answering: npt.NDArray[np.bool_] | None = None

    def score(self, adapter: Adapter, cells: Iterable[str] = CELLS) -> CellScores:
        """Scores of these cells."""
        run = search_run(
            self.query_ids,
            adapter.adapt_queries(self.queries),
            self.doc_ids,
            adapter.adapt_documents(self.documents),
            depth=run_depth(self.qrels),
            adjust=lambda query_id: Adjustment(allowed=self.allowed.get(query_id)),
        )
        exposure = Exposure(self.warm)
        return {cell: score_cell(run, self.qrels, exposure, cell) for cell in cells}

    def among_answers(self) -> "Fold | None":
        """The fold with no other documents than those that answer some query; None where these are nearly all."""
        kept = self.answering
        if kept is None or kept.mean() >= NEARLY_ALL:
            return None
        return replace(
            self,
            doc_ids=list(compress(self.doc_ids, kept)),
            documents=self.documents[kept],
            allowed={query_id: allowed[kept] for query_id, allowed in self.allowed.items()},
            answering=None,
        )


@dataclass(frozen=True, slots=True)
class Trial:
    """One recipe's result on validation. gains: cell → mean ndcg@10 gain over the frozen encoder.

    gains_among_answers: the same where nothing but documents that answer some query can be returned; empty where these
    are nearly all.
    adapters: what was measured, one a fold; only that of the first fold where that was enough to see that it loses.
    move_share: how far they move known documents after their map.
    """

    recipe: Recipe
    rounds: int
    gains: Mapping[str, float]
    recall_gains: Mapping[str, float]
    scores: CellScores
    adapters: Sequence[Adapter] = field(default=(), repr=False, compare=False)
    move_share: float = 0.0
    gains_among_answers: Mapping[str, float] = field(default_factory=dict)

    @property
    def worth(self) -> tuple[float, float]:
        """What trials are ordered by: what their ndcg@10 gains are worth together, then their recall@3 gains."""
        lost = min([0.0, *self.gains_among_answers.values()])
        return worth(self.gains) + LOSS_AMONG_ANSWERS * lost, worth(self.recall_gains)

    def as_json(self) -> dict[str, Any]:
        """As it stands in `tuning.json` and in a bench's results."""
        return {
            "recipe": recipe_as_json(self.recipe),
            "rounds": self.rounds,
            "folds": len(self.adapters),
            "move_share": self.move_share,
            "validation_gains": dict(self.gains),
            "validation_gains_among_answers": dict(self.gains_among_answers),
        }

    def is_clearly_better(self, other: "Trial") -> bool:
        """Whether it is worth a share of `CLEARLY` more than the other, which was tried before it."""
        (mine, my_recall), (theirs, their_recall) = self.worth, other.worth
        if theirs == 0 and mine == 0:
            return my_recall > their_recall
        return mine > theirs + CLEARLY * abs(theirs)


def clearly_best(tried: Iterable[T], trial_of: Callable[[T], Trial]) -> T:
    """What was tried first, unless something tried later is clearly better."""
    return reduce(lambda one, other: other if trial_of(other).is_clearly_better(trial_of(one)) else one, tried)


def worth(gains: Mapping[str, float]) -> float:
    """What gains over the frozen encoder, cell by cell, are worth together; a cell that loses is all that counts.

    Where a small gain of the worst cell hangs on which queries are held out, what the others gain decides, steadily.
    """
    worst = min(gains.values())
    if worst < 0:
        return worst
    return WORST_CELL_SHARE * worst + (1 - WORST_CELL_SHARE) * sum(gains.values()) / len(gains)


class Race:
    """Fits recipes on every fold and measures them against the frozen encoder, scores pooled over the folds."""

    def __init__(self, folds: Sequence[Fold], seed: int, device: Device = "auto") -> None:
        self._folds, self._seed, self._device = folds, seed, device
        identity = Adapter("identity", folds[0].training.dimension)
        frozen = _of_cells([fold.score(identity) for fold in folds], CELLS)
        self._frozen = {cell: frozen[cell] for cell in eligible_cells(frozen)}
        self._among_answers = [few for fold in folds if (few := fold.among_answers())]
        few_scored = [few.score(identity, self._frozen) for few in self._among_answers]
        self._frozen_among_answers = _of_cells(few_scored, self._frozen)
        self.groups = pooled(fold.groups for fold in folds)

    def tried(self, recipes: Sequence[Recipe]) -> "Running":
        """Of a rung's recipes the one that is best after a try; closed forms, and the first run, train to their end."""
        running = [Running(self, recipe) for recipe in recipes]
        for each in running:
            each.train(TRY_ROUNDS if each.may_go_on else None)
        return clearly_best(running, lambda each: each.best)

    def training(self, recipe: Recipe) -> Iterator[tuple[Adapter, ...]]:
        """One adapter a fold after each round."""
        seed, device = self._seed, self._device
        return zip(*(fit_rounds(recipe, fold.training, seed=seed, device=device) for fold in self._folds), strict=True)

    def at_once(self, recipe: Recipe) -> Trial:
        """The trial of a recipe that trains to its end before anybody looks.

        One that loses on the first fold, in a cell and beyond chance, is not tried on the others.
        """
        rounds = recipe.rounds if isinstance(recipe, GradientRecipe) else 1
        adapters: list[Adapter] = []
        scored: list[CellScores] = []
        for fold in self._folds:
            adapters.append(fit(recipe, fold.training, seed=self._seed, device=self._device))
            scored.append(fold.score(adapters[-1], self._frozen))
            trial = self._trial(recipe, adapters, rounds, scored)
            if len(scored) == 1 and self._is_lost(trial):
                return trial
        return self._with_gains_among_answers(trial)

    def trial(self, recipe: Recipe, adapters: Sequence[Adapter], rounds: int) -> Trial:
        """What the adapters, one a fold, gain in the eligible cells."""
        scored = [fold.score(adapter, self._frozen) for fold, adapter in zip(self._folds, adapters, strict=True)]
        return self._with_gains_among_answers(self._trial(recipe, adapters, rounds, scored))

    def _trial(self, recipe: Recipe, adapters: Sequence[Adapter], rounds: int, scored: Sequence[CellScores]) -> Trial:
        scores = _of_cells(scored, self._frozen)
        return Trial(
            recipe,
            rounds,
            gains=_gains(scores, self._frozen, "ndcg@10"),
            recall_gains=_gains(scores, self._frozen, "recall@3"),
            scores=scores,
            adapters=tuple(adapters),
        )

    def _with_gains_among_answers(self, trial: Trial) -> Trial:
        """What has lost already need not be seen to lose again."""
        if not self._among_answers or min(trial.gains.values()) < 0:
            return trial
        scored = [few.score(each, self._frozen) for few, each in zip(self._among_answers, trial.adapters, strict=True)]
        gains = _gains(_of_cells(scored, self._frozen), self._frozen_among_answers, "ndcg@10")
        return replace(trial, gains_among_answers=gains)

    def _is_lost(self, trial: Trial) -> bool:
        """Whether some cell loses by the whole of its interval."""
        return any(
            paired_gain(trial.scores[cell], self._frozen[cell], "ndcg@10", self.groups, seed=self._seed).high < 0
            for cell, gain in trial.gains.items()
            if gain < 0
        )

    def with_known_moved(self, trial: Trial) -> Trial:
        """The trial, or the same with known documents moved part of the way to their queries: what is clearly best."""
        moves = [
            fit_known_moves(fold.training, adapter.adapt_queries(fold.training.queries))
            for fold, adapter in zip(self._folds, trial.adapters, strict=True)
        ]
        if not any(map(len, moves)):
            return trial
        return clearly_best([trial, *self._moved(trial, moves)], lambda each: each)

    def _moved(self, trial: Trial, moves: Sequence[KnownMoves]) -> Iterator[Trial]:
        for share in MOVE_SHARES:
            adapters = [
                replace(adapter, moves=each.by(share)) for adapter, each in zip(trial.adapters, moves, strict=True)
            ]
            yield replace(self.trial(trial.recipe, adapters, trial.rounds), move_share=share)


class Running:
    """One recipe under training on all folds, in step, and its best trial."""

    def __init__(self, race: Race, recipe: Recipe) -> None:
        self._race, self._recipe = race, recipe
        self._in_step = enumerate(race.training(recipe), start=1)
        self._best: Trial | None = None

    @property
    def best(self) -> Trial:
        """The trial of the round that was worth most."""
        assert self._best is not None
        return self._best

    @property
    def may_go_on(self) -> bool:
        """Whether more rounds than a try are worth looking at."""
        return _stops_early(self._recipe)

    def at_best_strength(self) -> Trial:
        """The best trial so far, at the strength that is best: looks at every fold once for each other strength."""
        return clearly_best([self.best, *self._other_strengths()], lambda trial: trial)

    def train(self, rounds: int | None = None) -> None:
        """Trains on for so many rounds, or until it has had all of its own; ends early where patience does."""
        if not self.may_go_on:
            self._best = self._race.at_once(self._recipe)
            return
        for number, adapters in islice(self._in_step, rounds):
            trial = self._race.trial(self._recipe, adapters, number)
            if self._best is None or trial.is_clearly_better(self._best):
                self._best = trial
            if number - self._best.rounds >= PATIENCE:
                break

    def _other_strengths(self) -> Iterator[Trial]:
        """The best trial's adapters, their move taken in other parts, as far up as it is worth more, or else down."""
        if not _stops_early(self._recipe):
            return
        above = [strength for strength in STRENGTHS if strength > self._recipe.strength]
        below = [strength for strength in reversed(STRENGTHS) if strength < self._recipe.strength]
        for strengths in (above, below):
            last = self.best
            for strength in strengths:
                trial = self._scaled(self._recipe, strength)
                yield trial
                if trial.worth <= last.worth:
                    break
                last = trial
            if last is not self.best:
                return

    def _scaled(self, recipe: GradientRecipe, strength: float) -> Trial:
        """It costs no more than looking at every fold."""
        scaled = [adapter.scaled(strength / recipe.strength) for adapter in self.best.adapters]
        return self._race.trial(replace(recipe, strength=strength), scaled, self.best.rounds)


def _stops_early(recipe: Recipe) -> TypeGuard[GradientRecipe]:
    """Whether validation says when training ends: closed forms have one round, and the first run takes all its own."""
    return isinstance(recipe, GradientRecipe) and recipe.stops_early


def _of_cells(scored: Sequence[CellScores], cells: Collection[str]) -> CellScores:
    """The scores of these cells, of several folds as of one."""
    return {cell: pooled(of_fold[cell] for of_fold in scored) for cell in cells}


def _gains(scores: CellScores, frozen: CellScores, metric: str) -> Mapping[str, float]:
    """What each cell gains over the frozen encoder, on average."""
    found = {}
    for cell, of_cell in scores.items():
        differences = metric_differences(of_cell, frozen[cell], metric)
        found[cell] = sum(differences.values()) / len(differences)
    return found
