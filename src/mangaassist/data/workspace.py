"""A directory in, one shop's workspace out: where its tables lie, its database, its write lock.

    workspace.json      the format and its version
    workspace.sqlite    the ledger of ingested files, and what later stages record
    tables/<kind>/      validated rows, one Parquet part per ingested file
    quarantine/         refused rows with the reason
    vectors/ pairs/ runs/ releases/ intents/ index/ logs/ experiments/ monitoring/
    feedback/           failed searches, and the needs behind them; derived, but for which need had which id
    keys.json           hashes of the API keys of the HTTP service, where there are any
    erasures.jsonl      what was erased, when and why; erasing.json while an erasure is under way

Tables, vectors, indexes, pairs and runs can be deleted and rebuilt from the shop's files, but for
`pairs/synthetic.jsonl`, which holds what reviewers decided. `mangaassist backup` copies all of it but the indexes.
"""

import errno
import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import duckdb
from polars.exceptions import ComputeError
from sqlalchemy import URL, Engine, NullPool, create_engine
from sqlalchemy.exc import DatabaseError

from mangaassist.core.errors import WorkspaceError, WorkspaceLocked
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import ledger

FORMAT: Final = "mangaassist-workspace"
FORMAT_VERSION: Final = 3
FOLDERS: Final = (
    *("tables", "quarantine", "vectors", "pairs", "runs", "releases", "intents", "index", "logs"),
    *("experiments", "monitoring", "feedback"),
)
DATABASE: Final = "workspace.sqlite"
LOCK: Final = "workspace.lock"
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def format_version(root: Path) -> int:
    """The format version of the workspace in this directory, at most the one that this program knows.

    Raises WorkspaceError if there is no workspace, or a damaged one, or one that a newer program made.
    """
    path = root / "workspace.json"
    try:
        content = json.loads(path.read_bytes())
        version = content["format_version"] if content["format"] == FORMAT else None
    except FileNotFoundError:
        raise WorkspaceError(f"{root}: is no workspace; make one: `mangaassist init --workspace {root}`") from None
    except OSError as error:
        raise WorkspaceError(f"{path}: cannot be read ({error.strerror}); check its permissions") from None
    except (ValueError, KeyError, TypeError):
        version = None
    if type(version) is not int or version < 1:
        raise WorkspaceError(f"{path}: is damaged; restore it from a backup")
    if version > FORMAT_VERSION:
        raise WorkspaceError(
            f"{root}: has format version {version}, this program knows none above {FORMAT_VERSION}; "
            "a newer program made it, so use that one, or upgrade this one"
        )
    return version


def describe(root: Path, version: int) -> None:
    """Write down, whole or not at all, that the directory is a workspace of this format version."""
    write_atomic(root / "workspace.json", canonical_json({"format": FORMAT, "format_version": version}))


class Workspace:
    """One shop's state. Made by `Workspace.create` or `Workspace.open`; holds its database engine between calls."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def create(cls, root: Path) -> Self:
        """A new, empty workspace in this directory, which may hold other files."""
        if (root / "workspace.json").exists():
            raise WorkspaceError(f"{root}: is a workspace already; open it, or choose another directory")
        workspace = cls(root.resolve())
        with workspace.writing():
            for folder in FOLDERS:
                (workspace.root / folder).mkdir(parents=True, exist_ok=True)
            ledger.create_tables(workspace.engine)
            describe(workspace.root, FORMAT_VERSION)
        return workspace

    @classmethod
    def open(cls, root: Path) -> Self:
        """The workspace in this directory. Raises WorkspaceError if there is none, or one of another format version."""
        version = format_version(root)
        if version != FORMAT_VERSION:
            old = f"{root}: has format version {version}, this program works on {FORMAT_VERSION}"
            raise WorkspaceError(f"{old}; bring it up to date: `mangaassist migrate --workspace {root}`")
        if not (root / DATABASE).exists():
            raise WorkspaceError(f"{root}: workspace.sqlite is missing; restore it from a backup")
        return cls(root.resolve())

    @cached_property
    def engine(self) -> Engine:
        """The database; every stage keeps its own tables in it."""
        url = URL.create("sqlite", database=str(self.root / DATABASE))
        return create_engine(url, poolclass=NullPool, connect_args={"timeout": 30})

    def part(self, kind: str, sha256: str) -> Path:
        """Where the accepted rows of one ingested file lie."""
        return self.root / "tables" / kind / f"{sha256}.parquet"

    def refused_part(self, kind: str, sha256: str) -> Path:
        """Where the refused rows of one ingested file lie."""
        return self.quarantine / f"{kind}-{sha256}.parquet"

    @property
    def quarantine(self) -> Path:
        """Refused rows."""
        return self.root / "quarantine"

    @property
    def vectors(self) -> Path:
        """Base vectors."""
        return self.root / "vectors"

    @property
    def pairs(self) -> Path:
        """Pairs and examples."""
        return self.root / "pairs"

    @property
    def runs(self) -> Path:
        """Runs and reports."""
        return self.root / "runs"

    @property
    def releases(self) -> Path:
        """Published releases."""
        return self.root / "releases"

    @property
    def intents(self) -> Path:
        """Versions of the intent classifier."""
        return self.root / "intents"

    @property
    def index(self) -> Path:
        """Indexes that serving searches, a folder per release."""
        return self.root / "index"

    @property
    def logs(self) -> Path:
        """Production logs."""
        return self.root / "logs"

    @property
    def experiments(self) -> Path:
        """A file per experiment on real traffic."""
        return self.root / "experiments"

    @property
    def scratch(self) -> Path:
        """Unfinished files of the process that holds the lock; emptied by the next one."""
        return self.root / ".scratch"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only writer. Raises WorkspaceLocked at once if another is; a killed writer's lock falls by itself."""
        with self.writing():
            handle = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with self.writing():
                self._take(handle)
            yield
        finally:
            os.close(handle)

    def _take(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 20).decode(errors="replace").strip() or "unknown"
            message = f"{self.root}: process {owner} is writing to this workspace; wait until it ends, or stop it"
            raise WorkspaceLocked(message) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)

    @contextmanager
    def writing(self, folder: Path | None = None) -> Iterator[None]:
        """Turn what goes wrong in writing (a full disk, a missing permission) into a WorkspaceError with a remedy.

        folder: where is written, if that is not the workspace.
        """
        where = folder or self.root
        try:
            yield
        except OSError as error:
            full = error.errno in FULL
            remedy = "free some space and run the command again" if full else "check the directory's permissions"
            raise WorkspaceError(f"{where}: cannot be written ({error.strerror or error}); {remedy}") from error
        except (DatabaseError, sqlite3.Error, duckdb.Error, ComputeError) as error:
            reason = str(getattr(error, "orig", error)).splitlines()[0]
            remedy = "check the disk's free space and the directory's permissions, then run the command again"
            raise WorkspaceError(f"{where}: cannot be written ({reason}); {remedy}") from error
