"""The command line as a whole: the same options everywhere, the stages in order, honest exit codes."""

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from mangaassist.cli import app

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(*words: str, cwd: Path) -> Done:
    """The command in this process, as if typed in `cwd`."""
    environment = {"MANGAASSIST_PRIVACY_KEY_FILE": str(cwd.parent / f"{cwd.name}.key"), "COLUMNS": "200"}
    with contextlib.chdir(cwd):
        done = CliRunner().invoke(app, list(words), env=environment)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return Done(done.exit_code, done.stdout, done.stderr)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_takes_workspace_and_json(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}

    assert {"--workspace", "--json"} <= options


def test_a_new_workspace_takes_files_in_and_sets_bad_rows_aside(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    exports.mkdir()
    good = {"title_id": "berserk", "title": "Berserk", "description": "A lone swordsman is hunted by demons."}
    (exports / "catalogue.jsonl").write_text(json.dumps(good) + "\n" + json.dumps({"title": "no id"}) + "\n")

    assert run("init", "--workspace", "shop", cwd=tmp_path).returncode == 0
    done = run("ingest", "exports", "--workspace", "shop", cwd=tmp_path)
    again = run("ingest", "exports", "--workspace", "shop", "--json", "-", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "catalogue.jsonl, line 2, title_id" in done.stdout
    (report,) = json.loads(again.stdout)["files"]
    assert report["already_ingested"]
    assert (report["accepted"], report["quarantined"]) == (1, 1)


def test_embed_encodes_each_document_once(tmp_path: Path) -> None:
    (tmp_path / "titles.jsonl").write_text(json.dumps({"title_id": "a", "title": "Aria"}) + "\n")
    run("init", cwd=tmp_path)
    run("ingest", "titles.jsonl", "--kind", "titles", cwd=tmp_path)

    counts = [json.loads(run("embed", "--json", "-", cwd=tmp_path).stdout)["encoded_now"] for _ in range(2)]

    assert counts == [1, 0]


@pytest.mark.parametrize(
    ("command", "remedy"),
    [
        ("pairs", "ingest a search log"),
        ("train", "mangaassist pairs"),
        ("evaluate", "mangaassist train"),
        ("gate", "mangaassist evaluate"),
        ("embed", "mangaassist ingest"),
    ],
)
def test_a_stage_without_the_one_before_says_which_command_to_run(command: str, remedy: str, tmp_path: Path) -> None:
    run("init", cwd=tmp_path)

    done = run(command, cwd=tmp_path)

    assert done.returncode == 1
    assert remedy in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr


def test_without_a_workspace_the_error_names_init(tmp_path: Path) -> None:
    done = run("pairs", cwd=tmp_path)

    assert done.returncode == 1
    assert "mangaassist init" in done.stderr


def test_going_past_the_gate_needs_a_name(tmp_path: Path) -> None:
    run("init", cwd=tmp_path)

    assert run("promote", "--override", "because", cwd=tmp_path).returncode == 2


def test_a_misspelt_setting_is_an_error_that_names_file_and_key(tmp_path: Path) -> None:
    run("init", cwd=tmp_path)
    (tmp_path / "mangaassist.toml").write_text("[gate]\nrecall_at_3_flor = 0.5\n")

    done = run("embed", cwd=tmp_path)

    assert done.returncode == 1
    assert "recall_at_3_flor" in done.stderr
    assert "mangaassist.toml" in done.stderr
