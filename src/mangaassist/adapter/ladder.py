"""Base vectors in, adapted vectors out: every rung of the ladder as one small NumPy forward pass.

    identity → centring → ridge → lowrank → linear → residual → mlp        (simplest first)

| rung | map of x (then scaled to unit length) | fitted by |
|---|---|---|
| identity | x | – |
| centring | x - c | closed form |
| ridge | x + (x - c) M | closed form |
| lowrank | x + (x A) B | gradient |
| linear | x + x M | gradient |
| residual | x + gelu(x A + a) B + b | gradient |
| mlp | gelu(norm(x A + a)) B + b | gradient |

All but `mlp` begin as the identity, so they cannot begin worse than the frozen encoder. `mlp` is the plain first-run
network, d → d/2 → d with LayerNorm from a random start; it stays available, and in every report, under its own name.
Whatever the rung, known documents may go on from where the map puts them, one by one: `known_moves.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

import numpy as np
from scipy.special import erf

from mangaassist.adapter.known_moves import MOVE_TENSORS, KnownMoves, Tensor, moves_from_tensors
from mangaassist.core.errors import ShapeError
from mangaassist.core.scripts import script_of
from mangaassist.core.types import Vectors

Rung = Literal["identity", "centring", "ridge", "lowrank", "linear", "residual", "mlp"]
LADDER: tuple[Rung, ...] = get_args(Rung)
"""Every rung, simplest first: of rungs that do equally well, the earlier is chosen."""

NORM_EPSILON = np.float32(1e-5)
_SQRT_HALF = np.float32(np.sqrt(0.5))


@dataclass(frozen=True, slots=True)
class SideMap:
    """The map of one side (queries or documents); a tensor that a rung does not have is None.

    shift (d,) is taken off first; matrix (d, d) is the linear part; down (d, h), down_bias (h,), norm_gain and
    norm_bias (h,) make the hidden layer, activated by gelu if `is_gelu`; up (h, d) and up_bias (d,) lead back.
    `is_residual`: whether the input itself (unshifted) is added.
    """

    is_residual: bool
    is_gelu: bool = False
    shift: Vectors | None = None
    matrix: Vectors | None = None
    down: Vectors | None = None
    down_bias: Vectors | None = None
    norm_gain: Vectors | None = None
    norm_bias: Vectors | None = None
    up: Vectors | None = None
    up_bias: Vectors | None = None

    def __call__(self, base: Vectors) -> Vectors:
        """Adapted vectors, same shape as `base` ((n, d) or (d,)), unit length; the identity gives `base` itself."""
        if self.is_residual and not self.tensors():
            return base
        mapped = self._mapped(base)
        out = base + mapped if self.is_residual else mapped
        length = np.sqrt(np.einsum("...d,...d->...", out, out))[..., None]
        # A map can send a vector to exactly zero (a text equal to the mean, when centring): keep the base vector then.
        unit: Vectors = np.where(length > 0, out / np.where(length > 0, length, 1), base).astype(np.float32)
        return unit

    def scaled(self, factor: float) -> "SideMap":
        """The map that moves every vector by `factor` of what this one moves it by, before it scales to unit length.

        Only where the input is added: the last layer, which makes the move, is scaled. Others come back as they are.
        """
        if not self.is_residual or factor == 1:
            return self
        last = {name: tensor for name in ("matrix", "up", "up_bias") if (tensor := getattr(self, name)) is not None}
        return replace(self, **{name: tensor * np.float32(factor) for name, tensor in last.items()})

    def _mapped(self, base: Vectors) -> Vectors:
        shifted = base if self.shift is None else base - self.shift
        if self.matrix is not None:
            return np.asarray(shifted @ self.matrix, dtype=np.float32)
        if self.down is None or self.up is None:
            return np.zeros_like(base) if self.is_residual else shifted
        return _plus(self._hidden(shifted, self.down) @ self.up, self.up_bias)

    def _hidden(self, inputs: Vectors, down: Vectors) -> Vectors:
        hidden = _plus(inputs @ down, self.down_bias)
        if self.norm_gain is not None:
            centred = hidden - hidden.mean(-1, keepdims=True)
            spread = np.sqrt((centred * centred).mean(-1, keepdims=True) + NORM_EPSILON)
            hidden = _plus(centred / spread * self.norm_gain, self.norm_bias)
        return hidden * np.float32(0.5) * (1 + erf(hidden * _SQRT_HALF)) if self.is_gelu else hidden

    def tensors(self) -> dict[str, Vectors]:
        """The tensors it has, by name."""
        return {name: tensor for name in TENSOR_NAMES if (tensor := getattr(self, name)) is not None}


TENSOR_NAMES = tuple(field.name for field in fields(SideMap) if field.name not in {"is_residual", "is_gelu"})
_TENSORS_OF = {**dict.fromkeys(("shared", "query", "document"), TENSOR_NAMES), "moves": MOVE_TENSORS}

IDENTITY_MAP = SideMap(is_residual=True)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A rung with its fitted maps. Tied sides are one map used for both (`query_map is document_map`).

    scripts: what the queries that it was fitted on were written in; None where nobody knows, or nothing was fitted.
    moves: of known documents, after their map; None where all documents go by the map alone.
    """

    rung: Rung
    dimension: int
    query_map: SideMap = IDENTITY_MAP
    document_map: SideMap = IDENTITY_MAP
    scripts: frozenset[str] | None = None
    moves: KnownMoves | None = None

    def adapt_queries(self, base: Vectors) -> Vectors:
        """Adapted query vectors, same shape as `base`."""
        self._check(base)
        return self.query_map(base)

    def adapt_documents(self, base: Vectors) -> Vectors:
        """Adapted document vectors, same shape as `base`."""
        self._check(base)
        adapted = self.document_map(base)
        return adapted if self.moves is None else self.moves.moved(base, adapted)

    def covers(self, text: str) -> bool:
        """Whether queries written like this text trained it; others are for the base vectors of both sides to answer.

        A map fitted on one script can undo what the encoder knows of another: docs/decisions/0016-unheard-scripts.md.
        """
        return self.scripts is None or script_of(text) in self.scripts | {None}

    def scaled(self, factor: float) -> "Adapter":
        """The adapter that moves vectors by `factor` of what this one does; see `SideMap.scaled`."""
        query_map = self.query_map.scaled(factor)
        document_map = query_map if self.is_tied else self.document_map.scaled(factor)
        return replace(self, query_map=query_map, document_map=document_map)

    @property
    def is_tied(self) -> bool:
        """Whether one map serves both sides."""
        return self.query_map is self.document_map

    @property
    def is_symmetric(self) -> bool:
        """Whether a text is adapted alike as a query and as a document."""
        return self.is_tied and self.moves is None

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor by name: `shared.*` for tied sides, else `query.*` and `document.*`; and `moves.*`."""
        sides: dict[str, SideMap | KnownMoves] = (
            {"shared": self.query_map} if self.is_tied else {"query": self.query_map, "document": self.document_map}
        )
        if self.moves is not None:
            sides["moves"] = self.moves
        return {f"{side}.{name}": tensor for side, part in sides.items() for name, tensor in part.tensors().items()}

    def _check(self, base: Vectors) -> None:
        if base.shape[-1] != self.dimension:
            raise ShapeError(
                f"the adapter maps {self.dimension}-d vectors and was given {base.shape[-1]}-d ones; "
                "use vectors of the encoder it was trained on, or train an adapter for this encoder"
            )


def adapter_from_tensors(rung: Rung, dimension: int, tensors: Mapping[str, Tensor]) -> Adapter:
    """The adapter whose `tensors()` these are; raises ShapeError for unknown or missing tensors."""
    parts: dict[str, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        part, _, short = name.partition(".")
        if short not in _TENSORS_OF.get(part, ()):
            raise ShapeError(f"unknown tensor {name!r} in an adapter of rung {rung!r}; the artefact is not ours")
        parts.setdefault(part, {})[short] = tensor
    moves = _moves(parts.pop("moves", {}))
    if set(parts) == {"shared"}:
        shared = side_map(rung, parts["shared"])
        return Adapter(rung, dimension, shared, shared, moves=moves)
    query_map, document_map = (side_map(rung, parts.get(side, {})) for side in ("query", "document"))
    return Adapter(rung, dimension, query_map, document_map, moves=moves)


def _moves(tensors: Mapping[str, Tensor]) -> KnownMoves | None:
    if missing := [name for name in MOVE_TENSORS if name not in tensors]:
        if tensors:
            raise ShapeError(f"known documents' moves without {', '.join(missing)}; the artefact is not whole")
        return None
    return moves_from_tensors(tensors)


def side_map(rung: Rung, tensors: Mapping[str, Vectors]) -> SideMap:
    """The map of one side of a rung from its tensors; without tensors, the identity."""
    if not tensors:
        return IDENTITY_MAP
    return SideMap(is_residual=rung not in {"centring", "mlp"}, is_gelu=rung in {"residual", "mlp"}, **tensors)


def _plus(values: Vectors, bias: Vectors | None) -> Vectors:
    return values if bias is None else values + bias
