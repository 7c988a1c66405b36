"""A kill or a fault anywhere in an export leaves neither table or both; running it again mends all."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from export_log import ga4

from mangaassist.data import Workspace, ingest_export, quarantined, ubi_events, ubi_queries
from mangaassist.data.ledger import entries

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
from mangaassist.data import Workspace, ingest_export
ingest_export(Workspace.open(Path(root)), "ga4", Path(path))
"""
SEARCHES = 100


def rows() -> list[dict[str, Any]]:
    """Searches of their own sessions with two impressions and a click each, the clicks first; every tenth is broken."""
    found = []
    for number in range(SEARCHES):
        who: dict[str, Any] = {"client": f"c{number}", "session": number + 1}
        found.append(ga4("select_item", 60, items=[("a", 0)], **who))
        term = None if number % 10 == 0 else f"query {number}"
        found.append(ga4("view_search_results", 0, term=term, items=[("a", 0), ("b", 1)], **who))
    return found


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "ga4.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    return path


def with_key(folder: Path, key: Path) -> Workspace:
    key.parent.mkdir(exist_ok=True)
    key.touch(mode=0o600)
    key.write_text("the same key for every run")
    return Workspace.create(folder / "shop")


@pytest.fixture(scope="module")
def undisturbed(export: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(folder / "privacy.key"))
        workspace = with_key(folder, folder / "privacy.key")
        ingest_export(workspace, "ga4", export)
    return state_of(workspace)


@pytest.fixture
def shop(tmp_path: Path, privacy_key: Path) -> Workspace:
    return with_key(tmp_path, privacy_key)


def state_of(workspace: Workspace) -> dict[str, object]:
    """Every file but the database's and the lock's bytes, and what the ledger says."""
    files: dict[str, object] = {
        str(path.relative_to(workspace.root)): path.read_bytes()
        for path in sorted(workspace.root.rglob("*"))
        if path.is_file() and path.name not in ("workspace.sqlite", "workspace.lock")
    }
    return {**files, "ledger": entries(workspace.engine)}


def heights(workspace: Workspace) -> tuple[int, int, int]:
    return ubi_queries(workspace).height, ubi_events(workspace).height, quarantined(workspace).height


NOTHING = (0, 0, 0)
ALL = (90, 280, 10)


@pytest.mark.parametrize(
    ("fault", "after"),
    [
        pytest.param(("mangaassist.data.exports", "ubi_rows", "50"), NOTHING, id="in-the-rows"),
        pytest.param(("mangaassist.data.exports", "link_events", "1"), NOTHING, id="before-the-linking"),
        pytest.param(("mangaassist.data.filing", "publish", "2"), NOTHING, id="after-the-refused"),
        pytest.param(("mangaassist.data.filing", "publish", "3"), NOTHING, id="between-queries-and-events"),
        pytest.param(("mangaassist.data.ledger", "record", "1"), NOTHING, id="before-the-ledger"),
        pytest.param(("mangaassist.data.ledger", "insert", "2"), NOTHING, id="between-the-ledgers-entries"),
        pytest.param(("mangaassist.data.ledger", "insert", "3"), NOTHING, id="before-the-ledgers-last-entry"),
        pytest.param(("mangaassist.data.exports", "_report", "1"), ALL, id="after-the-ledger"),
    ],
)
def test_a_kill_leaves_neither_table_or_both_and_the_next_run_ends_as_if_undisturbed(
    shop: Workspace, export: Path, undisturbed: dict[str, object], fault: tuple[str, str, str], after: tuple[int, ...]
) -> None:
    command = [sys.executable, "-c", CHILD, str(shop.root), str(export), *fault]
    killed = subprocess.run(command, env=os.environ, check=False, capture_output=True)

    assert killed.returncode == -9
    assert heights(shop) == after
    assert ingest_export(shop, "ga4", export).already_ingested == (after == ALL)
    assert heights(shop) == ALL
    assert state_of(shop) == undisturbed


def test_a_fault_between_the_two_tables_leaves_neither_and_another_file_is_taken_in_cleanly(
    shop: Workspace, export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mangaassist.data.ledger.record", broken)
        with pytest.raises(KeyboardInterrupt):
            ingest_export(shop, "ga4", export)
    assert heights(shop) == NOTHING
    assert len(list(shop.root.rglob("*.parquet"))) == 3

    (tmp_path / "other.jsonl").write_text(json.dumps(ga4("view_search_results", 0, term="x")))
    ingest_export(shop, "ga4", tmp_path / "other.jsonl")

    assert heights(shop) == (1, 0, 0)
    assert len(list(shop.root.rglob("*.parquet"))) == 1
