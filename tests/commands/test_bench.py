import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from beir_sets import slang_set, solved_set
from command_line import refused, run
from loop_fixtures import settle_in
from loop_world import WordsEncoder

from mangaassist.adapter import LADDER, load_artifact, read_manifest
from mangaassist.commands.bench import cache_directory
from mangaassist.data import Workspace
from mangaassist.encoders import LocalEncoder, load_encoder
from mangaassist.evaluation import METRICS

RUNGS = {"frozen" if rung == "identity" else rung for rung in LADDER}


@dataclass(frozen=True, slots=True)
class Bench:
    """A finished bench: its JSON, what people read, and where it kept its adapter."""

    result: dict[str, Any]
    shown: str
    out: Path


def benched(folder: Path, *words: object) -> Bench:
    out, told = folder.parent / "adapter", folder.parent / "result.json"
    done = run("bench", folder, "--out", out, "--json", told, *words)
    assert done.exit_code == 0, done.stderr
    return Bench(json.loads(told.read_bytes()), " ".join(done.stdout.split()), out)


@pytest.fixture(scope="module")
def carved(privacy_key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """The set without dev, benched once."""
    folder = slang_set(tmp_path_factory.mktemp("bench") / "slang")
    with pytest.MonkeyPatch.context() as patch:
        settle_in(patch, privacy_key_file, tmp_path_factory.mktemp("cache"))
        return benched(folder)


# The JSON


def test_the_json_has_the_documented_keys(carved: Bench) -> None:
    assert set(carved.result) == {
        "dataset",
        "split",
        "seed",
        "encoder",
        "chosen",
        "because",
        "composition",
        "results",
        "gains",
        "tuned",
        "leaking_pairs_dropped",
        "seen_queries",
        "data_fingerprint",
        "cpu_seconds",
        "settings",
    }
    assert (carved.result["dataset"], carved.result["seed"], carved.result["encoder"]) == ("slang", 0, "words@1")
    assert carved.result["settings"]["encoder"] == "local"
    assert carved.result["cpu_seconds"] > 0


def test_every_rung_is_scored_on_all_warm_and_cold_documents(carved: Bench) -> None:
    assert set(carved.result["results"]) == set(carved.result["gains"]) == set(carved.result["tuned"]) == RUNGS
    for cells in carved.result["results"].values():
        assert set(cells) == {"all", "warm", "cold"}
        assert {*METRICS, "queries", "groups"} <= set(cells["all"])


def test_a_fifth_of_the_training_queries_is_carved_out_as_dev(carved: Bench) -> None:
    assert carved.result["split"] == "dev (carved from train)"
    assert carved.result["results"]["frozen"]["all"]["queries"] == pytest.approx(84 / 5, abs=2)


def test_a_cell_under_fifty_queries_is_null_and_says_so(carved: Bench) -> None:
    """Some 17 queries are reported, so neither cell can have 50."""
    for rung in RUNGS:
        assert carved.result["results"][rung]["warm"] is carved.result["results"][rung]["cold"] is None
        assert carved.result["gains"][rung]["warm"] is carved.result["gains"][rung]["cold"] is None
    assert "warm too small, cold too small" in carved.shown


def test_gains_are_paired_differences_to_frozen(carved: Bench) -> None:
    results, gains = carved.result["results"], carved.result["gains"]

    assert gains["frozen"]["all"] == {"recall@3": [0, 0, 0], "ndcg@10": [0, 0, 0]}
    for rung in RUNGS:
        mean, low, high = gains[rung]["all"]["ndcg@10"]
        assert low <= mean <= high
        assert mean == pytest.approx(results[rung]["all"]["ndcg@10"] - results["frozen"]["all"]["ndcg@10"])


def test_what_the_slang_means_can_be_learnt(carved: Bench) -> None:
    assert carved.result["chosen"] in RUNGS - {"frozen"}
    assert carved.result["gains"][carved.result["chosen"]]["all"]["ndcg@10"][0] > 0.05
    assert f"Chosen: {carved.result['chosen']}." in carved.shown


def test_the_chosen_adapter_is_kept_and_can_be_loaded(carved: Bench) -> None:
    adapter = load_artifact(carved.out, encoder_id="words@1")

    assert adapter.rung == carved.result["chosen"]
    assert adapter.adapt_queries(WordsEncoder().encode(["zorbil amber"])).shape == (1, WordsEncoder.dimension)
    report = read_manifest(carved.out)["report"]
    assert report["results"][adapter.rung] == carved.result["results"][adapter.rung]
    assert (report["dataset"], report["split"]) == ("slang", "dev (carved from train)")


# Other splits


def test_a_given_dev_split_is_reported_and_not_trained_on(tmp_path: Path) -> None:
    result = benched(slang_set(tmp_path / "slang", has_dev=True)).result

    assert result["split"] == "dev"
    assert result["results"]["frozen"]["all"]["queries"] == 14
    assert result["leaking_pairs_dropped"] == 0


def test_a_set_where_nothing_can_be_gained_is_told_to_keep_the_frozen_encoder(tmp_path: Path) -> None:
    bench = benched(solved_set(tmp_path / "solved"))

    assert bench.result["chosen"] == "frozen"
    assert bench.result["results"]["frozen"]["all"]["ndcg@10"] == pytest.approx(1)
    assert "Keep the frozen encoder: no adapter was better by more than one standard error." in bench.shown
    assert load_artifact(bench.out).rung == "identity"


def test_the_real_local_encoder_benches_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mangaassist.commands.bench.load_encoder", lambda _name: LocalEncoder())

    result = benched(slang_set(tmp_path / "slang")).result

    assert result["encoder"].startswith("use-multilingual-v3@")
    assert set(result["results"]) == RUNGS


# Reading the test split is recorded


def checkout(folder: Path, *, has_benchmarks: bool) -> str:
    """A git repository with one commit; the commit's name."""
    folder.mkdir()
    if has_benchmarks:
        (folder / "benchmarks").mkdir()
    (folder / "README.md").write_text("a shop's search\n")
    author = ["-c", "user.name=mina", "-c", "user.email=mina@example.org", "-c", "init.defaultBranch=main"]
    for words in (["init", "--quiet"], ["add", "README.md"], ["commit", "--quiet", "-m", "begin"]):
        subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True)
    said = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, check=True, capture_output=True, text=True)
    return said.stdout.strip()


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_final_run_reports_test_and_records_commit_time_and_a_line_in_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = checkout(tmp_path / "repo", has_benchmarks=True)
    monkeypatch.chdir(tmp_path / "repo")

    result = benched(slang_set(tmp_path / "slang", has_dev=True), "--final").result

    assert (result["split"], result["commit"]) == ("test", commit)
    assert result["results"]["frozen"]["all"]["queries"] == 28
    (line,) = (tmp_path / "repo" / "benchmarks" / "test_reads.jsonl").read_text().splitlines()
    read = json.loads(line)
    assert set(read) == {"time", "commit", "dataset", "split", "settings", "chosen", "ndcg@10"}
    assert (read["commit"], read["time"], read["dataset"]) == (commit, result["time"], "slang")
    assert read["ndcg@10"]["frozen"] == result["results"]["frozen"]["all"]["ndcg@10"]


