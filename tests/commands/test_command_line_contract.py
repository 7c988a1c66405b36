"""What holds for every command: its options, its exit codes, its two streams, and how it says what went wrong."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
from command_line import refused, run

from mangaassist.cli import app
from mangaassist.data import Workspace

COMMANDS = (
    "init",
    "ingest",
    "embed",
    "pairs",
    "pairs propose",
    "pairs review",
    "train",
    "evaluate",
    "diagnose",
    "gate",
    "promote",
    "rollback",
    "releases",
    "export",
    "intents train",
    "intents evaluate",
    "intents show",
    "keys",
    "index",
    "search",
    "serve",
    "experiment start",
    "experiment stop",
    "experiment status",
    "experiment report",
    "monitor",
    "feedback bucket",
    "feedback cluster",
    "feedback propose",
    "feedback review",
    "feedback stats",
    "learn",
    "console",
    "forget",
    "backup",
    "migrate",
    "gc",
    "bench",
    "demo",
)
INTENTS = ("intents train", "intents evaluate", "intents show")
FEEDBACK = ("feedback bucket", "feedback cluster", "feedback propose", "feedback review", "feedback stats")
ON_A_WORKSPACE = (
    *("embed", "pairs", "train", "evaluate", "gate", "promote", "rollback", "releases", "migrate", "gc"),
    *("index", "serve", "monitor", "forget", "diagnose"),
    *INTENTS,
    *("experiment stop", "experiment status", "experiment report"),
    *FEEDBACK,
    "learn",
)


def options(command: str) -> dict[str, object]:
    """Every option of a command with its default."""
    found: Any = typer.main.get_command(app)
    for word in command.split():
        found = found.commands[word]
    return {option: each.default for each in found.params for option in each.opts}


def all_commands() -> list[str]:
    """Every command, those of a group with the group's name before them; a group may be a command itself."""
    top: Any = typer.main.get_command(app)
    found: list[str] = []
    for name, each in top.commands.items():
        below = getattr(each, "commands", {})
        found += [name] if not below or each.invoke_without_command else []
        found += [f"{name} {other}" for other in below]
    return found


def test_the_commands_stand_in_flow_order() -> None:
    assert [name for name in all_commands() if name in COMMANDS] == list(COMMANDS)


@pytest.mark.parametrize("command", all_commands())
def test_every_command_takes_workspace_and_json(command: str) -> None:
    found = options(command)

    assert found["--workspace"] == (Path(".demo") if command == "demo" else Path())
    assert found["--json"] is None


@pytest.mark.parametrize("command", all_commands())
def test_every_command_explains_itself(command: str) -> None:
    done = run(*command.split(), "--help")

    assert done.exit_code == 0
    assert "--workspace" in done.stdout
    assert "--json" in done.stdout


def test_help_names_every_command() -> None:
    done = run("--help")

    assert done.exit_code == 0
    assert all(command.split()[0] in done.stdout for command in COMMANDS)


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("ingest",),
        ("bench",),
        ("search",),
        ("search", "pirates", "--k", "0"),
        ("serve", "--port", "99999"),
        ("backup",),
        ("gc", "--keep", "-1"),
        ("gate", "--nonsense"),
        ("intents", "nonsense"),
        ("intents", "train", "--seed", "many"),
        ("train", "--seed", "many"),
        ("demo", "--scale", "0"),
        ("monitor", "--window", "0"),
        ("monitor", "--since", "yesterday"),
        ("promote", "--override", "because"),
        ("export", "--format", "onnx"),
        ("export", "--out", "somewhere"),
        ("experiment", "start"),
        ("experiment", "start", "nonsense"),
        ("experiment", "start", "shadow", "--share", "1.5"),
    ],
)
def test_wrong_usage_exits_2_and_prints_no_result(words: tuple[str, ...]) -> None:
    done = run(*words)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ON_A_WORKSPACE)
