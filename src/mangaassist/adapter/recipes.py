"""A rung in, the recipes to try for it out: what may be tuned, as values.

A recipe is everything that fitting needs besides the data and the seed; it is written into the artefact's config.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from mangaassist.adapter.ladder import Rung

ROUND = 4_096
"""Examples between two looks at validation: a log of ten thousand texts is past its best within one pass over it."""


STRENGTHS = (0.4, 0.6, 0.8, 1.0)
"""Shares of a trained move that are tried: docs/decisions/0021-part-of-the-way.md."""


@dataclass(frozen=True, slots=True)
class IdentityRecipe:
    """Keep the frozen encoder."""

    rung: Rung = "identity"


@dataclass(frozen=True, slots=True)
class CentringRecipe:
    """Take `strength` of the mean vector off; see `fit_centring`."""

    strength: float
    per_side: bool
    rung: Rung = "centring"


@dataclass(frozen=True, slots=True)
class RidgeRecipe:
    """Least squares pulled towards the identity by `pull`; see `fit_ridge`."""

    pull: float
    rung: Rung = "ridge"


@dataclass(frozen=True, slots=True)
class GradientRecipe:
    """Gradient training with InfoNCE. `FIRST_RUN` is the documented first run.

    rounds: passes over the queries at most (early stopping may use fewer).  batch: examples a step.
    positives_per_query: positives drawn per query and round; None takes every example.
    hard_negatives: mined or exposed negatives used per example, at most.
    random_negatives: documents of the whole corpus drawn per step, shared by the batch.
    examples_per_round: at most, drawn anew each round, so that validation looks often enough; None takes all.
    stops_early: whether validation may end training before `rounds`; the first run always takes all of them.
    strength: how much of the trained move vectors are moved by; what begins at random (`mlp`) has only the whole, 1.
    corpus_weight, corpus_batch: weight and size a step of the self-supervised pairs; 0 leaves them out.
    """

    rung: Rung
    learning_rate: float = 1e-3
    rounds: int = 24
    batch: int = 128
    temperature: float = 0.07
    positives_per_query: int | None = 1
    hard_negatives: int = 0
    random_negatives: int = 0
    corpus_weight: float = 1.0
    corpus_batch: int = 512
    stops_early: bool = True
    examples_per_round: int | None = ROUND
    strength: float = 0.6


Recipe = IdentityRecipe | CentringRecipe | RidgeRecipe | GradientRecipe

FIRST_RUN = GradientRecipe(
    "mlp",
    rounds=4,
    batch=128,
    temperature=0.07,
    positives_per_query=None,
    hard_negatives=7,
    corpus_weight=0.0,
    stops_early=False,
    examples_per_round=27_000,
    strength=1.0,
)
"""The documented first run: plain MLP, InfoNCE at 0.07, batch 128, 7 hard negatives a query, 4 epochs.

27,000 examples are what its four sources give; of larger sets each epoch draws as many.
"""


def recipes_for(rung: Rung, *, like: Recipe | None = None, hard_negatives: bool = True) -> tuple[Recipe, ...]:
    """The recipes tried for one rung, cheapest first.

    hard_negatives: whether such are tried at all; the documented first run keeps its own.

    like: the best recipe of the linear rung, where it is known: which negatives help depends on the data far more than
    on the rung, so the other gradient rungs take them over instead of trying them all again. They find their own
    strength.
    """
    if rung in ("lowrank", "linear", "residual"):
        return (
            (replace(like, rung=rung, strength=GradientRecipe(rung).strength),)
            if isinstance(like, GradientRecipe)
            else _negatives_to_try(rung, hard=hard_negatives)
        )
    grids: Mapping[Rung, tuple[Recipe, ...]] = {
        "identity": (IdentityRecipe(),),
        "centring": tuple(CentringRecipe(strength, per_side) for per_side in (False, True) for strength in (0.5, 1.0)),
        "ridge": tuple(RidgeRecipe(pull) for pull in (100.0, 30.0, 10.0, 3.0, 1.0, 0.3)),
        "mlp": (FIRST_RUN,),
    }
    return grids[rung]


def recipe_as_json(recipe: Recipe) -> dict[str, Any]:
    """The recipe as it stands in `config.json` and in reports."""
    return asdict(recipe)


def _negatives_to_try(rung: Rung, *, hard: bool) -> tuple[Recipe, ...]:
    """In-batch negatives alone; with random catalogue negatives; with mined hard negatives."""
    gentle = (GradientRecipe(rung), GradientRecipe(rung, random_negatives=512))
    return (*gentle, GradientRecipe(rung, hard_negatives=3)) if hard else gentle
