"""The ONNX files do what the NumPy forward does, for every rung, and say what they are."""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from random_adapters import random_adapter, random_moves, unit_vectors

from mangaassist.adapter.ladder import LADDER, Adapter, Rung, SideMap
from mangaassist.adapter.onnx_export import onnx_files
from mangaassist.core.errors import MissingExtra
from mangaassist.core.types import Vectors


def exported(adapter: Adapter) -> dict[str, bytes]:
    return onnx_files(adapter, release="embed-adapter-v03", encoder_id="some-encoder@1")


def run(model: bytes, base: Vectors) -> Vectors:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    (adapted,) = session.run(["adapted"], {"base": base})
    return np.asarray(adapted)


def sides(adapter: Adapter) -> list[tuple[bytes, Any]]:
    """Each side's model with the NumPy forward that it must equal."""
    files = exported(adapter)
    query, document = ("adapter.onnx", "adapter.onnx") if "adapter.onnx" in files else ("query.onnx", "document.onnx")
    return [(files[query], adapter.adapt_queries), (files[document], adapter.adapt_documents)]


@pytest.mark.parametrize("dimension", [8, 512])
@pytest.mark.parametrize("is_tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("rung", LADDER)
def test_the_onnx_forward_equals_the_numpy_forward(rung: Rung, is_tied: bool, dimension: int) -> None:
    base = unit_vectors(40, dimension)

    for model, forward in sides(random_adapter(rung, dimension, is_tied=is_tied)):
        assert np.abs(run(model, base) - forward(base)).max() < 1e-5


@pytest.mark.parametrize("is_tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("rung", LADDER)
def test_moves_of_known_documents_are_in_the_file_for_documents(rung: Rung, is_tied: bool) -> None:
    base = unit_vectors(40, 32)
    adapter = replace(random_adapter(rung, 32, is_tied=is_tied), moves=random_moves(base[:15], share=0.8))
    files = exported(adapter)

    assert set(files) == {"query.onnx", "document.onnx", "README.md"}
    assert "moves 15 known documents" in files["README.md"].decode()
    for model, forward in sides(adapter):
        assert np.abs(run(model, base) - forward(base)).max() < 1e-5
    assert np.abs(adapter.adapt_documents(base) - replace(adapter, moves=None).adapt_documents(base)).max() > 0.1


@given(st.data(), st.sampled_from(LADDER), st.integers(8, 40), st.integers(1, 9), st.integers(0, 1000))
@settings(deadline=None, max_examples=60)
def test_they_are_equal_for_any_shape_and_value(
    data: st.DataObject, rung: Rung, dimension: int, rows: int, seed: int
) -> None:
    drawn = data.draw(arrays(np.float32, (rows, dimension), elements=st.floats(-1, 1, width=32)))
    length = np.linalg.norm(drawn, axis=1, keepdims=True)
    assume((length > 0.01).all())
    base = drawn / length

    for model, forward in sides(random_adapter(rung, dimension, is_tied=False, seed=seed)):
        assert np.abs(run(model, base) - forward(base)).max() < 1e-5


@pytest.mark.parametrize("rung", LADDER)
def test_one_vector_is_mapped_as_in_a_batch_of_any_size(rung: Rung) -> None:
    base = unit_vectors(7, 8)
    model = exported(random_adapter(rung, 8, is_tied=True))["adapter.onnx"]

    one_by_one = np.concatenate([run(model, base[row : row + 1]) for row in range(len(base))])

    assert np.abs(run(model, base) - one_by_one).max() < 1e-6
    assert run(model, base[:0]).shape == (0, 8)


@pytest.mark.parametrize(
    "map_",
    [
        SideMap(is_residual=False, shift=unit_vectors(1, 8)[0]),
        SideMap(is_residual=True, matrix=-np.eye(8, dtype=np.float32)),
    ],
    ids=["equal to the mean", "sent to its opposite"],
)
def test_a_vector_sent_to_exactly_zero_is_kept_rather_than_made_zero(map_: SideMap) -> None:
    base = unit_vectors(1, 8)
    adapter = Adapter("ridge", 8, map_, map_)

    adapted = run(exported(adapter)["adapter.onnx"], base)

    assert (adapter.adapt_queries(base) == base).all()
    assert (adapted == base).all()


def test_the_identity_gives_back_the_very_bits_even_of_a_vector_that_has_not_unit_length() -> None:
    base = 3 * unit_vectors(5, 8)

    assert (run(exported(Adapter("identity", 8))["adapter.onnx"], base) == base).all()


def test_an_identity_side_beside_a_fitted_one_stays_the_identity() -> None:
    fitted = random_adapter("linear", 8, is_tied=True)
    files = exported(Adapter("linear", 8, query_map=fitted.query_map))
    base = unit_vectors(5, 8)

    assert (run(files["document.onnx"], base) == base).all()
    assert np.abs(run(files["query.onnx"], base) - fitted.adapt_queries(base)).max() < 1e-5


@pytest.mark.parametrize(
    "map_",
    [
        SideMap(is_residual=True, is_gelu=True, down=np.ones((4, 2), np.float32), up=np.ones((2, 4), np.float32),
                norm_gain=np.ones(2, np.float32)),
        SideMap(is_residual=True, shift=np.ones(4, np.float32)),
        SideMap(is_residual=False, down=np.ones((4, 2), np.float32), up=np.ones((2, 4), np.float32),
                shift=np.ones(4, np.float32)),
    ],
    ids=["residual with a norm that has no bias", "residual of nothing", "shifted and narrowed"],
)  # fmt: skip
def test_maps_that_no_rung_fits_are_exported_as_they_are(map_: SideMap) -> None:
    adapter, base = Adapter("residual", 4, map_, map_), unit_vectors(6, 4)

    assert np.abs(run(exported(adapter)["adapter.onnx"], base) - adapter.adapt_queries(base)).max() < 1e-5


@pytest.mark.parametrize("rung", LADDER)
def test_the_checker_passes_and_inputs_outputs_and_metadata_are_named(rung: Rung) -> None:
    model = onnx.load_from_string(exported(random_adapter(rung, 8, is_tied=True))["adapter.onnx"])

    onnx.checker.check_model(model, full_check=True)
    (base,), (adapted,) = model.graph.input, model.graph.output
    for value, name in ((base, "base"), (adapted, "adapted")):
        rows, columns = value.type.tensor_type.shape.dim
        assert (value.name, rows.dim_param, columns.dim_value) == (name, "n", 8)
        assert value.doc_string
    assert {each.key: each.value for each in model.metadata_props} == {
        "release": "embed-adapter-v03",
        "rung": rung,
        "encoder_id": "some-encoder@1",
        "dimension": "8",
    }


def test_tied_sides_are_one_file_and_others_one_each() -> None:
    assert set(exported(random_adapter("linear", 8, is_tied=True))) == {"adapter.onnx", "README.md"}
    assert set(exported(random_adapter("linear", 8, is_tied=False))) == {"query.onnx", "document.onnx", "README.md"}


@pytest.mark.parametrize("rung", LADDER)
def test_equal_adapters_give_equal_bytes(rung: Rung) -> None:
    first, second = (exported(random_adapter(rung, 8, is_tied=False)) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("is_tied", [True, False], ids=["tied", "untied"])
def test_the_snippet_in_the_readme_runs_and_gives_what_the_adapter_gives(
    is_tied: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = random_adapter("residual", 8, is_tied=is_tied)
    files = exported(adapter)
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    (snippet,) = re.findall(r"```python\n(.*?)```", files["README.md"].decode(), re.DOTALL)
    names: dict[str, Any] = {}

    exec(snippet, names)

    assert np.abs(names["adapted"] - adapter.adapt_queries(names["base"])).max() < 1e-5


def test_without_onnx_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)

    with pytest.raises(MissingExtra, match=r"the ONNX export needs onnx; .* pip install .*-e '\.\[export\]'"):
        exported(Adapter("identity", 8))
