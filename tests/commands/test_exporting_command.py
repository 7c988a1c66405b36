"""`mangaassist export`: what is live, named or in the making, checked and written whole."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from command_line import refused, run

from mangaassist.adapter import load_artifact
from mangaassist.core.files import sha256_of
from mangaassist.data import Workspace
from mangaassist.loop import candidate_folder, read_tuning

FIRST = "embed-adapter-v01"


def exported(shop: Workspace, out: Path, *words: object, export_format: str = "onnx") -> Any:
    done = run("export", *words, "--format", export_format, "--out", out, "--workspace", shop.root, "--json", "-")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def refusal(shop: Workspace, out: Path, *words: object) -> str:
    return refused("export", *words, "--format", "onnx", "--out", out, "--workspace", shop.root)


def metadata(model: Path) -> dict[str, str]:
    return {each.key: each.value for each in onnx.load(model).metadata_props}


def adapted(model: Path, base: np.ndarray) -> np.ndarray:
    return np.asarray(onnxruntime.InferenceSession(model).run(["adapted"], {"base": base})[0])


def some_vectors(dimension: int) -> np.ndarray:
    vectors = np.random.default_rng(3).normal(size=(4, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture
def promoted(shop: Workspace, easy_gate: None) -> Workspace:
    run("gate", "--workspace", shop.root)
    assert run("promote", "--workspace", shop.root).exit_code == 0
    return shop


def test_the_live_release_is_exported_unless_another_is_named(promoted: Workspace, tmp_path: Path) -> None:
    result = exported(promoted, tmp_path / "out")

    live = load_artifact(promoted.releases / FIRST)
    base = some_vectors(live.dimension)
    assert set(result) == {"release", "rung", "encoder", "dimension", "format", "folder", "files"}
    assert (result["release"], result["rung"], result["dimension"]) == (FIRST, live.rung, live.dimension)
    assert metadata(tmp_path / "out" / "adapter.onnx")["release"] == FIRST
    assert np.abs(adapted(tmp_path / "out" / "adapter.onnx", base) - live.adapt_queries(base)).max() < 1e-5


def test_a_release_is_exported_by_its_name_too(promoted: Workspace, tmp_path: Path) -> None:
    exported(promoted, tmp_path / "live", "live")

    exported(promoted, tmp_path / "named", FIRST)

    assert (tmp_path / "named" / "adapter.onnx").read_bytes() == (tmp_path / "live" / "adapter.onnx").read_bytes()


def test_the_candidate_is_what_training_chose(shop: Workspace, tmp_path: Path) -> None:
    result = exported(shop, tmp_path / "out", "candidate")

    chosen = load_artifact(candidate_folder(shop) / read_tuning(shop)["chosen"])
    base = some_vectors(chosen.dimension)
    assert (result["release"], result["rung"]) == ("candidate", chosen.rung)
    assert np.abs(adapted(tmp_path / "out" / "adapter.onnx", base) - chosen.adapt_queries(base)).max() < 1e-5


def test_the_identity_release_is_exported_as_the_identity(shop: Workspace, tmp_path: Path) -> None:
    result = exported(shop, tmp_path / "out")

    base = some_vectors(result["dimension"])
    assert (result["release"], result["rung"]) == ("embed-adapter-v00", "identity")
    assert (adapted(tmp_path / "out" / "adapter.onnx", base) == base).all()


def test_sentence_transformers_modules_are_written_with_digests(shop: Workspace, tmp_path: Path) -> None:
    result = exported(shop, tmp_path / "out", "candidate", export_format="sentence-transformers")

    written = {path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.*")}
    assert "modules.json" in written
    assert {path: sha256_of(tmp_path / "out" / path) for path in result["files"]} == result["files"]
    assert set(result["files"]) == {path for path in written if (tmp_path / "out" / path).is_file()}


def test_people_read_the_files_and_whose_vectors_they_are_for(shop: Workspace, tmp_path: Path) -> None:
    done = run("export", "--format", "onnx", "--out", tmp_path / "out", "--workspace", shop.root)

    assert "adapter.onnx" in done.stdout
    assert "-d vectors of " in done.stdout


def test_an_empty_folder_may_be_there_and_folders_above_are_made(shop: Workspace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    exported(shop, tmp_path / "empty")
    exported(shop, tmp_path / "new" / "deep")

    assert (tmp_path / "empty" / "adapter.onnx").is_file()
    assert (tmp_path / "new" / "deep" / "adapter.onnx").is_file()


def test_a_folder_that_holds_files_is_refused_and_left_alone(shop: Workspace, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")

    said = refusal(shop, tmp_path / "full")

    assert said.startswith(f"ExportError: {tmp_path / 'full'} holds files already; name a new folder")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_a_file_in_the_folders_place_is_refused(shop: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")

    assert refusal(shop, tmp_path / "file").startswith(f"ExportError: {tmp_path / 'file'} is a file")


def test_the_present_folder_is_refused(shop: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    assert refusal(shop, Path()).startswith("ExportError: . is the present folder")


def test_a_release_that_was_touched_is_not_exported(promoted: Workspace, tmp_path: Path) -> None:
    tensors = promoted.releases / FIRST / "adapter.safetensors"
    tensors.chmod(0o644)
    tensors.write_bytes(tensors.read_bytes()[:-1] + b"!")

    assert refusal(promoted, tmp_path / "out").startswith(f"ArtifactError: {tensors}: its sha256 differs")
    assert not (tmp_path / "out").exists()


def test_a_candidate_that_was_touched_is_not_exported(shop: Workspace, tmp_path: Path) -> None:
    config = candidate_folder(shop) / read_tuning(shop)["chosen"] / "config.json"
    config.write_bytes(config.read_bytes() + b" ")

    assert refusal(shop, tmp_path / "out", "candidate").startswith(f"ArtifactError: {config} was changed")


def test_an_unknown_release_is_named_with_those_there_are(shop: Workspace, tmp_path: Path) -> None:
    said = refusal(shop, tmp_path / "out", "embed-adapter-v77")

    assert said.startswith("UnknownRelease: no release 'embed-adapter-v77'")
    assert said.endswith("there are embed-adapter-v00")


def test_a_format_there_is_not_is_wrong_usage(shop: Workspace, tmp_path: Path) -> None:
    done = run("export", "--format", "pickle", "--out", tmp_path / "out", "--workspace", shop.root)

    assert (done.exit_code, done.stdout) == (2, "")