@pytest.fixture
def instant_bench(carved: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `--final` records does not depend on how the numbers came about."""
    known = {**carved.result, "split": "test"}
    monkeypatch.setattr("mangaassist.commands.bench.run_bench", lambda *_, **__: (dict(known), None))


@pytest.mark.usefixtures("instant_bench")
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_every_final_run_adds_a_line_and_uncommitted_changes_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = checkout(tmp_path / "repo", has_benchmarks=True)
    monkeypatch.chdir(tmp_path / "repo" / "benchmarks")
    folder = slang_set(tmp_path / "slang")

    for _ in range(2):
        assert run("bench", folder, "--final").exit_code == 0

    lines = (tmp_path / "repo" / "benchmarks" / "test_reads.jsonl").read_text().splitlines()
    assert [json.loads(line)["commit"] for line in lines] == [commit, f"{commit} with uncommitted changes"]


@pytest.mark.usefixtures("instant_bench")
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_a_checkout_without_a_benchmarks_folder_gets_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = checkout(tmp_path / "repo", has_benchmarks=False)
    monkeypatch.chdir(tmp_path / "repo")

    done = run("bench", slang_set(tmp_path / "slang"), "--final", "--json", "-")

    assert json.loads(done.stdout)["commit"] == commit
    assert not (tmp_path / "repo" / "benchmarks").exists()


@pytest.mark.usefixtures("instant_bench")
def test_outside_a_checkout_the_commit_is_null(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    result = json.loads(run("bench", slang_set(tmp_path / "slang"), "--final", "--json", "-").stdout)

    assert result["commit"] is None
    assert result["time"].endswith("+00:00")


@pytest.mark.usefixtures("instant_bench")
def test_without_final_nothing_is_recorded(tmp_path: Path) -> None:
    result = json.loads(run("bench", slang_set(tmp_path / "slang"), "--json", "-").stdout)

    assert not {"commit", "time"} & set(result)


# What cannot be benched


def test_a_folder_that_is_no_set_is_named(tmp_path: Path) -> None:
    assert refused("bench", tmp_path).startswith(f"DataError: {tmp_path}: neither corpus.jsonl nor catalog.jsonl")


def test_a_set_without_train_judgements_says_where_they_belong(tmp_path: Path) -> None:
    folder = slang_set(tmp_path / "slang")
    (folder / "qrels" / "train.tsv").unlink()

    assert "slang has no train judgements; put them in qrels/train.tsv" in refused("bench", folder)


def test_a_final_run_without_test_judgements_says_so(tmp_path: Path) -> None:
    folder = slang_set(tmp_path / "slang")
    (folder / "qrels" / "test.tsv").unlink()

    assert "has no test judgements (qrels/test.tsv); leave --final out" in refused("bench", folder, "--final")


def test_an_unknown_encoder_is_an_error_that_names_those_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = slang_set(tmp_path / "slang")
    monkeypatch.setattr("mangaassist.commands.bench.load_encoder", load_encoder)

    said = refused("bench", folder, "--encoder", "nonsense")

    assert said.startswith("EncoderError: there is no encoder 'nonsense'; choose one of: local")


# The cache


def test_vectors_are_cached_in_the_workspace_or_else_in_the_user_s_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.create(tmp_path / "shop")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    assert cache_directory(workspace.root) == workspace.vectors
    assert cache_directory(tmp_path) == tmp_path / "cache" / "mangaassist" / "vectors"

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_directory(tmp_path) == tmp_path / "home" / ".cache" / "mangaassist" / "vectors"
