import errno
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mangaassist.core.errors import BackupError, WorkspaceError, WorkspaceLocked
from mangaassist.core.files import sha256_of, write_atomic
from mangaassist.data import Workspace, all_entries, back_up, check_backup, ingest, titles

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
BERSERK = [{"title_id": "m2", "title": "Berserk"}]


@pytest.fixture
def shop(workspace: Workspace, write_jsonl: Callable[..., Path]) -> Workspace:
    """A workspace with something in every folder."""
    ingest(workspace, "titles", write_jsonl("catalogue.jsonl", [{"title_id": "m1", "title": "Monster"}, {}]))
    (workspace.root / "mangaassist.toml").write_text('encoder = "local"\n')
    (workspace.pairs / "synthetic.jsonl").write_text('{"id": "s1", "status": "accepted"}\n')
    (workspace.runs / "candidate" / "ridge").mkdir(parents=True)
    (workspace.runs / "candidate" / "ridge" / "config.json").write_text("{}")
    (workspace.releases / "embed-adapter-v01").mkdir()
    (workspace.releases / "embed-adapter-v01" / "config.json").write_text("{}")
    (workspace.releases / "embed-adapter-v01" / "config.json").chmod(0o444)
    (workspace.logs / "retrieval_eval.jsonl").write_text("{}\n")
    with closing(sqlite3.connect(workspace.vectors / "local.sqlite")) as cache:
        cache.execute("PRAGMA journal_mode=WAL")
        cache.execute("CREATE TABLE vectors (key BLOB PRIMARY KEY)")
    return workspace


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "monday"


def content(root: Path) -> dict[str, bytes]:
    """Every file by name but the databases, whose bytes SQLite may arrange anew, and what speaks of the copy."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.suffix != ".sqlite" and path.name not in ("backup.json", "workspace.lock")
    }


def test_a_backup_is_the_workspace_file_by_file(shop: Workspace, target: Path) -> None:
    made = back_up(shop.root, target, at=NOON)

    assert content(target) == content(shop.root)
    copy = Workspace.open(target)
    assert titles(copy) == titles(shop)
    assert all_entries(copy.engine) == all_entries(shop.engine)
    assert (made.made_at, made.workspace_format, made.with_vectors) == ("2026-11-03T12:00:00+00:00", 3, True)
    assert (target / "vectors" / "local.sqlite").is_file()
    assert not (target / "releases" / "embed-adapter-v01" / "config.json").stat().st_mode & 0o222


def test_the_list_holds_the_digest_of_every_file(shop: Workspace, target: Path) -> None:
    made = back_up(shop.root, target, at=NOON)

    listed = json.loads((target / "backup.json").read_bytes())
    assert listed["files"] == made.files
    assert listed["files"] == {
        path.relative_to(target).as_posix(): sha256_of(path)
        for path in target.rglob("*")
        if path.is_file() and path.name != "backup.json"
    }


def test_a_copy_can_be_written_to_like_any_workspace(
    shop: Workspace, target: Path, write_jsonl: Callable[..., Path]
) -> None:
    back_up(shop.root, target, at=NOON)

    ingest(Workspace.open(target), "titles", write_jsonl("more.jsonl", BERSERK))

    assert len(titles(Workspace.open(target))) == 2
    assert len(titles(shop)) == 1


def test_vectors_can_be_left_out_because_they_can_be_encoded_again(shop: Workspace, target: Path) -> None:
    made = back_up(shop.root, target, at=NOON, with_vectors=False)

    assert not made.with_vectors
    assert list((target / "vectors").iterdir()) == []
    check_backup(target)


def test_indexes_are_left_out_because_they_can_be_made_again(shop: Workspace, target: Path) -> None:
    (shop.index / "embed-adapter-v00").mkdir()
    (shop.index / "embed-adapter-v00" / "CURRENT").write_text("build-000001")

    back_up(shop.root, target, at=NOON)

    assert list((target / "index").iterdir()) == []


def test_a_row_that_another_process_has_just_written_to_a_database_is_in_the_copy(
    shop: Workspace, target: Path
) -> None:
    """`embed` writes vectors without the workspace's lock; the newest rows lie in a file beside the database."""
    with closing(sqlite3.connect(shop.vectors / "local.sqlite")) as writer:
        writer.execute("INSERT INTO vectors VALUES (x'01')")
        writer.commit()
        assert (shop.vectors / "local.sqlite-wal").stat().st_size > 0

        back_up(shop.root, target, at=NOON)

    assert [path.name for path in (target / "vectors").iterdir()] == ["local.sqlite"]
    with closing(sqlite3.connect(target / "vectors" / "local.sqlite")) as copy:
        assert copy.execute("SELECT key FROM vectors").fetchall() == [(b"\x01",)]


