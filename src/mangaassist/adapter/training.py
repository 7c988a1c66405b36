"""A training set and a recipe in, an adapter out, by gradient descent on InfoNCE (needs the extra `train`)."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from mangaassist.adapter.batches import Batch, batches
from mangaassist.adapter.examples import Indices, TrainingSet
from mangaassist.adapter.ladder import Adapter
from mangaassist.adapter.losses import Scored, info_nce, info_nce_of_layer
from mangaassist.adapter.recipes import GradientRecipe
from mangaassist.adapter.torch_side import TorchSide
from mangaassist.core.errors import DeviceError
from mangaassist.core.types import Device

THREADS = 2
"""Torch threads: fixed, because sums in another order are other floats and then another artefact."""


def training_rounds(
    data: TrainingSet, recipe: GradientRecipe, *, seed: int, device: Device = "auto"
) -> Iterator[Adapter]:
    """The adapter of the recipe's rung after each of its rounds; both sides share one map.

    Nothing is trained ahead: whoever stops asking stops the training.
    Deterministic: the same data, recipe and seed give the same tensors on the same kind of machine.
    """
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(seed)
    trainer = Trainer(data, recipe, seed=seed, device=device)
    for _ in range(recipe.rounds):
        for batch in batches(data, recipe, rng):
            trainer.step(batch)
        yield trainer.side.as_adapter()


class Trainer:
    """One map under training: its tensors, the optimiser's state and the training set, resident on the device."""

    def __init__(self, data: TrainingSet, recipe: GradientRecipe, *, seed: int, device: Device = "auto") -> None:
        self.place = _device(device)
        self.side = TorchSide(recipe.rung, data.dimension, torch.Generator().manual_seed(seed)).to(self.place)
        self._recipe = recipe
        self._tables = Tables(data, self.place)
        # Fused: one pass over the tensors instead of one for each operation of the rule.
        self._optimiser = torch.optim.AdamW(
            self.side.parameters(), lr=recipe.learning_rate, weight_decay=0.0, fused=True
        )

    def step(self, batch: Batch) -> Tensor:
        """Changes the tensors by one gradient step, and gives the loss before it.

        The loss is InfoNCE over the examples, plus that over the self-supervised pairs. Queries and candidates pass
        through the map as one matrix: both sides share it.
        """
        tables, place = self._tables, self.place
        of_examples = Scored(
            *(torch.as_tensor(each, device=place) for each in (batch.own, batch.allowed, batch.weight))
        )
        loss = self._backward(tables.examples(batch), of_examples)
        if len(batch.corpus):
            weight = self._recipe.corpus_weight
            loss = loss + self._backward(tables.corpus(batch.corpus), tables.scored(batch.corpus), weight)
        self._optimiser.step()
        self._optimiser.zero_grad()
        return loss

    def _backward(self, base: Tensor, scored: Scored, weight: float = 1.0) -> Tensor:
        """The weighted loss over base vectors (B + C, d); adds its gradient to those of the tensors."""
        side, temperature = self.side, self._recipe.temperature
        roots: tuple[Tensor, ...]
        gradients: tuple[Tensor, ...]
        if side.rung == "mlp":
            hidden, up, bias = side.hidden(base), side.tensors["up"], side.tensors["up_bias"]
            loss, gradients = info_nce_of_layer(hidden, up, bias, scored, temperature=temperature)
            roots = (hidden, up, bias)
        else:
            mapped = side(base)
            loss, gradient = info_nce(mapped, scored, temperature=temperature)
            roots, gradients = (mapped,), (gradient,)
        if weight != 1:
            gradients = tuple(gradient.mul_(weight) for gradient in gradients)
        torch.autograd.backward(roots, gradients)
        return loss * weight


class Tables:
    """The base vectors on the training device, resident for the whole training."""

    def __init__(self, data: TrainingSet, place: torch.device) -> None:
        self._place = place
        self._group = torch.as_tensor(data.corpus_group, device=place)
        self._queries = torch.as_tensor(data.queries, device=place)
        self._documents = torch.as_tensor(data.documents, device=place)
        self._left = torch.as_tensor(data.corpus_left, device=place)
        self._right = torch.as_tensor(data.corpus_right, device=place)

    def examples(self, batch: Batch) -> Tensor:
        """Base vectors of a batch's queries, then of its candidates."""
        return self._joined(self._queries, batch.query, self._documents, batch.candidates)

    def corpus(self, rows: Indices) -> Tensor:
        """Base vectors of the left sides of self-supervised pairs, then of their right sides."""
        return self._joined(self._left, rows, self._right, rows)

    def scored(self, rows: Indices) -> Scored:
        """Each left side answered by its right side; those of one group are no negatives of each other."""
        group, count = self._group[rows], len(rows)
        own = torch.arange(count, device=self._place)
        return Scored(own, group[:, None] != group[None, :], torch.ones(count, device=self._place))

    def _joined(self, first: Tensor, rows: Indices, second: Tensor, more_rows: Indices) -> Tensor:
        joined = first.new_empty(len(rows) + len(more_rows), first.shape[1])
        for table, wanted, part in ((first, rows, joined[: len(rows)]), (second, more_rows, joined[len(rows) :])):
            torch.index_select(table, 0, torch.as_tensor(wanted, device=self._place), out=part)
        return joined


def _device(name: Device) -> torch.device:
    if name == "cuda" and not torch.cuda.is_available():
        raise DeviceError("this machine has no GPU that torch can use; train with --device cpu, or leave it at auto")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)
