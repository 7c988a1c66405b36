"""An artefact explains itself, comes back whole, and says so when it was touched."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mangaassist.adapter.artifact import AdapterInfo, artifact_files, load_artifact, read_composition, save_artifact
from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.fitting import fit
from mangaassist.adapter.known_moves import fit_known_moves
from mangaassist.adapter.ladder import LADDER, Adapter, Rung
from mangaassist.adapter.recipes import recipes_for
from mangaassist.core.errors import ArtifactError, EncoderMismatch
from mangaassist.core.files import sha256_bytes
from mangaassist.queries import CompositionWeights, Lexicon


def fitted(rung: Rung, data: TrainingSet) -> tuple[Adapter, AdapterInfo]:
    recipe = recipes_for(rung)[0]
    info = AdapterInfo("some-encoder@1", recipe, rounds=1, seed=0, data_fingerprint="f" * 64, report={"ndcg@10": 0.5})
    return fit(recipe, data, seed=0, rounds=1), info


@pytest.mark.parametrize("rung", LADDER)
def test_every_rung_comes_back_from_disk_bit_for_bit(rung: Rung, small_set: TrainingSet, tmp_path: Path) -> None:
    adapter, info = fitted(rung, small_set)

    save_artifact(tmp_path, adapter, info)
    again = load_artifact(tmp_path, encoder_id="some-encoder@1")

    assert again.rung == rung
    assert (again.adapt_queries(small_set.queries) == adapter.adapt_queries(small_set.queries)).all()
    assert (again.adapt_documents(small_set.documents) == adapter.adapt_documents(small_set.documents)).all()


def test_moves_of_known_documents_come_back_bit_for_bit_and_are_told(small_set: TrainingSet, tmp_path: Path) -> None:
    adapter, info = fitted("linear", small_set)
    thrice = replace(small_set, query=np.arange(len(small_set.query)), positive=small_set.positive // 3)
    moved = replace(adapter, moves=fit_known_moves(thrice, adapter.adapt_queries(thrice.queries)).by(0.4))
    assert moved.moves is not None
    assert len(moved.moves) > 0

    save_artifact(tmp_path, moved, info)
    again = load_artifact(tmp_path)

    assert (again.adapt_documents(small_set.documents) == moved.adapt_documents(small_set.documents)).all()
    assert (again.adapt_documents(small_set.documents) != adapter.adapt_documents(small_set.documents)).any()
    assert json.loads((tmp_path / "config.json").read_bytes())["known_moves"] == {
        "share": 0.4,
        "texts": len(moved.moves),
    }
    assert f"Known documents: {len(moved.moves)} texts go 0.4 of the way" in (tmp_path / "README.md").read_text()
    assert "Known documents" not in artifact_files(adapter, info)["README.md"].decode()


def test_the_folder_holds_the_documented_files_and_no_pickle(small_set: TrainingSet, tmp_path: Path) -> None:
    save_artifact(tmp_path, *fitted("linear", small_set))

    assert {path.name for path in tmp_path.iterdir()} == {
        "adapter.safetensors",
        "config.json",
        "README.md",
        "composition.json",
        "manifest.json",
    }
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    assert {"files", "encoder_id", "dimension", "data_fingerprint", "parent", "report"} <= set(manifest)
    assert set(manifest["files"]) == {"adapter.safetensors", "config.json", "README.md", "composition.json"}


def test_config_and_card_say_how_documents_must_be_encoded(small_set: TrainingSet) -> None:
    adapter, info = fitted("linear", small_set)
    told = {"enrich": "sparse", "template": "title + genre"}

    silent, telling = artifact_files(adapter, info), artifact_files(adapter, replace(info, documents=told))

    assert json.loads(silent["config.json"])["documents"] == {}
    assert json.loads(telling["config.json"])["documents"] == told
    assert b"- Documents are encoded with enrich `sparse`, template `title + genre`\n" in telling["README.md"]
    assert b"Documents are encoded" not in silent["README.md"]


def test_the_same_adapter_gives_the_same_bytes(small_set: TrainingSet) -> None:
    assert artifact_files(*fitted("residual", small_set)) == artifact_files(*fitted("residual", small_set))


@pytest.mark.parametrize("name", ["adapter.safetensors", "config.json", "README.md"])
def test_a_changed_file_is_named(name: str, small_set: TrainingSet, tmp_path: Path) -> None:
    save_artifact(tmp_path, *fitted("linear", small_set))
    content = bytearray((tmp_path / name).read_bytes())
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)

    with pytest.raises(ArtifactError, match=name):
        load_artifact(tmp_path)


@pytest.mark.parametrize("name", ["adapter.safetensors", "config.json", "README.md", "manifest.json"])
def test_a_missing_file_is_named(name: str, small_set: TrainingSet, tmp_path: Path) -> None:
    save_artifact(tmp_path, *fitted("linear", small_set))
    (tmp_path / name).unlink()

    with pytest.raises(ArtifactError, match=name):
        load_artifact(tmp_path)


def test_an_adapter_of_another_encoder_is_refused(small_set: TrainingSet, tmp_path: Path) -> None:
    save_artifact(tmp_path, *fitted("linear", small_set))

    with pytest.raises(EncoderMismatch, match="train an adapter for this one"):
        load_artifact(tmp_path, encoder_id="another@2")


def test_a_newer_format_is_refused_rather_than_misread(small_set: TrainingSet, tmp_path: Path) -> None:
    save_artifact(tmp_path, *fitted("linear", small_set))
    manifest = json.loads((tmp_path / "manifest.json").read_bytes())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "format_version": 2}))

    with pytest.raises(ArtifactError, match="format version 2"):
        load_artifact(tmp_path)


def test_the_model_card_names_encoder_and_recipe(small_set: TrainingSet) -> None:
    adapter, info = fitted("linear", small_set)
    card = artifact_files(adapter, info)["README.md"].decode()

    assert "some-encoder@1" in card
    assert "temperature 0.07" in card
    assert f"{np.prod(adapter.tensors()['shared.matrix'].shape):,} numbers" in card


def test_the_lexicon_comes_back_also_from_when_it_had_one_section(small_set: TrainingSet, tmp_path: Path) -> None:
    adapter, info = fitted("linear", small_set)
    lexicon = Lexicon({"comfy": ("cozy",)}, {"fantasy": ("magic",)})
    save_artifact(tmp_path / "now", adapter, replace(info, lexicon=lexicon))
    (tmp_path / "then").mkdir()
    for name, content in artifact_files(adapter, info).items():
        (tmp_path / "then" / name).write_bytes(content)
    old = b'{"lexicon": {"comfy": ["cozy"]}, "weights": {"rejected": 0.4}}'
    (tmp_path / "then" / "composition.json").write_bytes(old)
    manifest = json.loads((tmp_path / "then" / "manifest.json").read_bytes())
    manifest["files"]["composition.json"] = sha256_bytes(old)
    (tmp_path / "then" / "manifest.json").write_text(json.dumps(manifest))

    assert read_composition(tmp_path / "now") == (CompositionWeights(), lexicon)
    assert read_composition(tmp_path / "then") == (CompositionWeights(rejected=0.4), Lexicon({"comfy": ("cozy",)}))


def test_an_artefact_knows_the_scripts_that_it_was_fitted_on(small_set: TrainingSet, tmp_path: Path) -> None:
    adapter, info = fitted("linear", small_set)
    save_artifact(tmp_path / "any", adapter, info)
    save_artifact(tmp_path / "latin", replace(adapter, scripts=frozenset({"latin"})), info)

    anything, latin = load_artifact(tmp_path / "any"), load_artifact(tmp_path / "latin")

    assert all(anything.covers(text) for text in ("warm", "2, 3?", "癒し系"))
    assert [latin.covers(text) for text in ("warm", "2, 3?", "癒し系")] == [True, True, False]