def test_what_is_not_the_workspaces_and_what_a_kill_left_is_not_copied(shop: Workspace, target: Path) -> None:
    (shop.root / "exports").mkdir()
    (shop.root / "exports" / "events.jsonl").write_text("{}")
    (shop.runs / ".report.json.x1.tmp").write_text("half")
    (shop.root / "tables" / "titles" / "unknown.parquet").write_text("half")
    shop.scratch.mkdir()

    made = back_up(shop.root, target, at=NOON)

    assert not [name for name in made.files if "exports" in name or ".tmp" in name or "unknown" in name]
    assert not (target / ".scratch").exists()


def test_a_workspace_of_an_older_format_can_be_backed_up_before_it_is_migrated(shop: Workspace, target: Path) -> None:
    with closing(sqlite3.connect(shop.root / "workspace.sqlite")) as database:
        for column in ("deleted_at", "deleted_why", "erased", "erased_at", "erased_why"):
            database.execute(f"ALTER TABLE ingested_files DROP COLUMN {column}")
    (shop.root / "workspace.json").write_text('{"format": "mangaassist-workspace", "format_version": 1}')

    assert back_up(shop.root, target, at=NOON).workspace_format == 1

    with pytest.raises(WorkspaceError, match=f"mangaassist migrate --workspace {target}"):
        Workspace.open(target)


def test_an_empty_directory_may_be_the_target(shop: Workspace, target: Path) -> None:
    target.mkdir(parents=True)

    back_up(shop.root, target, at=NOON)

    check_backup(target)


@pytest.mark.parametrize("what", ["file", "full", "backup", "link"])
def test_what_is_at_the_target_already_is_left_alone(shop: Workspace, target: Path, what: str) -> None:
    target.parent.mkdir()
    if what == "file":
        target.write_text("mine")
    elif what == "link":
        target.symlink_to("nowhere")
    elif what == "full":
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    else:
        back_up(shop.root, target, at=NOON)
    before = content(target.parent)

    with pytest.raises(BackupError, match="is there already and not an empty directory; choose a new name"):
        back_up(shop.root, target, at=NOON)

    assert content(target.parent) == before


@pytest.mark.parametrize("inside", [".", "backups/monday"])
def test_a_backup_inside_the_workspace_is_refused(shop: Workspace, inside: str) -> None:
    with pytest.raises(BackupError, match="lies in the workspace, and would be lost with it"):
        back_up(shop.root, shop.root / inside, at=NOON)


