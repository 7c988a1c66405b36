"""Ids of queries and events in, the lines of the log files that they came from out."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from mangaassist.data import ledger
from mangaassist.data.kinds import KINDS, KindName
from mangaassist.data.sql import connection, identifier, scan, text
from mangaassist.data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class LogLine:
    """Where the row of an id stands: the line (from 1) of the ingested file."""

    id: str
    kind: KindName
    file: str
    sha256: str
    line: int


def log_lines(workspace: Workspace, ids: Iterable[str]) -> list[LogLine]:
    """Every line that gave a row with one of these ids, queries before events, in the order of ingest.

    An id whose file was deleted has none any more; neither has one that never stood in a log.
    """
    wanted = ", ".join(text(each) for each in sorted(set(ids)))
    if not wanted:
        return []
    with tempfile.TemporaryDirectory(prefix="mangaassist-") as folder, connection(Path(folder)) as db:
        return [*_of_kind(workspace, "queries", wanted, db), *_of_kind(workspace, "events", wanted, db)]


def _of_kind(workspace: Workspace, kind: KindName, wanted: str, db: duckdb.DuckDBPyConnection) -> Iterator[LogLine]:
    (key,) = map(identifier, KINDS[kind].key)
    for entry in ledger.entries(workspace.engine, kind):
        part = workspace.part(kind, entry.sha256)
        if part.exists():
            rows = db.execute(f"FROM {scan([part])} SELECT {key}, line WHERE {key} IN ({wanted}) ORDER BY line")
            yield from (LogLine(found, kind, entry.file, entry.sha256, line) for found, line in rows.fetchall())
