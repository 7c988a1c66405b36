"""An adapter in, ONNX files out: the forward pass of `SideMap` for any runtime that reads ONNX, whatever the rung.

    base (n, d) float32, unit length ──► adapted (n, d) float32, unit length; any n

`adapter.onnx` serves both sides where they are adapted alike, else there are `query.onnx` and `document.onnx`. Each
step of the graph is a step of `SideMap`, also the last: a vector that the map sends to exactly zero comes back as it
was. What moves known documents follows in `document.onnx`, which holds a row for each of them.
"""

from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from mangaassist.adapter.known_moves import SAME_WITHIN, KnownMoves, Tensor
from mangaassist.adapter.ladder import NORM_EPSILON, Adapter, SideMap
from mangaassist.core.types import Vectors
from mangaassist.encoders.extras import import_extra

BASE, ADAPTED = "base", "adapted"
_MAPPED = "mapped"

_OPSET, _IR_VERSION = 17, 8
"""The oldest that know LayerNormalization, so that runtimes of the last years read the files too."""


def onnx_files(adapter: Adapter, *, release: str, encoder_id: str) -> dict[str, bytes]:
    """The export by file name, with a `README.md` that shows its use; equal adapters give equal bytes.

    Raises MissingExtra without onnx.
    """
    onnx = import_extra("onnx", extra="export", user="the ONNX export")
    both = {"adapter": (adapter.query_map, None)}
    sides = {"query": (adapter.query_map, None), "document": (adapter.document_map, adapter.moves)}
    about = {"dimension": str(adapter.dimension), "encoder_id": encoder_id, "release": release, "rung": adapter.rung}
    files = {
        f"{name}.onnx": _model_bytes(onnx, map_, moves, adapter.dimension, about)
        for name, (map_, moves) in (both if adapter.is_symmetric else sides).items()
    }
    return {**files, "README.md": _read_me(adapter, about).encode()}


class _Graph:
    """The nodes and constants added so far; adding gives back the name of the result."""

    def __init__(self, onnx: ModuleType) -> None:
        self._onnx = onnx
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, operator: str, *inputs: str, output: str | None = None, **attributes: object) -> str:
        """One operator on earlier results."""
        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(self._onnx.helper.make_node(operator, inputs, [name], **attributes))
        return name

    def constant(self, name: str, value: Tensor | float, dtype: npt.DTypeLike = np.float32) -> str:
        """A tensor or number of the adapter."""
        self.constants.append(self._onnx.numpy_helper.from_array(np.asarray(value, dtype=dtype), name))
        return name

    def axis(self) -> str:
        """The last axis, as an operand."""
        if "last_axis" not in {constant.name for constant in self.constants}:
            self.constant("last_axis", np.array([-1]), np.int64)
        return "last_axis"


def _model_bytes(
    onnx: ModuleType, map_: SideMap, moves: KnownMoves | None, dimension: int, about: dict[str, str]
) -> bytes:
    graph = _Graph(onnx)
    if moves is None:
        _add_side(graph, map_, output=ADAPTED)
    else:
        _add_side(graph, map_, output=_MAPPED)
        _add_moves(graph, moves, float32=onnx.TensorProto.FLOAT)
    kind, shape = onnx.TensorProto.FLOAT, ["n", dimension]
    base = onnx.helper.make_tensor_value_info(
        BASE, kind, shape, doc_string=f"Vectors of the encoder {about['encoder_id']}, unit length, one a row."
    )
    adapted = onnx.helper.make_tensor_value_info(ADAPTED, kind, shape, doc_string="The adapted vectors, unit length.")
    model = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, "adapter", [base], [adapted], initializer=graph.constants),
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="mangaassist",
        doc_string=f"Retrieval adapter {about['release']}, rung {about['rung']}.",
    )
    onnx.helper.set_model_props(model, about)
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _add_side(graph: _Graph, map_: SideMap, *, output: str) -> None:
    """`SideMap.__call__`."""
    if map_.is_residual and not map_.tensors():
        graph.add("Identity", BASE, output=output)
        return
    mapped = _add_mapped(graph, map_)
    if map_.is_residual:
        mapped = BASE if mapped is None else graph.add("Add", BASE, mapped)
    assert mapped is not None
    length = _add_length(graph, mapped)
    is_positive = graph.add("Greater", length, graph.constant("zero", 0.0))
    divisor = graph.add("Where", is_positive, length, graph.constant("one", 1.0))
    graph.add("Where", is_positive, graph.add("Div", mapped, divisor), BASE, output=output)