def test_nothing_is_copied_while_another_writes(shop: Workspace, target: Path) -> None:
    with shop.lock(), pytest.raises(WorkspaceLocked):
        back_up(shop.root, target, at=NOON)

    assert not target.parent.exists()


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from mangaassist.data import back_up, backup
target, name, calls = backup if sys.argv[3] != "rename" else os, sys.argv[3], 0
real = getattr(target, name)
def fatal(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(sys.argv[4]):
        os.kill(os.getpid(), 9)
    return real(*args, **kwargs)
setattr(target, name, fatal)
back_up(Path(sys.argv[1]), Path(sys.argv[2]), at=datetime(2026, 1, 1, tzinfo=UTC))
"""


@pytest.mark.parametrize("place", [("_copy", "4"), ("_copy_database", "2"), ("write_atomic", "1"), ("rename", "1")])
def test_a_kill_leaves_nothing_under_the_final_name_and_the_next_backup_is_whole(
    shop: Workspace, target: Path, place: tuple[str, str]
) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(shop.root), str(target), *place], env=os.environ, check=False
    )

    assert killed.returncode == -9
    assert [path.name for path in target.parent.iterdir()] == [".monday.unfinished"]

    back_up(shop.root, target, at=NOON)

    check_backup(target)
    assert [path.name for path in target.parent.iterdir()] == ["monday"]


def test_a_full_disk_leaves_nothing_behind_and_says_where(
    shop: Workspace, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("mangaassist.data.backup._copy", full)

    with pytest.raises(WorkspaceError, match=f"{target.parent}: cannot be written .* free some space"):
        back_up(shop.root, target, at=NOON)

    assert list(target.parent.iterdir()) == []


def test_a_damaged_database_is_no_backup(shop: Workspace, target: Path) -> None:
    (shop.vectors / "local.sqlite").write_bytes(b"no database at all" * 100)

    with pytest.raises(BackupError, match=r"local\.sqlite: is damaged \(file is not a database\)"):
        back_up(shop.root, target, at=NOON)

    assert list(target.parent.iterdir()) == []


def test_bytes_that_the_disk_lost_are_found_before_the_copy_gets_its_name(
    shop: Workspace, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def losing(path: Path, listed: bytes) -> None:
        write_atomic(path, listed)
        os.truncate(path.parent / "pairs" / "synthetic.jsonl", 3)

    monkeypatch.setattr("mangaassist.data.backup.write_atomic", losing)

    with pytest.raises(BackupError, match=r"pairs/synthetic\.jsonl: was changed since"):
        back_up(shop.root, target, at=NOON)

    assert list(target.parent.iterdir()) == []


def test_a_changed_a_missing_and_an_added_file_are_found_and_named(shop: Workspace, target: Path) -> None:
    back_up(shop.root, target, at=NOON)
    check_backup(target)

    (target / "pairs" / "synthetic.jsonl").write_text('{"id": "s1", "status": "rejected"}\n')
    with pytest.raises(BackupError, match=r"synthetic\.jsonl: was changed since the backup was made"):
        check_backup(target)

    (target / "pairs" / "synthetic.jsonl").unlink()
    with pytest.raises(BackupError, match=r"synthetic\.jsonl: is missing from the backup"):
        check_backup(target)

    (target / "pairs" / "synthetic.jsonl").write_text('{"id": "s1", "status": "accepted"}\n')
    check_backup(target)
    (target / "logs" / "more.jsonl").touch()
    with pytest.raises(BackupError, match=r"more\.jsonl: was added after"):
        check_backup(target)


def test_to_have_looked_into_a_backup_is_not_to_have_changed_it(shop: Workspace, target: Path) -> None:
    back_up(shop.root, target, at=NOON)

    copy = Workspace.open(target)
    titles(copy)
    with copy.lock():
        pass

    check_backup(target)


@pytest.mark.parametrize("listed", ["", "{}", "[]", '{"format": "other"}'])
def test_a_list_that_is_damaged_is_named(shop: Workspace, target: Path, listed: str) -> None:
    back_up(shop.root, target, at=NOON)
    (target / "backup.json").write_text(listed)

    with pytest.raises(BackupError, match=r"backup\.json: is damaged"):
        check_backup(target)


def test_a_directory_that_is_no_backup_is_told(shop: Workspace) -> None:
    with pytest.raises(BackupError, match=r"holds no backup\.json, so it is no backup; check the name"):
        check_backup(shop.root)
