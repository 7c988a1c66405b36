import hashlib
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from loop_child import killed_at, start
from loop_world import WordsEncoder, log_a_click

from mangaassist.adapter import LADDER, load_artifact
from mangaassist.core.errors import DataError, RetrievalError
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.loop import candidate_folder, make_pairs, read_settings, read_tuning, train_candidate


def trained(workspace: Workspace, *, seed: int = 0) -> dict[str, Any]:
    return train_candidate(workspace, read_settings(workspace.root), seed=seed, progress=no_progress)


def artefacts(root: Path) -> dict[str, bytes]:
    """What training leaves: `tuning.json` and the files of every rung."""
    folder = root / "runs" / "candidate"
    found = [folder / "tuning.json", *(path for rung in LADDER for path in (folder / rung).iterdir())]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found)}


def touched(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in (root / "runs" / "candidate").rglob("*")}


def test_training_keeps_every_rung_and_names_the_chosen_one(shop: Workspace) -> None:
    tuning = read_tuning(shop)

    assert set(tuning["rungs"]) == set(LADDER)
    assert tuning["chosen"] in LADDER
    assert tuning["encoder"] == "words@1"
    for rung in LADDER:
        assert load_artifact(candidate_folder(shop) / rung, encoder_id="words@1").rung == rung


def test_what_was_fitted_knows_the_scripts_of_its_queries_and_what_was_not_answers_all(shop: Workspace) -> None:
    rungs = {rung: load_artifact(candidate_folder(shop) / rung) for rung in LADDER}

    assert {rung: adapter.scripts for rung, adapter in rungs.items()} == {
        rung: None if rung == "identity" else {"latin"} for rung in LADDER
    }


def test_training_again_does_nothing(shop: Workspace) -> None:
    before, bytes_before = touched(shop.root), artefacts(shop.root)

    summary = trained(shop)

    assert summary == read_tuning(shop)
    assert touched(shop.root) == before
    assert artefacts(shop.root) == bytes_before


def test_the_gate_s_settings_do_not_train_again(shop: Workspace) -> None:
    before = touched(shop.root)
    (shop.root / "mangaassist.toml").write_text("[gate]\nrecall_at_3_floor = 0.1\n")

    trained(shop)

    assert touched(shop.root) == before


def test_another_seed_trains_again_and_what_speaks_of_the_old_candidate_goes_with_it(shop: Workspace) -> None:
    before = artefacts(shop.root)
    assert (candidate_folder(shop) / "evidence.json").is_file()

    assert trained(shop, seed=1)["seed"] == 1

    assert artefacts(shop.root)["mlp/adapter.safetensors"] != before["mlp/adapter.safetensors"]
    left = {path.name for path in candidate_folder(shop).iterdir() if path.is_file()}
    assert left == {"tuning.json", "trained_on.json", "pairs.parquet"}


def test_another_text_template_trains_again(shop: Workspace) -> None:
    before = read_tuning(shop)["inputs"]
    (shop.root / "mangaassist.toml").write_text("template = 'title'\n")

    assert trained(shop)["inputs"] != before


def test_another_rule_of_the_choice_trains_again(shop: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade that chooses otherwise would else give back what the version before it chose."""
    before = read_tuning(shop)["inputs"]
    monkeypatch.setattr("mangaassist.loop.training.CHOICE_RULE", "another")

    assert trained(shop)["inputs"] != before


def test_new_data_train_again_once_their_pairs_are_made(shop: Workspace) -> None:
    """Here a click on a title that is not in the catalogue any more: it trains nothing, and stops nothing."""
    before = read_tuning(shop)
    log_a_click(shop, "new-1", "sold out pirates", "gone-1")

    with pytest.raises(DataError, match="make them again: `mangaassist pairs`"):
        trained(shop)
    assert read_tuning(shop) == before

    make_pairs(shop, read_settings(shop.root))
    assert trained(shop)["data_fingerprint"] != before["data_fingerprint"]


def test_without_pairs_or_candidate_the_error_names_the_command(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "empty")

    with pytest.raises(DataError, match="has no pairs yet; make them: `mangaassist pairs`"):
        trained(workspace)
    with pytest.raises(DataError, match="has no trained candidate yet; train one: `mangaassist train`"):
        read_tuning(workspace)


# A kill in the middle


def stored_keys(root: Path) -> set[bytes]:
    with closing(sqlite3.connect(root / "vectors" / "words@1.sqlite")) as connection:
        return {key for (key,) in connection.execute("SELECT key FROM vectors")}


def unmade(shop: Workspace) -> Workspace:
    """The shop as it is after `pairs`, without candidate and vectors."""
    shutil.rmtree(shop.runs)
    shutil.rmtree(shop.vectors)
    shop.runs.mkdir()
    shop.vectors.mkdir()
    return shop


class RememberingEncoder(WordsEncoder):
    def __init__(self) -> None:
        self.asked: list[bytes] = []

    def encode(self, texts: Any) -> Any:
        self.asked += [hashlib.sha256(text.encode()).digest() for text in texts]
        return super().encode(texts)


PLACES = [
    pytest.param(("loop_world.WordsEncoder.encode", 5), id="while-encoding"),
    pytest.param(("mangaassist.adapter.race.fit_rounds", 17), id="while-tuning"),
    pytest.param(("mangaassist.loop.training.write_atomic", 1), id="before-the-summary"),
]


@pytest.mark.parametrize("place", PLACES)
def test_after_a_kill_the_next_training_ends_as_if_undisturbed_and_encodes_nothing_twice(
    shop: Workspace, evaluated_shop: Path, tmp_path: Path, place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_at(place, ["train", "--workspace", str(unmade(shop).root)], tmp_path / "log")
    assert not (candidate_folder(shop) / "tuning.json").exists()
    kept, encoder = stored_keys(shop.root), RememberingEncoder()
    monkeypatch.setattr("mangaassist.loop.catalogue.load_encoder", lambda *_, **__: encoder)

    trained(shop)

    assert artefacts(shop.root) == artefacts(evaluated_shop)
    assert kept
    assert not kept & set(encoder.asked)
    assert len(encoder.asked) == len(set(encoder.asked))
    assert kept | set(encoder.asked) == stored_keys(shop.root)


def test_after_a_kill_from_outside_at_a_random_moment_the_next_training_ends_as_if_undisturbed(
    shop: Workspace, evaluated_shop: Path, tmp_path: Path
) -> None:
    command = ["train", "--workspace", str(unmade(shop).root)]
    process = start(command, tmp_path / "log")
    while process.is_alive() and not (shop.vectors / "words@1.sqlite").exists():
        process.join(timeout=0.01)
    process.join(timeout=random.uniform(0, 2))
    process.kill()
    process.join()

    trained(shop)

    assert artefacts(shop.root) == artefacts(evaluated_shop)


def test_a_kill_that_mixed_two_candidates_leaves_none_and_the_old_one_can_be_trained_again(
    shop: Workspace, evaluated_shop: Path, tmp_path: Path
) -> None:
    """Some rungs are of seed 1, some of seed 0: nobody must take them for the candidate of seed 0."""
    place = ("mangaassist.adapter.artifact.write_atomic", 10)
    killed_at(place, ["train", "--seed", "1", "--workspace", str(shop.root)], tmp_path / "log")

    with pytest.raises(RetrievalError, match="no trained candidate yet"):
        read_tuning(shop)

    trained(shop)
    assert artefacts(shop.root) == artefacts(evaluated_shop)
