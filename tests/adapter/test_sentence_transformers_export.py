"""The exported folder is read by stock sentence-transformers and does what the NumPy forward does, or is refused."""

import importlib
import json
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_adapters import AFFINE, random_adapter, random_moves, unit_vectors

from mangaassist.adapter.ladder import LADDER, Adapter, Rung, SideMap
from mangaassist.adapter.sentence_transformers_export import sentence_transformers_files
from mangaassist.core.errors import ExportError
from mangaassist.core.files import write_new_folder
from mangaassist.core.types import Vectors

pytestmark = pytest.mark.slow

Load = Callable[[Adapter, Path], Any]


@pytest.fixture(scope="module", autouse=True)
def offline() -> Iterator[None]:
    """Nothing may touch the network: the hub is told so, and a connection would be an error."""

    def refuse(*_arguments: object) -> None:
        raise AssertionError("a test tried to connect")

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setattr(socket.socket, "connect", refuse)
        yield


@pytest.fixture(scope="module")
def library(offline: None) -> Any:
    """Imported here only: it takes seconds."""
    return importlib.import_module("sentence_transformers")


@pytest.fixture(scope="module")
def load(library: Any) -> Load:
    def loaded(adapter: Adapter, folder: Path) -> Any:
        write_new_folder(folder, exported(adapter))
        return library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    return loaded


