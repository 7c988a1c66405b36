"""Folds of held-out queries and documents in, the chosen recipe out; the frozen encoder is always in the race.

The rule: a rung is as good as its best trial is worth (`race.py`); ties are broken by recall@3. Among rungs that lose
in no eligible cell and are within one standard error of the best in each, the simplest is chosen. Whether known
documents move on from where its map puts them, and how far, is then chosen by what that is worth, too.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mangaassist.adapter.ladder import Rung
from mangaassist.adapter.race import Fold, Race, Running, Trial, clearly_best
from mangaassist.adapter.recipes import recipes_for
from mangaassist.core.errors import DataError
from mangaassist.core.types import Device, Groups, Progress, no_progress
from mangaassist.evaluation import Resampler, metric_differences

CHOICE_RULE = "2026-11-28.3"
"""When the rule last changed, which time that day: a candidate that was chosen by another one is out of date."""


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
    device: Device = "auto",
    hard_negatives: bool = True,
    progress: Progress = no_progress,
) -> Choice:
    """Tries every recipe of the rungs on every fold and chooses by the rule above.

    A rung's recipe, and the round at which its training stops, are those whose scores pooled over the folds are best;
    of the rungs that gain with every round only the best after a try trains on.
    Raises DataError where a fold has no validation queries, or if `rungs` do not begin with identity.
    """
    if not all(fold.query_ids for fold in folds) or rungs[0] != "identity":
        raise DataError("choosing needs validation queries, and identity in the race; give more pairs")
    race = Race(folds, seed, device)
    tried: dict[Rung, Running] = {}
    trials: dict[Rung, Trial] = {}
    seconds: dict[Rung, float] = {}
    # The linear rung goes first: the other gradient rungs take over the negatives that it found to help.
    order = sorted(rungs, key=lambda rung: (rung != "linear", rungs.index(rung)))
    for done, rung in enumerate(order):
        progress(f"tuning {rung}", done, len(order))
        started = time.process_time()
        like = trials["linear"].recipe if "linear" in trials else None
        tried[rung] = race.tried(recipes_for(rung, like=like, hard_negatives=hard_negatives))
        trials[rung] = tried[rung].at_best_strength()
        seconds[rung] = time.process_time() - started
    if going_on := [rung for rung in order if tried[rung].may_go_on]:
        best = clearly_best(going_on, lambda rung: trials[rung])
        progress(f"tuning {best} on", len(order) - 1, len(order))
        started = time.process_time()
        tried[best].train()
        trials[best] = clearly_best([trials[best], tried[best].at_best_strength()], lambda trial: trial)
        seconds[best] += time.process_time() - started
    ordered = {rung: trials[rung] for rung in rungs}
    chosen, because = _simplest_of_the_best(ordered, race.groups, seed)
    if chosen != "identity":
        progress(f"moving known documents after {chosen}", len(order) - 1, len(order))
        started = time.process_time()
        ordered[chosen] = moved = race.with_known_moved(ordered[chosen])
        seconds[chosen] += time.process_time() - started
        if moved.move_share:
            because += f"; known documents go {moved.move_share} of the way to their queries: {_told(chosen, moved)}"
    progress("tuning", len(order), len(order))
    return Choice(chosen, ordered, seconds, because)


def _simplest_of_the_best(trials: Mapping[Rung, Trial], groups: Groups, seed: int) -> tuple[Rung, str]:
    best = max(trials.values(), key=lambda trial: trial.worth)
    chosen = next(rung for rung, trial in trials.items() if trial is best or _may_stand_for(best, trial, groups, seed))
    simplest = trials[chosen]
    because = f"{_told(chosen, simplest)}; the best, {_told(best.recipe.rung, best)}"
    return chosen, because


def _told(rung: Rung, trial: Trial) -> str:
    gains = ", ".join(f"{gain:+.4f} {cell}" for cell, gain in sorted(trial.gains.items()))
    return f"{rung} gains {gains} (ndcg@10 of held-out queries over frozen)"


def _may_stand_for(best: Trial, trial: Trial, groups: Groups, seed: int) -> bool:
    """Whether a trial loses nowhere and is within one standard error (of the paired difference) of the best one."""
    if trial.worth[0] < 0:
        return False
    for cell, scores in best.scores.items():
        behind = metric_differences(scores, trial.scores[cell], "ndcg@10")
        error = Resampler(sorted(behind), groups, seed=seed).standard_error(behind)
        if best.gains[cell] - trial.gains[cell] > error:
            return False
    return True
