import json
from pathlib import Path

import pytest
from command_line import refused, run
from loop_world import WordsEncoder

from mangaassist.data import Workspace


@pytest.fixture
def routed_shop(shop: Workspace) -> Path:
    assert run("intents", "train", "--workspace", shop.root).exit_code == 0
    return shop.root


def test_train_prints_what_trained_how_good_it_is_and_what_is_live(shop: Workspace) -> None:
    done = run("intents", "train", "--workspace", shop.root)

    assert done.exit_code == 0
    for said in ("built-in", "judged", "log", "Left out: contradicts judged", "intents-v01, cross-validation"):
        assert said in done.stdout
    assert "Never given, for want of examples: product_discovery, product_question" in done.stdout
    assert "intents-v01 is live" in done.stdout


def test_show_says_the_same_again(routed_shop: Path) -> None:
    trained = run("intents", "train", "--workspace", routed_shop)
    shown = run("intents", "show", "--workspace", routed_shop)

    assert shown.stdout == trained.stdout


def test_evaluate_says_that_the_figures_are_of_the_test_queries(routed_shop: Path) -> None:
    done = run("intents", "evaluate", "--workspace", routed_shop)

    assert "intents-v01, test" in done.stdout
    assert "70 messages: accuracy" in done.stdout
    assert "Titles or articles: right for" in done.stdout


@pytest.mark.parametrize("command", ["train", "evaluate", "show"])
def test_json_to_standard_output_is_all_there_is_on_it(routed_shop: Path, command: str) -> None:
    done = run("intents", command, "--workspace", routed_shop, "--json", "-")

    assert done.exit_code == 0
    assert json.loads(done.stdout)["version"] == "intents-v01"


@pytest.mark.parametrize("command", ["evaluate", "show"])
def test_before_training_the_error_names_the_command(shop: Workspace, command: str) -> None:
    said = refused("intents", command, "--workspace", shop.root)

    assert said == (f"DataError: {shop.root} has no intent classifier yet; train one: `mangaassist intents train`")


def test_a_shop_without_intents_is_told_where_they_go(tmp_path: Path) -> None:
    run("init", "--workspace", tmp_path / "new")

    said = refused("intents", "train", "--workspace", tmp_path / "new")

    assert said.startswith("DataError: no message of the shop has an intent to learn from")


def test_another_encoder_is_refused_with_the_remedy(routed_shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class OtherEncoder(WordsEncoder):
        encoder_id = "words@2"

    monkeypatch.setattr("mangaassist.loop.catalogue.load_encoder", lambda *_, **__: OtherEncoder())

    said = refused("intents", "evaluate", "--workspace", routed_shop)

    assert said.startswith("EncoderMismatch: intents-v01 reads base vectors of the encoder 'words@1', not of 'words@2'")
    assert said.endswith("train again: `mangaassist intents train`")


def test_a_changed_file_is_named(routed_shop: Path) -> None:
    path = routed_shop / "intents" / "intents-v01" / "config.json"
    path.chmod(0o644)
    path.write_text("{}")

    assert f"ArtifactError: {path} was changed" in refused("intents", "show", "--workspace", routed_shop)
