"""A workspace in, its search log as two tables of an SQL connection out: for who reads more rows than memory holds."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from mangaassist.core.cores import own_cores
from mangaassist.core.errors import WorkspaceError
from mangaassist.data import ledger
from mangaassist.data.kinds import KINDS, Kind
from mangaassist.data.sql import SQL_TYPES, connection, identifier, scan
from mangaassist.data.tables import each_id_once, table_parts
from mangaassist.data.workspace import Workspace

LOG_MEMORY: Final = "2500MB"


@contextmanager
def log_tables(workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the views `queries` and `events`: each id once, as `ubi_queries` and `ubi_events` have it.

    In no order. What does not fit into `LOG_MEMORY` goes to a folder of its own in the temporary directory; raises
    WorkspaceError if there is no room.
    """
    with (
        tempfile.TemporaryDirectory(prefix="mangaassist-") as folder,
        connection(Path(folder), threads=own_cores(), memory_limit=LOG_MEMORY) as db,
    ):
        try:
            for name in ("queries", "events"):
                _add_view(db, workspace, KINDS[name])
            yield db
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise WorkspaceError(
                f"{workspace.root}: its log could not be read to the end ({reason}); a large log needs gigabytes of "
                f"temporary space: free some in {Path(folder).parent}, or name another folder in TMPDIR, and run the "
                "command again"
            ) from error


def _add_view(db: duckdb.DuckDBPyConnection, workspace: Workspace, kind: Kind) -> None:
    parts = table_parts(workspace, kind.name)
    columns = ", ".join(map(identifier, kind.columns))
    if not parts:
        empty = ", ".join(f"NULL::{SQL_TYPES[dtype]} AS {identifier(name)}" for name, dtype in kind.columns.items())
        db.execute(f"CREATE VIEW {kind.name} AS SELECT {empty} LIMIT 0")
    elif not any(entry.repeated for entry in ledger.entries(workspace.engine, kind.name)):
        db.execute(f"CREATE VIEW {kind.name} AS FROM {scan(parts)} SELECT {columns}")
    else:
        _choose_rows(db, kind, parts)
        db.execute(
            f"CREATE VIEW {kind.name} AS FROM {scan(parts)} SELECT {columns} WHERE {_hash(kind)} NOT IN "
            f"(FROM repeated_{kind.name}) UNION ALL FROM chosen_{kind.name}"
        )


def _choose_rows(db: duckdb.DuckDBPyConnection, kind: Kind, parts: list[Path]) -> None:
    """The ids that may occur twice, by their hashes, and the one row that counts of each."""
    db.execute(
        f"CREATE TEMP TABLE repeated_{kind.name} AS "
        f"FROM {scan(parts)} SELECT {_hash(kind)} AS hash GROUP BY hash HAVING count(*) > 1"
    )
    among = f"{_hash(kind)} IN (FROM repeated_{kind.name})"
    db.execute(f"CREATE TEMP TABLE chosen_{kind.name} AS {each_id_once(kind, parts, where=among)}")


def _hash(kind: Kind) -> str:
    return f"hash({', '.join(map(identifier, kind.key))})"
