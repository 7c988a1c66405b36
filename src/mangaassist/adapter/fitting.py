"""A recipe and a training set in, a fitted adapter out, whatever the rung."""

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from types import ModuleType

from mangaassist.adapter.closed_forms import fit_centring, fit_ridge
from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.ladder import Adapter, Rung
from mangaassist.adapter.recipes import CentringRecipe, GradientRecipe, IdentityRecipe, Recipe, RidgeRecipe
from mangaassist.core.errors import MissingExtra
from mangaassist.core.types import Device


def fit(recipe: Recipe, data: TrainingSet, *, seed: int, rounds: int | None = None, device: Device = "auto") -> Adapter:
    """The adapter of this recipe; for gradient training `rounds` replaces the recipe's own number.

    Raises MissingExtra if the recipe is trained by gradient and torch is not installed.
    """
    if isinstance(recipe, GradientRecipe) and rounds is not None:
        recipe = replace(recipe, rounds=rounds)
    (last,) = deque(fit_rounds(recipe, data, seed=seed, device=device), maxlen=1)
    return last


def fit_rounds(recipe: Recipe, data: TrainingSet, *, seed: int, device: Device = "auto") -> Iterator[Adapter]:
    """The adapter after each round of training; closed forms have one. Whoever stops asking stops the training."""
    match recipe:
        case IdentityRecipe():
            yield Adapter("identity", data.dimension)
        case CentringRecipe():
            yield fit_centring(data, strength=recipe.strength, per_side=recipe.per_side)
        case RidgeRecipe():
            yield fit_ridge(data, pull=recipe.pull)
        case GradientRecipe():
            for adapter in _training(recipe.rung).training_rounds(data, recipe, seed=seed, device=device):
                yield adapter.scaled(recipe.strength)


def _training(rung: Rung) -> ModuleType:
    """The module that needs torch, loaded only to train: loading takes seconds, and nothing else needs it."""
    try:
        return import_module("mangaassist.adapter.training")
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise MissingExtra(
            f"training {rung!r} needs torch; install the extra 'train', in the clone: "
            "pip install -c constraints.txt -e '.[train]'"
        ) from error
