"""A workspace in, a whole, checked copy of it out; a copy in, whether it is still what was written out.

What is copied: `COPIED_FILES`, and every folder of a workspace; of these only what a killed writer left is not.
Vectors are derived, but the dearest of what is: a paid encoder charges for them again. So they are copied unless the
caller leaves them out. The copy is a workspace: to restore is to open it, or to copy it to where it shall lie.
"""

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from mangaassist.core.errors import BackupError
from mangaassist.core.files import canonical_json, sha256_of, sync_directory, write_atomic
from mangaassist.core.types import Progress, no_progress
from mangaassist.data.erasures import ERASURES, UNFINISHED
from mangaassist.data.leftovers import leftover_parts, unnamed_files
from mangaassist.data.workspace import DATABASE, FOLDERS, FORMAT_VERSION, LOCK, Workspace, format_version

COPIED_FILES: Final = (
    *("workspace.json", DATABASE, "mangaassist.toml", "lexicon.toml", "slang.toml", "keys.json", "demo.json"),
    *(ERASURES, UNFINISHED),
)
"""Of the directory itself, which may hold much that is not the workspace's."""

BACKUP_LIST: Final = "backup.json"
BACKUP_FORMAT: Final = "mangaassist-backup"
_AT_A_TIME: Final = 1 << 20
_BESIDE_SQLITE: Final = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup says of itself in `backup.json`: files is relative POSIX path → sha256."""

    format: str
    made_at: str
    made_from: str
    program_version: str
    workspace_format: int
    with_vectors: bool
    files: Mapping[str, str]


_BACKUP: Final = TypeAdapter(Backup)


def back_up(
    root: Path, target: Path, *, at: datetime, with_vectors: bool = True, progress: Progress = no_progress
) -> Backup:
    """The backup that was made of the workspace in `root` under the name `target`, read back and found equal.

    Holds the write lock. A workspace of an older format can be backed up too, before it is migrated. The copy gets its
    name when it is whole: a kill leaves `.NAME.unfinished` beside it, which the next backup of that name removes.
    Raises BackupError if something is at `target`, if it lies in the workspace, or if the copy differs.
    """
    workspace = Workspace(root.resolve())
    workspace_format, target = format_version(root), target.absolute()
    _check_target(workspace, target)
    unfinished = target.parent / f".{target.name}.unfinished"
    with workspace.lock(), workspace.writing(target.parent), _removed_on_failure(unfinished):
        unfinished.mkdir(parents=True)
        files = _copied(workspace, unfinished, with_vectors=with_vectors, progress=progress)
        made = Backup(
            format=BACKUP_FORMAT,
            made_at=at.astimezone(UTC).isoformat(timespec="seconds"),
            made_from=str(workspace.root),
            program_version=version("mangaassist"),
            workspace_format=workspace_format,
            with_vectors=with_vectors,
            files=files,
        )
        write_atomic(unfinished / BACKUP_LIST, canonical_json(_BACKUP.dump_python(made, mode="json")))
        _check_files(unfinished, made)
        os.rename(unfinished, target)
        sync_directory(target.parent)
    return made


def check_backup(folder: Path) -> Backup:
    """What the backup says of itself; raises BackupError naming the first file that is missing, added or changed."""
    try:
        made = _BACKUP.validate_json((folder / BACKUP_LIST).read_bytes())
    except FileNotFoundError:
        raise BackupError(f"{folder}: holds no {BACKUP_LIST}, so it is no backup; check the name") from None
    except ValidationError as error:
        raise BackupError(
            f"{folder / BACKUP_LIST}: is damaged ({error.error_count()} faults); use another backup"
        ) from None
    if made.format != BACKUP_FORMAT:
        raise BackupError(
            f"{folder / BACKUP_LIST}: is of format {made.format!r}, not {BACKUP_FORMAT!r}; use another backup"
        )
    _check_files(folder, made)
    return made


@contextmanager
def _removed_on_failure(unfinished: Path) -> Iterator[None]:
    """Clear away what a kill left under this name, and what a failure leaves: a full disk gets its room back."""
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        yield
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _check_target(workspace: Workspace, target: Path) -> None:
    if target.resolve().is_relative_to(workspace.root):
        raise BackupError(f"{target}: lies in the workspace, and would be lost with it; choose a directory outside")
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise BackupError(f"{target}: is there already and not an empty directory; choose a new name")


def _copied(workspace: Workspace, target: Path, *, with_vectors: bool, progress: Progress) -> dict[str, str]:
    """The sha256 of every file as it was read, by its path in the copy; directories are there though empty."""
    for folder in FOLDERS:
        (target / folder).mkdir()
    sources = list(_sources(workspace, with_vectors=with_vectors))
    digests = {}
    for count, path in enumerate(sources, start=1):
        name = path.relative_to(workspace.root).as_posix()
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        digests[name] = _copy_database(path, target / name) if path.suffix == ".sqlite" else _copy(path, target / name)
        progress("backing up", count, len(sources))
    for directory in (target, *(path for path in target.rglob("*") if path.is_dir())):
        sync_directory(directory)
    return digests


def _sources(workspace: Workspace, *, with_vectors: bool) -> Iterator[Path]:
    """Every file to copy, in an order that is the same each time."""
    left_out = set(unnamed_files(workspace))
    if format_version(workspace.root) == FORMAT_VERSION:
        left_out |= set(leftover_parts(workspace))
    yield from (path for name in COPIED_FILES if (path := workspace.root / name).is_file())
    for folder in FOLDERS:
        if folder == workspace.index.name or (folder == workspace.vectors.name and not with_vectors):
            continue
        for path in sorted((workspace.root / folder).rglob("*")):
            if path.is_file() and path not in left_out and not path.name.endswith(_BESIDE_SQLITE):
                yield path


def _copy(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while block := reading.read(_AT_A_TIME):
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    shutil.copymode(source, target)
    return digest.hexdigest()


def _copy_database(source: Path, target: Path) -> str:
    """A whole database, whoever writes to it meanwhile: SQLite's own backup."""
    with (
        _damage_told(source),
        closing(sqlite3.connect(f"{source.as_uri()}?mode=rw", uri=True)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode=DELETE")
        (told,) = writing.execute("PRAGMA quick_check(1)").fetchone()
    if told != "ok":
        raise BackupError(f"{source}: is damaged ({told}); restore it from an earlier backup")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return sha256_of(target)


@contextmanager
def _damage_told(source: Path) -> Iterator[None]:
    """Tell a database that is none from one that cannot be written, which is an OperationalError."""
    try:
        yield
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{source}: is damaged ({error}); restore it from an earlier backup") from error


def _check_files(folder: Path, made: Backup) -> None:
    """Hold every file to the list. A lock file may be there: the copy was opened as a workspace."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {BACKUP_LIST, LOCK}
    for name in sorted(found | made.files.keys()):
        if name not in found:
            raise BackupError(f"{folder / name}: is missing from the backup; use another one")
        if name not in made.files:
            raise BackupError(f"{folder / name}: was added after the backup was made; use another one, or look into it")
        if sha256_of(folder / name) != made.files[name]:
            raise BackupError(f"{folder / name}: was changed since the backup was made; use another one")