def test_outside_a_workspace_the_error_names_the_folder_and_the_remedy(command: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "no where"

    said = refused(*command.split(), "--workspace", nowhere)

    assert said == f"WorkspaceError: {nowhere}: is no workspace; make one: `mangaassist init --workspace {nowhere}`"


@pytest.mark.parametrize("command", ["ingest", "backup"])
def test_outside_a_workspace_a_command_with_a_path_is_refused_too(command: str, tmp_path: Path) -> None:
    assert "is no workspace" in refused(command, tmp_path / "path", "--workspace", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "command",
    ["pairs", "train", "evaluate", "gate", "promote", "rollback", "backup", "migrate", "gc", "intents train"],
)
def test_while_another_process_writes_the_error_says_which(command: str, shop: Workspace) -> None:
    with shop.lock():
        said = refused(*words_for(command, shop))

    assert said.startswith(f"WorkspaceLocked: {shop.root}: process ")
    assert said.endswith("is writing to this workspace; wait until it ends, or stop it")


@pytest.mark.parametrize("command", ["embed", "pairs", "train", "evaluate", "gate", "intents train"])
def test_a_misspelt_setting_stops_the_command(command: str, shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[gate]\nrecal_floor = 0.5\n")

    assert "mangaassist.toml (or a MANGAASSIST_ variable): gate: " in refused(
        *command.split(), "--workspace", shop.root
    )


def words_for(command: str, shop: Workspace) -> list[str]:
    """The command with what it needs besides the workspace."""
    needed = {
        "init": ["--workspace", f"{shop.root}-new"],
        "ingest": [str(shop.root / "files"), "--workspace", str(shop.root)],
        "backup": [f"{shop.root}-backup", "--workspace", str(shop.root)],
    }
    return [*command.split(), *needed.get(command, ["--workspace", str(shop.root)])]


HARMLESS = (
    "init",
    "ingest",
    "embed",
    "pairs",
    "train",
    "evaluate",
    "diagnose",
    "gate",
    "releases",
    "backup",
    "migrate",
    "gc",
)


@pytest.mark.parametrize("command", HARMLESS)
def test_json_to_standard_output_is_all_there_is_on_it(command: str, shop: Workspace) -> None:
    done = run(*words_for(command, shop), "--json", "-")

    assert done.exit_code == (10 if command == "gate" else 0)
    assert isinstance(json.loads(done.stdout), dict)
    assert done.stdout.endswith("}\n")


@pytest.mark.parametrize("command", HARMLESS)
def test_json_to_a_file_leaves_the_terminal_to_people(command: str, shop: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "results" / "out.json"

    done = run(*words_for(command, shop), "--json", path)

    assert isinstance(json.loads(path.read_bytes()), dict)
    assert done.stdout.strip()
    assert not done.stdout.startswith("{")


def test_a_json_file_that_cannot_be_written_is_named_with_a_remedy(shop: Workspace, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    said = refused("releases", "--workspace", shop.root, "--json", tmp_path / "file" / "out.json")

    assert said.startswith(f"OSError: {tmp_path / 'file'}")
    assert said.endswith("; check the path, its permissions and the disk's space")


def test_a_json_file_that_is_a_folder_is_named(shop: Workspace, tmp_path: Path) -> None:
    assert refused("releases", "--workspace", shop.root, "--json", tmp_path).startswith(f"OSError: {tmp_path}: ")


def test_the_workspace_is_the_present_folder_unless_another_is_named(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.root)

    assert json.loads(run("releases", "--json", "-").stdout)["live"] == "embed-adapter-v00"


@pytest.mark.parametrize(("command", "code"), [("releases", 0), ("train", 1)])
def test_the_console_script_ends_with_the_same_codes(command: str, code: int, shop: Workspace) -> None:
    """`train` fails for want of pairs; a real process, its real streams."""
    (shop.pairs / "pairs.parquet").unlink()
    main = "from mangaassist.cli import main; main()"
    words = [sys.executable, "-c", main, command, "--workspace", str(shop.root), "--json", "-"]

    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout)["live"] == "embed-adapter-v00" if code == 0 else not done.stdout
    if code == 1:
        assert done.stderr.startswith(f"error: DataError: {shop.root} has no pairs yet; make them")
