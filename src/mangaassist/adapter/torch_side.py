"""A rung in, the map of one side as a torch module out: what gradients change (needs the extra `train`)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm

from mangaassist.adapter.ladder import Adapter, Rung, side_map

LOWRANK_SHARE = 8
"""The low-rank rung has dimension ÷ 8 directions."""


class TorchSide(nn.Module):
    """The map of one side: the same maths as `SideMap` before it scales to unit length, held together by a parity test.

    The loss scales: it needs the lengths of some vectors only, not another copy of them all.
    """

    def __init__(self, rung: Rung, dimension: int, generator: torch.Generator) -> None:
        super().__init__()
        self.rung: Rung = rung
        self.dimension = dimension
        self.tensors = nn.ParameterDict(_initial(rung, dimension, generator))

    def forward(self, base: Tensor) -> Tensor:
        """Mapped vectors, (n, d), of any length."""
        tensors = self.tensors
        if self.rung == "linear":
            return torch.addmm(base, base, tensors["matrix"])
        if self.rung == "lowrank":
            return torch.addmm(base, base @ tensors["down"], tensors["up"])
        mapped = torch.addmm(tensors["up_bias"], self.hidden(base), tensors["up"])
        return base + mapped if self.rung == "residual" else mapped

    def hidden(self, base: Tensor) -> Tensor:
        """The hidden layer of the rungs that have one, (n, d/2), after its activation."""
        tensors = self.tensors
        hidden = torch.addmm(tensors["down_bias"], base, tensors["down"])
        if self.rung == "mlp":
            hidden = layer_norm(hidden, hidden.shape[-1:], tensors["norm_gain"], tensors["norm_bias"], eps=1e-5)
        return gelu(hidden)

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
