"""`mangaassist bench` end to end on a small set, with the real encoder."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_set import write_tiny_set

from mangaassist.adapter import load_artifact

COMMAND = [sys.executable, "-c", "from mangaassist.cli import main; main()"]


def run(*words: str, cwd: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "COLUMNS": "200"}
    return subprocess.run([*COMMAND, *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def benched(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> tuple[dict[str, Any], str, Path]:
    """(JSON, standard output, kept artefact) of a bench with dev carved out of train."""
    folder = tmp_path_factory.mktemp("bench")
    write_tiny_set(folder / "dishes")
    done = run("bench", "dishes", "--json", "out.json", "--out", "kept", cwd=folder, cache=cache)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "out.json").read_text()), done.stdout, folder / "kept"


def test_the_json_has_the_promised_keys(benched: tuple[dict[str, Any], str, Path]) -> None:
    result = benched[0]

    assert {"dataset", "split", "seed", "encoder", "chosen", "results", "cpu_seconds"} <= set(result)
    assert set(result["results"]) == {"frozen", "centring", "ridge", "lowrank", "linear", "residual", "mlp"}
    assert result["chosen"] in result["results"]
    for cells in result["results"].values():
        assert set(cells) == {"all", "warm", "cold"}
        assert {"recall@3", "success@3", "ndcg@10", "bad_top1_rate", "queries", "groups"} <= set(cells["all"])


def test_a_cell_that_is_too_small_is_null(benched: tuple[dict[str, Any], str, Path]) -> None:
    assert benched[0]["results"]["frozen"]["warm"] is None


def test_dev_is_carved_from_train_by_whole_groups_where_there_is_none(
    benched: tuple[dict[str, Any], str, Path],
) -> None:
    result = benched[0]

    assert result["split"] == "dev (carved from train)"
    everything = result["results"]["frozen"]["all"]
    assert everything["queries"] % 2 == 0  # both queries of a dish stand on one side
    assert everything["groups"] <= everything["queries"] / 2


def test_the_table_says_what_was_chosen_and_why(benched: tuple[dict[str, Any], str, Path]) -> None:
    result, printed, _ = benched

    assert (
        "Keep the frozen encoder" in printed
        if result["chosen"] == "frozen"
        else f"Chosen: {result['chosen']}" in printed
    )


def test_the_kept_artefact_loads_for_its_encoder(benched: tuple[dict[str, Any], str, Path]) -> None:
    result, _, kept = benched

    adapter = load_artifact(kept, encoder_id=result["encoder"])

    assert adapter.rung == ("identity" if result["chosen"] == "frozen" else result["chosen"])


def test_json_to_standard_output_is_json_alone_and_equal_seeds_give_equal_results(
    benched: tuple[dict[str, Any], str, Path], tmp_path: Path, cache: Path
) -> None:
    write_tiny_set(tmp_path / "dishes")

    done = run("bench", "dishes", "--json", "-", cwd=tmp_path, cache=cache)

    again = json.loads(done.stdout)
    assert again["results"] == benched[0]["results"]
    assert again["data_fingerprint"] == benched[0]["data_fingerprint"]


@pytest.mark.slow
def test_a_final_run_reports_test_and_leaves_a_record_inside_a_checkout(tmp_path: Path, cache: Path) -> None:
    write_tiny_set(tmp_path / "dishes", splits=("train", "dev", "test"))
    (tmp_path / "benchmarks").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *author, "commit", "-q", "--allow-empty", "-m", "begin"], cwd=tmp_path, check=True)

    done = run("bench", "dishes", "--final", "--json", "-", cwd=tmp_path, cache=cache)

    result = json.loads(done.stdout)
    record = json.loads((tmp_path / "benchmarks" / "test_reads.jsonl").read_text())
    assert result["split"] == record["split"] == "test"
    assert record["commit"].startswith(result["commit"][:40])
    assert {"time", "settings", "chosen", "ndcg@10"} <= set(record)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("bench", "nowhere"), "nowhere"),
        (("bench", "dishes", "--encoder", "word2vec"), "choose one of: local"),
        (("bench", "dishes", "--qrels", "absent"), "absent"),
        (("bench", "dishes", "--final"), "leave --final out"),
    ],
)
def test_errors_are_one_clear_line_and_exit_code_one(
    words: tuple[str, ...], says: str, tmp_path: Path, cache: Path
) -> None:
    write_tiny_set(tmp_path / "dishes", splits=("train",))

    done = run(*words, cwd=tmp_path, cache=cache)

    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_option_is_a_usage_error(tmp_path: Path, cache: Path) -> None:
    assert run("bench", "--colour", cwd=tmp_path, cache=cache).returncode == 2
