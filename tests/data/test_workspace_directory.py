import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect

from mangaassist.core.errors import WorkspaceError, WorkspaceLocked
from mangaassist.data import Workspace


def test_a_new_workspace_can_be_opened_and_says_its_format(tmp_path: Path) -> None:
    created = Workspace.create(tmp_path / "new" / "shop")

    opened = Workspace.open(tmp_path / "new" / "shop")

    assert opened.root == created.root
    content = json.loads((opened.root / "workspace.json").read_text())
    assert content == {"format": "mangaassist-workspace", "format_version": 3}
    assert all(path.is_dir() for path in (opened.vectors, opened.pairs, opened.runs, opened.releases, opened.logs))


def test_a_folder_with_other_files_can_become_a_workspace(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    Workspace.create(tmp_path)

    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_workspace_is_not_made_twice(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="workspace already"):
        Workspace.create(workspace.root)


def test_a_create_that_was_interrupted_can_be_done_again(workspace: Workspace) -> None:
    (workspace.root / "workspace.json").unlink()

    with pytest.raises(WorkspaceError, match="is no workspace"):
        Workspace.open(workspace.root)
    Workspace.create(workspace.root)
    Workspace.open(workspace.root)


def test_a_directory_that_is_no_workspace_names_the_command_that_makes_one(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    with pytest.raises(WorkspaceError, match="mangaassist init --workspace"):
        Workspace.open(tmp_path / "folder")


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": "mangaassist-workspace"}', "\0"])
def test_a_damaged_description_is_an_error(workspace: Workspace, content: str) -> None:
    (workspace.root / "workspace.json").write_text(content)

    with pytest.raises(WorkspaceError, match="damaged"):
        Workspace.open(workspace.root)


def set_version(workspace: Workspace, version: object) -> None:
    content = {"format": "mangaassist-workspace", "format_version": version}
    (workspace.root / "workspace.json").write_text(json.dumps(content))


@pytest.mark.parametrize("version", [0, -1, "1", None, True, 1.0])
def test_a_version_that_is_none_is_damage(workspace: Workspace, version: object) -> None:
    set_version(workspace, version)

    with pytest.raises(WorkspaceError, match="is damaged; restore it from a backup"):
        Workspace.open(workspace.root)


def test_a_newer_format_is_refused_with_what_this_program_knows(workspace: Workspace) -> None:
    set_version(workspace, 4)

    with pytest.raises(WorkspaceError, match="version 4, this program knows none above 3; a newer program made it"):
        Workspace.open(workspace.root)


def test_an_older_format_names_the_command_that_brings_it_up_to_date(workspace: Workspace) -> None:
    set_version(workspace, 1)

    with pytest.raises(WorkspaceError, match=f"`mangaassist migrate --workspace {workspace.root}`"):
        Workspace.open(workspace.root)


def test_a_workspace_without_its_database_is_refused(workspace: Workspace) -> None:
    (workspace.root / "workspace.sqlite").unlink()

    with pytest.raises(WorkspaceError, match=r"workspace\.sqlite is missing; restore it"):
        Workspace.open(workspace.root)


def test_a_second_writer_is_told_who_the_first_is(workspace: Workspace) -> None:
    other = Workspace.open(workspace.root)

    with (
        workspace.lock(),
        pytest.raises(WorkspaceLocked, match=f"process {os.getpid()} .*wait until it ends"),
        other.lock(),
    ):
        pass


def test_the_lock_falls_when_its_holder_ends_also_by_an_error(workspace: Workspace) -> None:
    with pytest.raises(ZeroDivisionError), workspace.lock():
        raise ZeroDivisionError

    with workspace.lock():
        pass


def test_the_lock_of_a_killed_process_falls_by_itself(workspace: Workspace) -> None:
    code = (
        "import os, sys; from pathlib import Path; from mangaassist.data.workspace import Workspace\n"
        "with Workspace.open(Path(sys.argv[1])).lock():\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(workspace.root)], check=False)

    assert killed.returncode == -9
    with workspace.lock():
        pass


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EDQUOT, "free some space"),
        (errno.EACCES, "check the directory's permissions"),
        (errno.EROFS, "check the directory's permissions"),
    ],
)
def test_a_full_disk_or_a_missing_permission_becomes_an_error_with_a_remedy(
    workspace: Workspace, number: int, remedy: str
) -> None:
    with pytest.raises(WorkspaceError, match=remedy), workspace.writing():
        raise OSError(number, os.strerror(number))


def test_a_database_that_is_none_becomes_an_error_with_a_remedy(workspace: Workspace) -> None:
    (workspace.root / "workspace.sqlite").write_bytes(b"no database at all" * 100)

    with pytest.raises(WorkspaceError, match="file is not a database"), workspace.writing():
        inspect(workspace.engine).get_table_names()


def test_a_workspace_cannot_be_made_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(WorkspaceError, match="cannot be written"):
        Workspace.create(tmp_path / "file" / "shop")