def _add_moves(graph: _Graph, moves: KnownMoves, *, float32: int) -> None:
    """`KnownMoves.moved`: the nearest key of each vector, and its move where the key is near enough to be its own."""
    keys = graph.constant("keys", moves.keys)
    asked = graph.add("MatMul", BASE, graph.constant("projection", moves.projection))
    # The nearest has the largest product less half its square: the vector's own square is the same for all keys.
    products = graph.add("MatMul", asked, graph.constant("keys_turned", moves.keys.T))
    halves = graph.constant("half_squares", (moves.keys**2).sum(1) / 2)
    nearest = graph.add("ArgMax", graph.add("Sub", products, halves), axis=-1, keepdims=0)
    distance = _add_length(graph, graph.add("Sub", asked, graph.add("Gather", keys, nearest)))
    is_known = graph.add("Less", distance, graph.constant("same_within", SAME_WITHIN))
    towards = graph.add("Gather", graph.constant("towards", moves.towards, np.float16), nearest)
    way = graph.add("Mul", graph.add("Cast", towards, to=float32), graph.constant("share", moves.share))
    moved = graph.add("Add", _MAPPED, way)
    unit = graph.add("Div", moved, _add_length(graph, moved))
    graph.add("Where", is_known, unit, _MAPPED, output=ADAPTED)


def _add_length(graph: _Graph, vectors: str) -> str:
    """The length of each vector, (n, 1)."""
    return graph.add("Sqrt", graph.add("ReduceSum", graph.add("Mul", vectors, vectors), graph.axis(), keepdims=1))


def _add_mapped(graph: _Graph, map_: SideMap) -> str | None:
    """`SideMap._mapped`; None is zero."""
    shifted = BASE if map_.shift is None else graph.add("Sub", BASE, graph.constant("shift", map_.shift))
    if map_.matrix is not None:
        return graph.add("MatMul", shifted, graph.constant("matrix", map_.matrix))
    if map_.down is None or map_.up is None:
        return None if map_.is_residual else shifted
    hidden = graph.add("MatMul", shifted, graph.constant("down", map_.down))
    hidden = _add_activation(graph, map_, _add_bias(graph, hidden, "down_bias", map_.down_bias))
    return _add_bias(graph, graph.add("MatMul", hidden, graph.constant("up", map_.up)), "up_bias", map_.up_bias)


def _add_activation(graph: _Graph, map_: SideMap, hidden: str) -> str:
    """What `SideMap` does to the hidden layer: LayerNorm and gelu (the exact one, by erf), where it has them."""
    if map_.norm_gain is not None:
        norm = [graph.constant("norm_gain", map_.norm_gain)]
        if map_.norm_bias is not None:
            norm.append(graph.constant("norm_bias", map_.norm_bias))
        hidden = graph.add("LayerNormalization", hidden, *norm, axis=-1, epsilon=float(NORM_EPSILON))
    if not map_.is_gelu:
        return hidden
    error_function = graph.add("Erf", graph.add("Mul", hidden, graph.constant("sqrt_half", 0.5**0.5)))
    twice_share = graph.add("Add", error_function, graph.constant("erf_offset", 1.0))
    return graph.add("Mul", graph.add("Mul", hidden, graph.constant("half", 0.5)), twice_share)


def _add_bias(graph: _Graph, values: str, name: str, bias: Vectors | None) -> str:
    return values if bias is None else graph.add("Add", values, graph.constant(name, bias))


def _read_me(adapter: Adapter, about: dict[str, str]) -> str:
    files = (
        "`adapter.onnx` serves queries and documents alike."
        if adapter.is_symmetric
        else "`query.onnx` is for queries, `document.onnx` for documents."
    )
    if adapter.moves is not None:
        files += (
            f" The latter also moves {len(adapter.moves):,} known documents towards the queries that ended at them; it "
            "knows them by their base vectors, so a text that is written anew is moved by the map alone."
        )
    return (
        f"# Retrieval adapter {about['release']}, rung {adapter.rung}, as ONNX\n\n"
        f"{files} Input `{BASE}`: (n, {adapter.dimension}) float32, vectors of the encoder `{about['encoder_id']}`, "
        f"unit length, and of no other. Output `{ADAPTED}`: the same shape, unit length. Opset {_OPSET}; release, "
        "rung, encoder and dimension stand in the model's metadata.\n\n"
        "```python\n"
        "import numpy as np\n"
        "import onnxruntime\n\n"
        f'session = onnxruntime.InferenceSession("{"adapter" if adapter.is_symmetric else "query"}.onnx")\n'
        f"base = np.full((2, {adapter.dimension}), {adapter.dimension}**-0.5, np.float32)  # your encoder's vectors\n"
        f'(adapted,) = session.run(["{ADAPTED}"], {{"{BASE}": base}})\n'
        "```\n"
    )
