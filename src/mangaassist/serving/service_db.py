"""A logs folder in, the service's own SQLite file open out: acknowledged events, and queries awaiting a click.

Several server processes on one workspace share the file. What it holds leaves it as log files; only the ids of events
stay, so that a repeated one is recognised.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from mangaassist.core.errors import ServiceError, WorkspaceError
from mangaassist.core.files import sync_directory

FILE: Final = "service.sqlite"
_PATIENCE_S: Final = 10.0
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, received REAL NOT NULL,
    query_id TEXT, action TEXT NOT NULL, object_id TEXT, line TEXT, batch INTEGER, looked_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS events_to_look_at ON events (seq) WHERE looked_at = 0;
CREATE INDEX IF NOT EXISTS events_to_export ON events (batch, seq) WHERE line IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_by_age ON events (received);
CREATE TABLE IF NOT EXISTS pending (
    query_id TEXT PRIMARY KEY, served REAL NOT NULL, hits TEXT NOT NULL, seen INTEGER NOT NULL, line TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS pending_by_age ON pending (served);
"""
_FULL: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


class NotStored(ServiceError):
    """Events could not be written so that they survive a power cut. is_full: for want of disk space."""

    def __init__(self, message: str, *, is_full: bool) -> None:
        super().__init__(message)
        self.is_full = is_full


def open_db(logs: Path, synchronous: Literal["FULL", "NORMAL"]) -> sqlite3.Connection:
    """A connection for one thread. FULL: a commit is on the disk when it returns; NORMAL: when the next one is."""
    path = logs / FILE
    try:
        logs.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.executescript(_SCHEMA)
        path.chmod(0o600)
        sync_directory(logs)
    except (OSError, sqlite3.Error) as error:
        reason = f"{path}: cannot be opened ({error})"
        raise WorkspaceError(f"{reason}; check the disk's free space and the folder's permissions") from error
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what is done inside, or nothing. Raises NotStored if the disk or another process does not let us."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
    except sqlite3.Error as error:
        is_full = getattr(error, "sqlite_errorcode", 0) & 0xFF in _FULL
        remedy = "free disk space" if is_full else "try again"
        raise NotStored(
            f"nothing of this call was stored ({error}); {remedy} and send it again", is_full=is_full
        ) from error
