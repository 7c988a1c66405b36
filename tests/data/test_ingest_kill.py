"""A process really killed in the middle of an ingest leaves nothing or the whole file; running it again mends all."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mangaassist.data import Workspace, ingest, ubi_events
from mangaassist.data.ledger import entries

ROWS = 12_000
CHILD = """
import importlib, os, sys
from pathlib import Path
root, path, module, name, fatal_call = sys.argv[1:]
target = importlib.import_module(module)
real, calls = getattr(target, name), 0
def fatal(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(fatal_call):
        os.kill(os.getpid(), 9)
    return real(*args, **kwargs)
setattr(target, name, fatal)
from mangaassist.data import Workspace, ingest
def told(what, done, total):
    print(done, flush=True)
ingest(Workspace.open(Path(root)), "events", Path(path), progress=told)
"""
NEVER = ("mangaassist.data.filing", "publish", "99")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    rows = (
        {
            "action_name": "click",
            "timestamp": "2026-11-03T12:00:00Z",
            "event_id": f"e{number}",
            "event_attributes": {"position": {"ordinal": number % 4_000}},
        }
        for number in range(ROWS)
    )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture(scope="module")
def undisturbed(events: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(folder / "privacy.key"))
        (folder / "privacy.key").touch(mode=0o600)
        (folder / "privacy.key").write_text("the same key for every run")
        workspace = Workspace.create(folder / "shop")
        ingest(workspace, "events", events)
    return state_of(workspace)


def state_of(workspace: Workspace) -> dict[str, object]:
    """Every file but the database's and the lock's bytes, and what the ledger says."""
    files: dict[str, object] = {
        str(path.relative_to(workspace.root)): path.read_bytes()
        for path in sorted(workspace.root.rglob("*"))
        if path.is_file() and path.name not in ("workspace.sqlite", "workspace.lock")
    }
    return {**files, "ledger": entries(workspace.engine, "events")}


def child(workspace: Workspace, path: Path, fault: tuple[str, str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", CHILD, str(workspace.root), str(path), *fault]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ)


@pytest.fixture
def shop(tmp_path: Path, privacy_key: Path) -> Workspace:
    privacy_key.parent.mkdir()
    privacy_key.touch(mode=0o600)
    privacy_key.write_text("the same key for every run")
    return Workspace.create(tmp_path / "shop")


@pytest.mark.parametrize(
    ("fault", "rows_after"),
    [
        pytest.param(("mangaassist.data.ingest", "first_problem", "3"), 0, id="in-the-second-batch"),
        pytest.param(("mangaassist.data.filing", "publish", "2"), 0, id="between-the-renames"),
        pytest.param(("mangaassist.data.ledger", "record", "1"), 0, id="before-the-ledger"),
        pytest.param(("mangaassist.data.ingest", "_report", "1"), ROWS - 3, id="after-the-ledger"),
    ],
)
def test_a_kill_leaves_nothing_or_the_whole_file_and_the_next_run_ends_as_if_undisturbed(
    shop: Workspace, events: Path, undisturbed: dict[str, object], fault: tuple[str, str, str], rows_after: int
) -> None:
    killed = child(shop, events, fault)
    killed.communicate()

    assert killed.returncode == -9
    assert ubi_events(shop).height == rows_after
    report = ingest(shop, "events", events)
    assert report.already_ingested == (rows_after > 0)
    assert state_of(shop) == undisturbed


def test_a_kill_from_outside_at_any_moment_is_mended_by_the_next_run(
    shop: Workspace, events: Path, undisturbed: dict[str, object]
) -> None:
    running = child(shop, events, NEVER)
    assert running.stdout is not None
    first_told = running.stdout.readline()
    running.kill()
    running.communicate()

    assert first_told == b"10000\n"
    assert ubi_events(shop).height in (0, ROWS - 3)
    ingest(shop, "events", events)
    assert state_of(shop) == undisturbed


def test_leftovers_of_a_file_that_never_comes_again_are_removed_by_the_next_ingest(
    shop: Workspace, events: Path, tmp_path: Path
) -> None:
    killed = child(shop, events, ("mangaassist.data.ledger", "record", "1"))
    killed.communicate()
    assert len(list(shop.root.rglob("*.parquet"))) > 2
    (tmp_path / "titles.jsonl").write_text('{"title_id": "m1", "title": "Monster"}')

    ingest(shop, "titles", tmp_path / "titles.jsonl")

    assert [path.parent.name for path in shop.root.rglob("*.parquet")] == ["titles"]
    assert not shop.scratch.exists()


def test_an_undisturbed_ingest_says_nothing_but_its_progress(
    shop: Workspace, events: Path, undisturbed: dict[str, object]
) -> None:
    """The SQL engine's binding complains at exit when its results are handed over as Arrow streams: we do not."""
    out, complaints = child(shop, events, NEVER).communicate()

    assert (out, complaints) == (b"10000\n12000\n", b"")
    assert state_of(shop) == undisturbed
