import json
import os
from pathlib import Path

import numpy as np
import pytest
from message_world import SHOP, messages, trained_on

from mangaassist.core.errors import ArtifactError, EncoderMismatch
from mangaassist.core.files import canonical_json
from mangaassist.intents import (
    TrainedIntents,
    intents_files,
    intents_versions,
    live_intents_version,
    load_intents,
    next_intents_version,
    publish_intents,
    read_intents_manifest,
)

VERSION = "intents-v01"
FILES = ("README.md", "config.json", "manifest.json", "weights.safetensors")


@pytest.fixture(scope="module")
def trained() -> TrainedIntents:
    return trained_on(*messages({"recommendation": 20, "faq": 20}))


@pytest.fixture
def folder(trained: TrainedIntents, tmp_path: Path) -> Path:
    publish_intents(tmp_path / "intents", trained, {"inputs": "abc"})
    return tmp_path / "intents"


def test_a_stored_classifier_gives_the_same_probabilities(folder: Path, trained: TrainedIntents) -> None:
    vectors = messages(SHOP)[1]

    loaded = load_intents(folder, VERSION, encoder_id="words@1")

    assert np.array_equal(loaded.probabilities(vectors), trained.classifier.probabilities(vectors))
    assert loaded.routes(vectors) == trained.classifier.routes(vectors)
    assert loaded.untrained == trained.classifier.untrained == ("product_discovery", "product_question")
    assert (loaded.version, loaded.encoder_id) == (VERSION, "words@1")


def test_the_folder_explains_itself_and_pickles_nothing(folder: Path) -> None:
    assert sorted(path.name for path in (folder / VERSION).iterdir()) == list(FILES)
    manifest = read_intents_manifest(folder, VERSION)
    assert manifest["inputs"] == "abc"
    assert set(manifest["files"]) == set(FILES) - {"manifest.json"}
    assert manifest["cross_validation"]["messages"] == 50
    assert "words@1" in (folder / VERSION / "README.md").read_text()


def test_what_is_published_is_live_and_read_only(folder: Path) -> None:
    assert live_intents_version(folder) == VERSION
    assert intents_versions(folder) == (VERSION,)
    assert {path.stat().st_mode & 0o222 for path in (folder / VERSION).iterdir()} == {0}


def test_where_nothing_was_trained_nothing_is_live(tmp_path: Path) -> None:
    assert live_intents_version(tmp_path / "intents") is None
    assert intents_versions(tmp_path / "intents") == ()
    assert next_intents_version(tmp_path / "intents") == VERSION


def test_versions_are_numbered_on_past_tombstones_and_99(folder: Path) -> None:
    assert next_intents_version(folder) == "intents-v02"
    (folder / "intents-v99.deleted").write_text("erased on request")

    assert next_intents_version(folder) == "intents-v100"
    assert intents_versions(folder) == (VERSION,)


def test_a_version_is_never_written_over(folder: Path, trained: TrainedIntents) -> None:
    before = {name: (folder / VERSION / name).read_bytes() for name in FILES}

    with pytest.raises(FileExistsError, match="never written over"):
        publish_intents(folder, trained, {"inputs": "other"})

    assert {name: (folder / VERSION / name).read_bytes() for name in FILES} == before


@pytest.mark.parametrize("broken", range(1, len(FILES) + 1))
def test_a_disk_that_fills_up_leaves_no_version_and_the_next_attempt_does(
    trained: TrainedIntents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: int
) -> None:
    real, calls = os.fsync, 0

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2 * broken:
            raise OSError(28, "No space left on device")
        real(handle)

    folder = tmp_path / "intents"
    with monkeypatch.context() as patch:
        patch.setattr("mangaassist.core.files.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            publish_intents(folder, trained, {})
    assert intents_versions(folder) == ()
    assert live_intents_version(folder) is None

    publish_intents(folder, trained, {})
    assert sorted(path.name for path in folder.iterdir()) == [VERSION, "live.json"]
    load_intents(folder, VERSION, encoder_id="words@1")


@pytest.mark.parametrize("name", [name for name in FILES if name != "manifest.json"])
def test_a_changed_and_a_missing_file_are_named_with_a_remedy(folder: Path, name: str) -> None:
    path = folder / VERSION / name
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ArtifactError, match=f"{name} was changed.*or train again: `mangaassist intents train`"):
        load_intents(folder, VERSION, encoder_id="words@1")

    path.unlink()
    with pytest.raises(ArtifactError, match=f"{name} is missing"):
        load_intents(folder, VERSION, encoder_id="words@1")


@pytest.mark.parametrize("content", [b"", b"{", b'{"format_version": 2, "version": "intents-v01"}', b"{}"])
def test_a_manifest_that_is_not_this_version_s_is_refused(folder: Path, content: bytes) -> None:
    path = folder / VERSION / "manifest.json"
    path.unlink()
    path.write_bytes(content)

    with pytest.raises(ArtifactError, match=r"manifest\.json"):
        load_intents(folder, VERSION, encoder_id="words@1")


def test_a_version_under_another_name_is_refused(folder: Path) -> None:
    (folder / VERSION).rename(folder / "intents-v07")

    with pytest.raises(ArtifactError, match="is of 'intents-v01'"):
        load_intents(folder, "intents-v07", encoder_id="words@1")


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}"])
def test_a_damaged_pointer_is_an_error_that_names_it(folder: Path, content: bytes) -> None:
    (folder / "live.json").write_bytes(content)

    with pytest.raises(ArtifactError, match=r"live\.json cannot be read"):
        live_intents_version(folder)


def test_another_encoder_s_vectors_are_refused(folder: Path) -> None:
    with pytest.raises(EncoderMismatch, match="of the encoder 'words@1', not of 'titan@1024'"):
        load_intents(folder, VERSION, encoder_id="titan@1024")


def test_a_classifier_of_other_intents_is_refused(folder: Path, trained: TrainedIntents) -> None:
    files = intents_files(trained, {})
    config = json.loads(files["config.json"])
    config["intents"] = ["buy", "sell"]
    (folder / "intents-v02").mkdir()
    manifest = {**json.loads(files["manifest.json"]), "version": "intents-v02", "files": {}}
    for name, content in {**files, "config.json": canonical_json(config)}.items():
        (folder / "intents-v02" / name).write_bytes(content)
    (folder / "intents-v02" / "manifest.json").write_bytes(canonical_json(manifest))

    with pytest.raises(ArtifactError, match=r"knows the intents \['buy', 'sell'\]"):
        load_intents(folder, "intents-v02", encoder_id="words@1")
