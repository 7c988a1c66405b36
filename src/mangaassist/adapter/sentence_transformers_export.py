"""An adapter in, a folder of stock sentence-transformers modules out; written without torch.

| map | modules, each side (then Normalize) |
|---|---|
| identity | Dense(I), and no Normalize |
| affine: centring, ridge, lowrank, linear | Dense(W), all of it folded into one matrix and bias |
| residual | Dense([A, I, -I], gelu) → Dense([B, I, -I]) |
| mlp | Dense(A) → LayerNorm → Dense(I, gelu) → Dense(B) |

gelu(x) - gelu(-x) = x, so two more units per dimension carry the input through a gelu layer. LayerNorm normalises all
that passes, so nothing can be carried past it, and no stock module adds a kept vector back: a residual map with an
inner LayerNorm is refused. So are moves of known documents: no module looks one up. Where sides are not tied, a Router
holds a chain for queries and one for documents.

One departure: a vector that the map sends to exactly zero stays zero here, where `SideMap` keeps the base vector.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save as save_tensors

from mangaassist.adapter.ladder import Adapter, SideMap
from mangaassist.adapter.sentence_transformers_card import usage
from mangaassist.core.errors import ExportError
from mangaassist.core.files import canonical_json
from mangaassist.core.types import Vectors

_TYPES = {
    "Dense": "sentence_transformers.base.modules.dense.Dense",
    "LayerNorm": "sentence_transformers.sentence_transformer.modules.layer_norm.LayerNorm",
    "Normalize": "sentence_transformers.base.modules.normalize.Normalize",
    "Router": "sentence_transformers.base.modules.router.Router",
}
_ACTIVATIONS = {"identity": "torch.nn.modules.linear.Identity", "gelu": "torch.nn.modules.activation.GELU"}
_PLACE = {"module_input_name": "sentence_embedding", "module_output_name": "sentence_embedding"}

Doubles = npt.NDArray[np.float64]


def sentence_transformers_files(adapter: Adapter, *, release: str, encoder_id: str) -> dict[str, bytes]:
    """The folder's files by relative path, with a `README.md` that shows its use; equal adapters give equal bytes.

    Raises ExportError for an adapter that no chain of stock modules holds.
    """
    if adapter.moves is not None:
        raise ExportError(
            f"this adapter moves {len(adapter.moves):,} known documents one by one after its map, which stock "
            "sentence-transformers modules cannot hold; export it with --format onnx"
        )
    files = _tied_files(adapter) if adapter.is_tied else _router_files(adapter)
    config = {"model_type": "SentenceTransformer", "prompts": {}, "similarity_fn_name": "cosine"}
    files["config_sentence_transformers.json"] = canonical_json(config)
    files["README.md"] = usage(adapter, release=release, encoder_id=encoder_id).encode()
    return files


@dataclass(frozen=True, slots=True)
class _Module:
    """One stock module: its class, its config, its weights."""

    name: Literal["Dense", "LayerNorm", "Normalize"]
    config: Mapping[str, Any]
    weights: Mapping[str, Vectors] = field(default_factory=dict)

    def files(self, folder: str) -> dict[str, bytes]:
        files = {f"{folder}/config.json": canonical_json(self.config)}
        if self.weights:
            files[f"{folder}/model.safetensors"] = save_tensors(dict(self.weights))
        return files


def _tied_files(adapter: Adapter) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    listed = []
    for index, module in enumerate(_chain(adapter.query_map, adapter.dimension)):
        folder = f"{index}_{module.name}"
        listed.append({"idx": index, "name": str(index), "path": folder, "type": _TYPES[module.name]})
        files |= module.files(folder)
    return {"modules.json": canonical_json(listed), **files}


def _router_files(adapter: Adapter) -> dict[str, bytes]:
    """One Router with two routes and no default: a vector of an unnamed side is an error rather than a guess."""
    files: dict[str, bytes] = {}
    types: dict[str, str] = {}
    structure: dict[str, list[str]] = {}
    for side, map_ in (("query", adapter.query_map), ("document", adapter.document_map)):
        modules = {f"{side}_{at}_{each.name}": each for at, each in enumerate(_chain(map_, adapter.dimension))}
        structure[side] = list(modules)
        types |= {folder: _TYPES[module.name] for folder, module in modules.items()}
        for folder, module in modules.items():
            files |= module.files(folder)
    parameters: dict[str, Any] = {"allow_empty_key": False, "default_route": None, "route_mappings": {}}
    config = {"types": types, "structure": structure, "parameters": parameters}
    listed = [{"idx": 0, "name": "0", "path": "", "type": _TYPES["Router"]}]
    return {"modules.json": canonical_json(listed), "router_config.json": canonical_json(config), **files}


def _chain(map_: SideMap, dimension: int) -> list[_Module]:
    """The modules that do what one side's map does."""
    if map_.is_residual and not map_.tensors():
        return [_dense(np.eye(dimension))]
    has_hidden = map_.matrix is None and map_.down is not None and map_.up is not None
    if has_hidden and map_.norm_gain is not None:
        layers = _normed_layers(map_, dimension)
    elif has_hidden and map_.is_gelu:
        layers = _gelu_layers(map_, dimension)
    else:
        layers = [_affine_layer(map_, dimension)]
    return [*layers, _Module("Normalize", _PLACE)]


