"""A workspace as version 1 of the format left it, built of literals, with data in it."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from mangaassist.core.errors import WorkspaceError
from mangaassist.data import Title, Workspace, all_entries, ingest, ingested_files, migrate, titles
from mangaassist.data.kinds import KINDS
from mangaassist.data.migrations import MIGRATIONS
from mangaassist.data.workspace import FORMAT_VERSION

VERSION_1 = """
CREATE TABLE ingested_files (
    sequence INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    rows INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    repeated INTEGER NOT NULL,
    key_fingerprint VARCHAR NOT NULL,
    PRIMARY KEY (sequence),
    UNIQUE (kind, sha256)
);
INSERT INTO ingested_files VALUES (1, 'titles', 'aaa', 'catalogue.jsonl', 3, 2, 1, 0, '');
INSERT INTO ingested_files VALUES (2, 'titles', 'bbb', 'more.jsonl', 1, 1, 0, 1, '');
"""
FOLDERS = ("tables", "quarantine", "vectors", "pairs", "runs", "releases", "logs")
REFUSED = {"file": "catalogue.jsonl", "line": 3, "field": "title", "reason": "is missing", "remedy": "give one"}


@pytest.fixture
def old(tmp_path: Path) -> Path:
    root = tmp_path / "old"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    (root / "workspace.json").write_text('{\n  "format": "mangaassist-workspace",\n  "format_version": 1\n}\n')
    with closing(sqlite3.connect(root / "workspace.sqlite")) as database:
        database.executescript(VERSION_1)
    write_part(root, "aaa", Title(title_id="m1", title="Monster"), Title(title_id="m2", title="Berserk"))
    write_part(root, "bbb", Title(title_id="m1", title="Monster, volume 1"))
    pl.DataFrame([{**REFUSED, "raw": "{}"}]).write_parquet(root / "quarantine" / "titles-aaa.parquet")
    return root


def write_part(root: Path, sha256: str, *found: Title) -> None:
    kind = KINDS["titles"]
    rows = [{"line": line, **kind.flatten(title)} for line, title in enumerate(found, start=1)]
    path = root / "tables" / "titles" / f"{sha256}.parquet"
    path.parent.mkdir(exist_ok=True)
    pl.DataFrame(rows, schema={"line": pl.Int64(), **kind.columns}, orient="row").write_parquet(path)


def stored_version(root: Path) -> int:
    version: int = json.loads((root / "workspace.json").read_bytes())["format_version"]
    return version


def assert_whole(root: Path) -> None:
    workspace = Workspace.open(root)
    assert [title.title for title in titles(workspace)] == ["Monster, volume 1", "Berserk"]
    assert ingested_files(workspace) == [("titles", "aaa"), ("titles", "bbb")]
    assert [(each.file, each.rows, each.deleted_at) for each in all_entries(workspace.engine)] == [
        ("catalogue.jsonl", 3, None),
        ("more.jsonl", 1, None),
    ]


def test_there_is_a_step_from_every_older_version() -> None:
    assert sorted(MIGRATIONS) == list(range(1, FORMAT_VERSION))


def test_an_old_workspace_keeps_all_its_data(old: Path) -> None:
    assert migrate(old) == (1, FORMAT_VERSION)

    assert stored_version(old) == FORMAT_VERSION
    assert_whole(old)


def test_a_migrated_workspace_has_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    migrate(old)
    new = Workspace.create(tmp_path / "new")

    with (
        closing(sqlite3.connect(old / "workspace.sqlite")) as migrated,
        closing(sqlite3.connect(new.root / "workspace.sqlite")) as fresh,
    ):
        columns = [database.execute("PRAGMA table_info(ingested_files)").fetchall() for database in (migrated, fresh)]
    assert columns[0] == columns[1]


def test_before_it_is_migrated_an_old_workspace_is_not_opened(old: Path) -> None:
    with pytest.raises(WorkspaceError, match="has format version 1, this program works on 3; bring it up to date"):
        Workspace.open(old)


def test_migrating_twice_does_nothing_the_second_time(old: Path) -> None:
    migrate(old)
    before = (old / "workspace.sqlite").read_bytes()

    assert migrate(old) == (FORMAT_VERSION, FORMAT_VERSION)

    assert (old / "workspace.sqlite").read_bytes() == before


def test_what_was_taken_in_before_is_known_after(old: Path, tmp_path: Path) -> None:
    migrate(old)
    (tmp_path / "new.jsonl").write_text('{"title_id": "m3", "title": "Pluto"}')

    report = ingest(Workspace.open(old), "titles", tmp_path / "new.jsonl")

    assert (report.accepted, report.repeated) == (1, 0)
    assert len(titles(Workspace.open(old))) == 3


CHILD = """
import importlib, os, sys
from pathlib import Path
root, module, owner, name, fatal_call = sys.argv[1:]
target = importlib.import_module(module)
target = getattr(target, owner) if owner else target
real, calls = getattr(target, name), 0
def fatal(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(fatal_call):
        os.kill(os.getpid(), 9)
    return real(*args, **kwargs)
setattr(target, name, fatal)
from mangaassist.data import migrate
migrate(Path(root))
"""


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(("sqlalchemy.engine", "Connection", "exec_driver_sql", "4"), id="between-two-columns"),
        pytest.param(("mangaassist.data.migrations", "", "describe", "1"), id="after-the-database"),
        pytest.param(("os", "", "replace", "1"), id="before-the-version-has-its-name"),
    ],
)
def test_a_migration_killed_half_way_is_done_by_the_next_one(old: Path, fault: tuple[str, ...]) -> None:
    killed = subprocess.run([sys.executable, "-c", CHILD, str(old), *fault], env=os.environ, check=False)

    assert killed.returncode == -9
    assert stored_version(old) == 1
    with pytest.raises(WorkspaceError, match="mangaassist migrate"):
        Workspace.open(old)

    assert migrate(old) == (1, FORMAT_VERSION)
    assert_whole(old)


def test_a_failed_step_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_root: Path, _version: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("mangaassist.data.migrations.describe", full)
        with pytest.raises(WorkspaceError, match="free some space and run the command again"):
            migrate(old)

    assert stored_version(old) == 1
    migrate(old)
    assert_whole(old)


def test_a_workspace_without_its_database_is_not_migrated(old: Path) -> None:
    (old / "workspace.sqlite").unlink()

    with pytest.raises(WorkspaceError, match=r"workspace\.sqlite is missing; restore it"):
        migrate(old)


def test_what_a_newer_program_made_is_not_migrated(old: Path) -> None:
    (old / "workspace.json").write_text('{"format": "mangaassist-workspace", "format_version": 9}')

    with pytest.raises(WorkspaceError, match="a newer program made it"):
        migrate(old)