class Lookup(torch.nn.Module):
    """A first module of the test's own: texts in, base vectors out of a table."""

    def __init__(self, table: Mapping[str, Vectors]) -> None:
        super().__init__()
        self.table = table

    def preprocess(self, inputs: list[str], **_options: object) -> dict[str, torch.Tensor]:
        return {"sentence_embedding": torch.stack([torch.as_tensor(self.table[text]) for text in inputs])}

    def forward(self, features: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return features


def exported(adapter: Adapter) -> dict[str, bytes]:
    return sentence_transformers_files(adapter, release="embed-adapter-v03", encoder_id="some-encoder@1")


def adapted(chain: Any, base: Vectors, task: str = "query") -> Vectors:
    with torch.inference_mode():
        return np.asarray(chain({"sentence_embedding": torch.as_tensor(base)}, task=task)["sentence_embedding"])


@pytest.mark.parametrize("dimension", [8, 512])
@pytest.mark.parametrize("is_tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("rung", LADDER)
def test_the_chain_equals_the_numpy_forward(
    rung: Rung, is_tied: bool, dimension: int, load: Load, tmp_path: Path
) -> None:
    adapter, base = random_adapter(rung, dimension, is_tied=is_tied), unit_vectors(40, dimension)

    chain = load(adapter, tmp_path / "out")

    assert np.abs(adapted(chain, base, "query") - adapter.adapt_queries(base)).max() < 1e-5
    assert np.abs(adapted(chain, base, "document") - adapter.adapt_documents(base)).max() < 1e-5
    assert chain.get_embedding_dimension() == dimension


@given(st.sampled_from(LADDER), st.integers(8, 40), st.integers(1, 9), st.integers(0, 1000))
@settings(deadline=None, max_examples=25)
def test_they_are_equal_for_any_shape_and_value(
    load: Load, tmp_path_factory: pytest.TempPathFactory, rung: Rung, dimension: int, rows: int, seed: int
) -> None:
    adapter, base = random_adapter(rung, dimension, is_tied=True, seed=seed), unit_vectors(rows, dimension, seed)

    chain = load(adapter, tmp_path_factory.mktemp("chain") / "out")

    assert np.abs(adapted(chain, base) - adapter.adapt_queries(base)).max() < 1e-5


@pytest.mark.parametrize("is_tied", [True, False], ids=["tied", "untied"])
def test_behind_an_encoder_texts_are_encoded_by_their_side(
    is_tied: bool, library: Any, load: Load, tmp_path: Path
) -> None:
    adapter, base = random_adapter("residual", 8, is_tied=is_tied), unit_vectors(2, 8)
    encoder = Lookup({"berserk": base[0], "claymore": base[1]})

    model = library.SentenceTransformer(modules=[encoder, *load(adapter, tmp_path / "out")], device="cpu")

    texts = ["berserk", "claymore"]
    assert np.abs(model.encode_query(texts) - adapter.adapt_queries(base)).max() < 1e-5
    assert np.abs(model.encode_document(texts) - adapter.adapt_documents(base)).max() < 1e-5


def test_where_sides_differ_a_text_of_no_side_is_an_error(library: Any, load: Load, tmp_path: Path) -> None:
    chain = load(random_adapter("linear", 8, is_tied=False), tmp_path / "out")
    model = library.SentenceTransformer(modules=[Lookup({"berserk": unit_vectors(1, 8)[0]}), *chain], device="cpu")

    with pytest.raises(ValueError, match="route"):
        model.encode(["berserk"])


def test_the_identity_gives_back_the_very_bits(load: Load, tmp_path: Path) -> None:
    base = 3 * unit_vectors(5, 8)

    assert (adapted(load(Adapter("identity", 8), tmp_path / "out"), base) == base).all()


@pytest.mark.parametrize("rung", AFFINE)
def test_an_affine_rung_is_one_dense_module_and_a_normalize(rung: Rung) -> None:
    modules = json.loads(exported(random_adapter(rung, 8, is_tied=True))["modules.json"])

    assert [each["path"] for each in modules] == ["0_Dense", "1_Normalize"]


def test_the_input_passes_through_gelu_in_two_more_units_per_dimension() -> None:
    config = json.loads(exported(random_adapter("residual", 8, is_tied=True))["0_Dense/config.json"])

    assert (config["in_features"], config["out_features"]) == (8, 4 + 2 * 8)
    assert config["activation_function"] == "torch.nn.modules.activation.GELU"


def test_moves_of_known_documents_are_refused_with_the_reason() -> None:
    adapter = replace(random_adapter("linear", 8, is_tied=True), moves=random_moves(unit_vectors(3, 8), share=0.4))

    with pytest.raises(ExportError, match=r"moves 3 known documents one by one .* export it with --format onnx"):
        exported(adapter)


NORMED = SideMap(
    is_residual=True,
    is_gelu=True,
    down=np.ones((8, 4), np.float32),
    norm_gain=np.ones(4, np.float32),
    up=np.ones((4, 8), np.float32),
)


@pytest.mark.parametrize("adapter", [Adapter("residual", 8, NORMED, NORMED), Adapter("residual", 8, NORMED)])
def test_a_residual_map_with_an_inner_norm_is_refused_with_the_reason(adapter: Adapter) -> None:
    with pytest.raises(
        ExportError, match=r"LayerNorm normalises everything that passes.* export it with --format onnx"
    ):
        exported(adapter)


@pytest.mark.parametrize(
    "map_",
    [
        SideMap(is_residual=True, shift=np.ones(8, np.float32)),
        SideMap(is_residual=False, down=np.ones((8, 4), np.float32), norm_gain=np.arange(4, dtype=np.float32),
                up=np.eye(4, 8, dtype=np.float32), down_bias=np.arange(4, dtype=np.float32)),
        SideMap(is_residual=True, is_gelu=True, shift=unit_vectors(1, 8)[0], down=unit_vectors(8, 4),
                up=unit_vectors(4, 8)),
        SideMap(is_residual=False, is_gelu=True, down=unit_vectors(8, 4), up=unit_vectors(4, 8)),
    ],
    ids=["residual of nothing", "a norm without gelu", "shifted residual", "gelu without a norm"],
)  # fmt: skip
def test_maps_that_no_rung_fits_are_exported_as_they_are(map_: SideMap, load: Load, tmp_path: Path) -> None:
    adapter, base = Adapter("residual", 8, map_, map_), unit_vectors(6, 8)

    assert np.abs(adapted(load(adapter, tmp_path / "out"), base) - adapter.adapt_queries(base)).max() < 1e-5


def test_a_vector_sent_to_exactly_zero_stays_zero_as_the_readme_says(load: Load, tmp_path: Path) -> None:
    base = unit_vectors(1, 8)
    map_ = SideMap(is_residual=False, shift=base[0])

    assert not adapted(load(Adapter("centring", 8, map_, map_), tmp_path / "out"), base).any()


@pytest.mark.parametrize("rung", LADDER)
def test_equal_adapters_give_equal_bytes(rung: Rung) -> None:
    first, second = (exported(random_adapter(rung, 8, is_tied=False)) for _ in range(2))

    assert first == second


def test_every_type_is_in_the_librarys_own_namespace_and_nothing_is_a_pickle() -> None:
    for is_tied in (True, False):
        files = exported(random_adapter("mlp", 8, is_tied=is_tied))
        types = [each["type"] for each in json.loads(files["modules.json"])]
        types += json.loads(files.get("router_config.json", b'{"types": {}}'))["types"].values()

        assert all(each.startswith("sentence_transformers.") for each in types)
        assert {name.rpartition(".")[2] for name in files} == {"json", "safetensors", "md"}


@pytest.mark.parametrize("is_tied", [True, False], ids=["tied", "untied"])
def test_the_snippet_in_the_readme_runs_and_gives_what_the_adapter_gives(
    is_tied: bool, library: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = random_adapter("residual", 8, is_tied=is_tied)
    write_new_folder(tmp_path / "out", exported(adapter))
    monkeypatch.chdir(tmp_path / "out")
    (snippet,) = re.findall(r"```python\n(.*?)```", (tmp_path / "out" / "README.md").read_text(), re.DOTALL)
    names: dict[str, Any] = {}

    exec(snippet, names)

    base = np.asarray(names["base_vectors"](["some text"]))
    assert np.abs(np.asarray(names["queries"]) - adapter.adapt_queries(base)).max() < 1e-5
    assert np.abs(names["query_vectors"] - adapter.adapt_queries(base)).max() < 1e-5
    assert np.abs(names["document_vectors"] - adapter.adapt_documents(base)).max() < 1e-5