def _affine_layer(map_: SideMap, dimension: int) -> _Module:
    """The matrix and bias of a map without gelu and LayerNorm, folded in double precision."""
    identity, bias = np.eye(dimension), np.zeros(dimension)
    linear = 0 * identity if map_.is_residual else identity
    if map_.matrix is not None:
        linear = _double(map_.matrix)
    elif map_.down is not None and map_.up is not None:
        linear = _double(map_.down) @ _double(map_.up)
        bias = _double_or(map_.down_bias, len(map_.up)) @ _double(map_.up) + _double_or(map_.up_bias, dimension)
    bias = bias - _double_or(map_.shift, dimension) @ linear
    return _dense(linear + identity if map_.is_residual else linear, bias)


def _gelu_layers(map_: SideMap, dimension: int) -> list[_Module]:
    """The layers of gelu(x A + a) B + b; for a residual map also the input, carried as gelu(x) - gelu(-x)."""
    down, down_bias, up, up_bias = _hidden(map_, dimension)
    if map_.is_residual:
        identity = np.eye(dimension)
        down = np.concatenate([down, identity, -identity], axis=1)
        down_bias = np.concatenate([down_bias, np.zeros(2 * dimension)])
        up = np.concatenate([up, identity, -identity], axis=0)
    return [_dense(down, down_bias, activation="gelu"), _dense(up, up_bias)]


def _normed_layers(map_: SideMap, dimension: int) -> list[_Module]:
    """The layers of norm(x A + a) B + b, with gelu after the norm where the map has it: as a Dense of its own."""
    assert map_.norm_gain is not None
    if map_.is_residual:
        raise ExportError(
            "this residual map has an inner LayerNorm, which stock sentence-transformers modules cannot hold: their "
            "LayerNorm normalises everything that passes, so the input cannot be carried past it to be added after; "
            "export it with --format onnx"
        )
    width = len(map_.norm_gain)
    norm = {"norm.weight": _single(map_.norm_gain), "norm.bias": _single(_double_or(map_.norm_bias, width))}
    down, down_bias, up, up_bias = _hidden(map_, dimension)
    activation = [_dense(np.eye(width), activation="gelu")] if map_.is_gelu else []
    return [_dense(down, down_bias), _Module("LayerNorm", {"dimension": width}, norm), *activation, _dense(up, up_bias)]


def _hidden(map_: SideMap, dimension: int) -> tuple[Doubles, Doubles, Doubles, Doubles]:
    """A, a, B and b of a map with a hidden layer; its shift goes into a."""
    assert map_.down is not None
    assert map_.up is not None
    down, up = _double(map_.down), _double(map_.up)
    down_bias = _double_or(map_.down_bias, down.shape[1]) - _double_or(map_.shift, dimension) @ down
    return down, down_bias, up, _double_or(map_.up_bias, dimension)


def _dense(
    matrix: Doubles, bias: Doubles | None = None, *, activation: Literal["identity", "gelu"] = "identity"
) -> _Module:
    """activation(x matrix + bias); torch keeps the matrix the other way round."""
    config = {
        **_PLACE,
        "in_features": matrix.shape[0],
        "out_features": matrix.shape[1],
        "bias": bias is not None,
        "activation_function": _ACTIVATIONS[activation],
    }
    weights = {"linear.weight": _single(matrix.T)}
    return _Module("Dense", config, weights if bias is None else {**weights, "linear.bias": _single(bias)})


def _double(tensor: Vectors) -> Doubles:
    return tensor.astype(np.float64)


def _double_or(tensor: Vectors | None, length: int) -> Doubles:
    """The tensor, or as many zeros as it would have numbers."""
    return np.zeros(length) if tensor is None else _double(tensor)


def _single(tensor: Vectors | Doubles) -> Vectors:
    return np.ascontiguousarray(tensor, dtype=np.float32)
