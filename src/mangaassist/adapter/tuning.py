"""Pairs, documents and an encoder in, the whole ladder out: tuned on held-out documents, refitted on everything."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from mangaassist.adapter.composing import Composition, candidates, fit_signal_weights
from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.fitting import fit
from mangaassist.adapter.known_moves import fit_known_moves
from mangaassist.adapter.ladder import LADDER, Adapter, Rung
from mangaassist.adapter.material import Material, TuningData
from mangaassist.adapter.race import Fold, Trial
from mangaassist.adapter.selection import Choice, choose
from mangaassist.core.scripts import scripts_of
from mangaassist.core.types import Device, Progress, no_progress
from mangaassist.encoders import Encoder
from mangaassist.queries import PLAIN, CompositionWeights

FOLDS = 3
"""Hold-outs that are pooled for the choice: one alone leaves too few queries of small sets in each cell."""

FEWEST_OF_SCRIPT = 50
"""Different training queries that a script needs before the adapter answers queries written in it."""


@dataclass(frozen=True, slots=True)
class TunedLadder:
    """Rungs refitted on all pairs, each with its best recipe, and the choice among all.

    refit_cpu_seconds: process CPU time to fit each rung again on everything; `choice` has those of tuning.
    weights: of query composition, fitted for the chosen rung.
    """

    choice: Choice
    adapters: Mapping[Rung, Adapter]
    refit_cpu_seconds: Mapping[Rung, float]
    weights: CompositionWeights = PLAIN

    @property
    def chosen(self) -> Adapter:
        """The adapter of the chosen rung."""
        return self.adapters[self.choice.chosen]


def tune_ladder(
    data: TuningData,
    encoder: Encoder,
    *,
    seed: int,
    device: Device = "auto",
    rungs: Sequence[Rung] = LADDER,
    also_refit: Collection[Rung] = LADDER,
    spares_unknown: bool = False,
    progress: Progress = no_progress,
) -> TunedLadder:
    """Tunes every rung on folds that hold out queries and documents, chooses, then refits rungs on all pairs.

    also_refit: which rungs are refitted besides the chosen one.
    spares_unknown: the fix of `cold_harm`: no hard negatives, and halves of long texts among the self-supervised pairs.
    Raises DataError if there is nothing to train or to validate on.
    """
    material = Material.of(data, encoder, halves=spares_unknown, progress=progress)
    folds = [material.fold(seed=seed + number) for number in range(FOLDS)]
    choice = choose(folds, rungs, seed=seed, device=device, hard_negatives=not spares_unknown, progress=progress)
    everything = material.examples(data.pairs, seed=seed)
    scripts = scripts_of((pair.query_text for pair in data.pairs), fewest=FEWEST_OF_SCRIPT)
    adapters: dict[Rung, Adapter] = {}
    seconds: dict[Rung, float] = {}
    refitted = {rung: trial for rung, trial in choice.trials.items() if rung in {choice.chosen, *also_refit}}
    for done, (rung, trial) in enumerate(refitted.items()):
        progress(f"refitting {rung}", done, len(refitted))
        started = time.process_time()
        fitted = _refitted(trial, everything, seed, device)
        adapters[rung] = fitted if rung == "identity" else replace(fitted, scripts=scripts or None)
        seconds[rung] = time.process_time() - started
    progress("refitting", len(refitted), len(refitted))
    if material.composition is None:
        return TunedLadder(choice, adapters, seconds)
    progress("weighing", 0, 1)
    weights = _weights(
        choice.trials[choice.chosen], folds, material.composition, reference=material.reference, seed=seed
    )
    progress("weighing", 1, 1)
    return TunedLadder(choice, adapters, seconds, weights)


def _refitted(trial: Trial, everything: TrainingSet, seed: int, device: Device) -> Adapter:
    """The trial's adapter, fitted on everything, known documents moved as far as the trial moves them."""
    fitted = fit(trial.recipe, everything, seed=seed, rounds=trial.rounds, device=device)
    if not trial.move_share:
        return fitted
    moves = fit_known_moves(everything, fitted.adapt_queries(everything.queries))
    return replace(fitted, moves=moves.by(trial.move_share))


def _weights(
    trial: Trial, folds: Sequence[Fold], composition: Composition, *, reference: float, seed: int
) -> CompositionWeights:
    """The weights of the other signals, on what the chosen rung's adapters say of queries they were not fitted on."""
    held = []
    for fold, adapter in zip(folds, trial.adapters, strict=True):
        queries, documents = adapter.adapt_queries(fold.queries), adapter.adapt_documents(fold.documents)
        args = (fold.query_ids, queries, documents, fold.doc_ids, fold.qrels, fold.groups, fold.warm)
        held.append(candidates(composition, *args))
    return fit_signal_weights(held, reference=reference, seed=seed)
