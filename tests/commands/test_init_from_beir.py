import json
from pathlib import Path
from typing import Any

import pytest
from beir_sets import slang_set
from command_line import refused, run
from loop_fixtures import EASY_GATE, settle_in

from mangaassist.data import Workspace, judged_queries
from mangaassist.data.beir_ingest import _unknown
from mangaassist.loop import read_settings


def result(*words: object) -> Any:
    done = run(*words, "--json", "-")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def loop(root: Path, folder: Path, *words: object) -> dict[str, Any]:
    """From a BEIR folder to a live release and an answer, all by the command line: each step's JSON."""
    here = ("--workspace", root)
    done = {"init": result("init", root, "--from-beir", folder, *words)}
    for command in ("embed", "pairs", "train", "evaluate"):
        done[command] = result(command, *here)
    decided = run("gate", *here, "--json", "-")
    done["gate"] = json.loads(decided.stdout)
    because = () if decided.exit_code == 0 else ("--override", "a set, no shop", "--actor", "me")
    done["promote"] = result("promote", *here, *because)
    done["index"] = result("index", *here)
    return done


@pytest.fixture(scope="module")
def slang_loop(privacy_key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """The small set taken through the whole loop once: its folder, its workspace and what each step said."""
    folder, root = tmp_path_factory.mktemp("set") / "slang", tmp_path_factory.mktemp("workspace") / "slang"
    with pytest.MonkeyPatch.context() as patch:
        settle_in(patch, privacy_key_file, tmp_path_factory.mktemp("cache"))
        for name, value in EASY_GATE.items():
            patch.setenv(name, value)
        return folder, root, loop(root, slang_set(folder, has_dev=True))


def test_init_counts_what_it_took_in(slang_loop: tuple[Path, Path, dict[str, Any]]) -> None:
    _, root, done = slang_loop

    assert set(done["init"]) == {
        *("workspace", "set", "files", "queries", "dev_carved_from_train", "quarantined", "trains_on_judgements"),
    }
    assert (done["init"]["workspace"], done["init"]["set"]) == (str(root), "slang")
    assert done["init"]["queries"] == {"train": 84, "dev": 14, "test": 28}
    assert (done["init"]["dev_carved_from_train"], done["init"]["quarantined"]) == (False, 0)


def test_train_judgements_become_training_pairs(slang_loop: tuple[Path, Path, dict[str, Any]]) -> None:
    _, root, done = slang_loop

    assert read_settings(root).pairs.from_judgements
    assert done["pairs"]["sources"]["judgement"]["trained"] == 84 * 7
    assert done["pairs"]["sources"]["judgement"]["dropped"] == {"judged_not_relevant": 84}
    assert done["pairs"]["share_by_source"] == {"judgement": 1.0}


def test_the_loop_learns_the_slang_and_a_release_serves_it(slang_loop: tuple[Path, Path, dict[str, Any]]) -> None:
    _, root, done = slang_loop

    systems = done["evaluate"]["systems"]
    assert systems["candidate"]["ndcg@10"] > systems["frozen"]["ndcg@10"] + 0.05
    assert done["promote"]["release"] == "embed-adapter-v01"
    found = result("search", "zorbil amber", "--workspace", root)
    assert all(each["id"].startswith("pirates-") for each in found["systems"]["live"]["results"][:3])


def test_evaluate_and_bench_agree_on_the_frozen_encoder(
    slang_loop: tuple[Path, Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, done = slang_loop
    monkeypatch.chdir(tmp_path)  # outside the checkout, which counts readings of test splits

    benched = result("bench", folder, "--final")["results"]["frozen"]["all"]

    for metric in ("recall@3", "ndcg@10", "success@3", "bad_top1_rate"):
        assert done["evaluate"]["systems"]["frozen"][metric] == pytest.approx(benched[metric], abs=1e-6)
    assert (benched["queries"], benched["groups"]) == (28, done["evaluate"]["systems"]["frozen"]["groups"])


def test_a_set_without_dev_lends_a_fifth_of_its_train_queries_to_dev(tmp_path: Path) -> None:
    taken = result("init", tmp_path / "shop", "--from-beir", slang_set(tmp_path / "slang"))

    assert taken["dev_carved_from_train"]
    assert taken["queries"]["dev"] == pytest.approx(84 / 5, abs=2)
    assert taken["queries"]["train"] == 84 - taken["queries"]["dev"]
    again = result("init", tmp_path / "again", "--from-beir", tmp_path / "slang")
    assert dev_of(tmp_path / "again") == dev_of(tmp_path / "shop")
    assert again["queries"] == taken["queries"]
    result("init", tmp_path / "other", "--from-beir", tmp_path / "slang", "--seed", "1")
    assert dev_of(tmp_path / "other") != dev_of(tmp_path / "shop")


def dev_of(root: Path) -> set[str]:
    return {query.query_id for query in judged_queries(Workspace.open(root)) if query.split == "dev"}


def test_judgements_may_lie_elsewhere(tmp_path: Path) -> None:
    folder = slang_set(tmp_path / "slang")
    (folder / "qrels").rename(tmp_path / "private")

    taken = result("init", tmp_path / "shop", "--from-beir", folder, "--qrels", tmp_path / "private")

    assert taken["queries"]["test"] == 28


class Killed(BaseException):
    """As a kill: nobody catches it."""


def test_a_killed_init_goes_on_where_it_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = slang_set(tmp_path / "slang", has_dev=True)

    def killed(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr("mangaassist.data.beir_ingest._unknown", killed)
    with pytest.raises(Killed):
        run("init", tmp_path / "shop", "--from-beir", folder)
    monkeypatch.setattr("mangaassist.data.beir_ingest._unknown", _unknown)

    taken = result("init", tmp_path / "shop", "--from-beir", folder)

    assert [each["already_ingested"] for each in taken["files"]] == [True, True, False, False, False]
    assert taken["queries"] == {"train": 84, "dev": 14, "test": 28}


def test_settings_that_are_there_stay_and_init_says_what_they_lack(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "mangaassist.toml").write_text('encoder = "local"\n')

    done = run("init", tmp_path / "shop", "--from-beir", slang_set(tmp_path / "slang"))

    assert (tmp_path / "shop" / "mangaassist.toml").read_text() == 'encoder = "local"\n'
    assert "Nothing trains: set from_judgements = true under [pairs] in mangaassist.toml" in done.stdout


def test_without_test_judgements_init_says_that_nothing_can_be_evaluated(tmp_path: Path) -> None:
    folder = slang_set(tmp_path / "slang")
    (folder / "qrels" / "test.tsv").unlink()

    assert (
        "Without test judgements nothing can be evaluated" in run("init", tmp_path / "s", "--from-beir", folder).stdout
    )


def test_a_folder_that_is_no_set_leaves_no_workspace(tmp_path: Path) -> None:
    said = refused("init", tmp_path / "shop", "--from-beir", tmp_path)

    assert said.startswith(f"DataError: {tmp_path}: neither corpus.jsonl nor catalog.jsonl is there")
    assert not (tmp_path / "shop").exists()


def test_init_takes_the_directory_as_a_word_too(tmp_path: Path) -> None:
    assert result("init", tmp_path / "new") == {"workspace": str(tmp_path / "new")}


@pytest.mark.parametrize("words", [("a", "--workspace", "b"), ("a", "--qrels", "qrels")])
def test_init_refuses_what_contradicts_itself(words: tuple[str, ...]) -> None:
    done = run("init", *words)

    assert (done.exit_code, done.stdout) == (2, "")
