"""A rung and a seed in, an adapter out whose every tensor is random, so that no term hides behind a zero."""

import numpy as np

from mangaassist.adapter.known_moves import KnownMoves
from mangaassist.adapter.ladder import IDENTITY_MAP, Adapter, Rung, SideMap, side_map
from mangaassist.core.types import Vectors

AFFINE: tuple[Rung, ...] = ("centring", "ridge", "lowrank", "linear")


def unit_vectors(rows: int, dimension: int, seed: int = 5) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(rows, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def random_map(rung: Rung, dimension: int, seed: int) -> SideMap:
    """Tensors of the shapes that the rung's own fitting gives."""
    rng = np.random.default_rng(seed)

    def random(*shape: int) -> Vectors:
        return np.asarray(rng.normal(size=shape) / shape[0] ** 0.5, dtype=np.float32)

    if rung == "identity":
        return IDENTITY_MAP
    hidden, rank = max(1, dimension // 2), max(1, dimension // 8)
    layers = {
        "down": random(dimension, hidden),
        "down_bias": random(hidden),
        "up": random(hidden, dimension),
        "up_bias": random(dimension),
    }
    tensors: dict[Rung, dict[str, Vectors]] = {
        "centring": {"shift": random(dimension)},
        "ridge": {"shift": random(dimension), "matrix": random(dimension, dimension)},
        "lowrank": {"down": random(dimension, rank), "up": random(rank, dimension)},
        "linear": {"matrix": random(dimension, dimension)},
        "residual": layers,
        "mlp": {**layers, "norm_gain": 1 + random(hidden), "norm_bias": random(hidden)},
    }
    return side_map(rung, tensors[rung])


def random_adapter(rung: Rung, dimension: int, *, is_tied: bool, seed: int = 0) -> Adapter:
    """An adapter with one map, or with two that differ; the identity has nothing to differ in."""
    queries = random_map(rung, dimension, seed)
    return Adapter(rung, dimension, queries, queries if is_tied else random_map(rung, dimension, seed + 1))


def random_moves(known: Vectors, *, share: float) -> KnownMoves:
    """Moves of these base vectors (k, d) in random directions, each about as long as a vector."""
    projection = np.asarray(np.random.default_rng(1).normal(size=(known.shape[1], 16)) / 4, dtype=np.float32)
    towards = unit_vectors(len(known), known.shape[1], seed=2).astype(np.float16)
    return KnownMoves(share, projection, known @ projection, towards)
