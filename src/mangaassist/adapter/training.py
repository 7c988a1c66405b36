"""A training set and a recipe in, an adapter out, by gradient descent on InfoNCE (needs the extra `train`)."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, normalize

from mangaassist.adapter.batches import Batch, batches
from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.ladder import Adapter, Rung, side_map
from mangaassist.adapter.losses import info_nce
from mangaassist.adapter.recipes import GradientRecipe

THREADS = 2
"""Torch threads: fixed, because sums in another order are other floats and then another artefact."""

LOWRANK_SHARE = 8
"""The low-rank rung has dimension ÷ 8 directions."""


def training_rounds(data: TrainingSet, recipe: GradientRecipe, *, seed: int, device: str = "auto") -> Iterator[Adapter]:
    """The adapter of the recipe's rung after each of its rounds; both sides share one map.

    Nothing is trained ahead: whoever stops asking stops the training.
    Deterministic: the same data, recipe and seed give the same tensors on the same kind of machine.
    """
    place = _device(device)
    torch.set_num_threads(THREADS)
    rng = np.random.default_rng(seed)
    side = TorchSide(recipe.rung, data.dimension, torch.Generator().manual_seed(seed)).to(place)
    tables = Tables(data, place)
    optimiser = torch.optim.AdamW(side.parameters(), lr=recipe.learning_rate, weight_decay=0.0)
    for _ in range(recipe.rounds):
        for batch in batches(data, recipe, rng):
            optimiser.zero_grad()
            batch_loss(side, tables, batch, recipe).backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        yield side.as_adapter()


class TorchSide(nn.Module):
    """The map of one side as a torch module: the same maths as `SideMap`, held together by a parity test."""

    def __init__(self, rung: Rung, dimension: int, generator: torch.Generator) -> None:
        super().__init__()
        self.rung: Rung = rung
        self.dimension = dimension
        self.tensors = nn.ParameterDict(_initial(rung, dimension, generator))

    def forward(self, base: Tensor) -> Tensor:
        """Adapted vectors, (n, d), unit length."""
        tensors = self.tensors
        if self.rung == "linear":
            return normalize(base + base @ tensors["matrix"], dim=-1)
        hidden = base @ tensors["down"]
        if self.rung == "lowrank":
            return normalize(base + hidden @ tensors["up"], dim=-1)
        hidden = hidden + tensors["down_bias"]
        if self.rung == "mlp":
            hidden = layer_norm(hidden, hidden.shape[-1:], tensors["norm_gain"], tensors["norm_bias"], eps=1e-5)
        mapped = gelu(hidden) @ tensors["up"] + tensors["up_bias"]
        return normalize(base + mapped if self.rung == "residual" else mapped, dim=-1)

    def as_adapter(self) -> Adapter:
        """The adapter with the present tensors, copied to NumPy."""
        tensors = {name: tensor.detach().cpu().numpy().copy() for name, tensor in self.tensors.items()}
        shared = side_map(self.rung, tensors)
        return Adapter(self.rung, self.dimension, shared, shared)


def _initial(rung: Rung, dimension: int, generator: torch.Generator) -> dict[str, nn.Parameter]:
    """First tensors: residual rungs start as the identity, `mlp` at random (LeCun normal)."""

    def random(rows: int, columns: int) -> nn.Parameter:
        return nn.Parameter(torch.randn(rows, columns, generator=generator) / rows**0.5)

    def zeros(*shape: int) -> nn.Parameter:
        return nn.Parameter(torch.zeros(*shape))

    if rung == "linear":
        return {"matrix": zeros(dimension, dimension)}
    if rung == "lowrank":
        rank = max(1, dimension // LOWRANK_SHARE)
        return {"down": random(dimension, rank), "up": zeros(rank, dimension)}
    hidden = max(1, dimension // 2)
    layers = {"down": random(dimension, hidden), "down_bias": zeros(hidden), "up_bias": zeros(dimension)}
    if rung == "residual":
        return {**layers, "up": zeros(hidden, dimension)}
    if rung == "mlp":
        norm = {"norm_gain": nn.Parameter(torch.ones(hidden)), "norm_bias": zeros(hidden)}
        return {**layers, **norm, "up": random(hidden, dimension)}
    raise ValueError(f"rung {rung!r} is not trained by gradient")


class Tables:
    """The base vectors on the training device, resident for the whole training."""

    def __init__(self, data: TrainingSet, place: torch.device) -> None:
        self.queries = torch.as_tensor(data.queries, device=place)
        self.documents = torch.as_tensor(data.documents, device=place)
        self.left = torch.as_tensor(data.corpus_left, device=place)
        self.right = torch.as_tensor(data.corpus_right, device=place)
        self.group = torch.as_tensor(data.corpus_group, device=place)


def batch_loss(side: TorchSide, tables: Tables, batch: Batch, recipe: GradientRecipe) -> Tensor:
    """The loss of one step: InfoNCE over the examples, plus that over the self-supervised pairs."""
    place = tables.documents.device
    loss = info_nce(
        side(tables.queries[batch.query]),
        side(tables.documents[batch.candidates]),
        torch.as_tensor(batch.own, device=place),
        torch.as_tensor(batch.allowed, device=place),
        torch.as_tensor(batch.weight, device=place),
        temperature=recipe.temperature,
    )
    if not len(batch.corpus):
        return loss
    count, group = len(batch.corpus), tables.group[batch.corpus]
    corpus_loss = info_nce(
        side(tables.left[batch.corpus]),
        side(tables.right[batch.corpus]),
        torch.arange(count, device=place),
        group[:, None] != group[None, :],
        torch.ones(count, device=place),
        temperature=recipe.temperature,
    )
    return loss + recipe.corpus_weight * corpus_loss


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return torch.device(name)
