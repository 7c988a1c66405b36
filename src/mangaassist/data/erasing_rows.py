"""An erasure in; the log's rows that it is about out of the tables and the quarantine, and counted in the ledger.

A part is rewritten whole under its own name and its entry keeps the file's name and digest, so the same file is not
taken in again. The new counts are read off the parts: doing it twice changes nothing.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from mangaassist.data import ledger
from mangaassist.data.erasures import Erasure
from mangaassist.data.exports import EXPORTS, FED
from mangaassist.data.ledger import Entry
from mangaassist.data.parts import publish
from mangaassist.data.refused_rows import refused_rows_left
from mangaassist.data.sql import connection, scan, text, write_parquet
from mangaassist.data.workspace import Workspace

_UNNAMED: Final = {"queries": "client_id IS NULL", "events": "client_id IS NULL AND user_id IS NULL"}
_NAMED: Final = {"queries": ("client_id",), "events": ("client_id", "user_id")}


def erase_rows(workspace: Workspace, erasure: Erasure, *, dry_run: bool) -> dict[str, int]:
    """How many rows went, or would go, of queries, of events and of the quarantine; under the lock."""
    counts = {"queries": 0, "events": 0, "quarantine": 0}
    for entry in ledger.entries(workspace.engine):
        if entry.kind not in (*FED, *EXPORTS):
            continue
        accepted, quarantined = _accepted(workspace, entry, erasure, dry_run), entry.quarantined
        if erasure.pseudonym is not None and quarantined:
            quarantined = _refused(workspace, entry, erasure, dry_run)
        counts["quarantine"] += entry.quarantined - quarantined
        if entry.kind in FED:
            counts[entry.kind] += entry.accepted - accepted
        if not dry_run and (accepted, quarantined) != (entry.accepted, entry.quarantined):
            kept = {"accepted": accepted, "quarantined": quarantined}
            ledger.note_erased(workspace.engine, entry, at=erasure.at, why=erasure.why, **kept)
    if erasure.before is not None and not dry_run:
        _bury_emptied(workspace, erasure)
    return counts


def client_query_ids(workspace: Workspace, pseudonym: str) -> set[str]:
    """The searches of a client: those that say so, and unnamed ones that the events of this client alone follow."""
    queries, events = _parts(workspace, "queries"), _parts(workspace, "events")
    theirs = f"coalesce(client_id = {text(pseudonym)} OR user_id = {text(pseudonym)}, false)"
    with _spilling() as db:
        named = f"FROM {scan(queries)} SELECT query_id WHERE client_id = {text(pseudonym)}"
        found = {each for (each,) in db.execute(named).fetchall()} if queries else set()
        if queries and events:
            follow = f"FROM {scan(events)} SELECT query_id WHERE query_id IS NOT NULL GROUP BY query_id "
            alone = f"HAVING bool_or({theirs}) AND bool_and({theirs} OR ({_UNNAMED['events']}))"
            unnamed = f"FROM {scan(queries)} SELECT query_id WHERE client_id IS NULL AND query_id IN ({follow}{alone})"
            found |= {each for (each,) in db.execute(unnamed).fetchall()}
    return found


def table_texts(workspace: Workspace, erasure: Erasure) -> list[tuple[str, bool]]:
    """Every query text of the log once for rows that the erasure is about (True), and once for the others."""
    parts = _parts(workspace, "queries")
    if not parts:
        return []
    with _spilling() as db:
        _name_queries(db, erasure)
        select = f"FROM {scan(parts)} SELECT DISTINCT user_query, {_is_theirs('queries', erasure)} ORDER BY ALL"
        return [(typed, bool(theirs)) for typed, theirs in db.execute(select).fetchall()]


def _accepted(workspace: Workspace, entry: Entry, erasure: Erasure, dry_run: bool) -> int:
    """How many accepted rows stay."""
    part = workspace.part(entry.kind, entry.sha256)
    if entry.kind not in FED or not entry.accepted or not part.exists():
        return entry.accepted
    theirs = _is_theirs(entry.kind, erasure)
    with _spilling() as db:
        _name_queries(db, erasure)
        row = db.execute(f"FROM {scan([part])} SELECT count(*), count(*) FILTER ({theirs})").fetchone()
        assert row is not None
        if row[1] and not dry_run:
            workspace.scratch.mkdir(exist_ok=True)
            rewritten = workspace.scratch / part.name
            write_parquet(db, f"FROM {scan([part])} WHERE NOT {theirs}", rewritten)
            publish(rewritten, part)
        return int(row[0] - row[1])


def _refused(workspace: Workspace, entry: Entry, erasure: Erasure, dry_run: bool) -> int:
    """How many refused rows stay."""
    part = workspace.refused_part(entry.kind, entry.sha256)
    rows = pl.read_parquet(part, glob=False)
    left = refused_rows_left(rows, erasure)
    if left.height != rows.height and not dry_run:
        workspace.scratch.mkdir(exist_ok=True)
        left.write_parquet(workspace.scratch / part.name)
        publish(workspace.scratch / part.name, part)
    return left.height


def _bury_emptied(workspace: Workspace, erasure: Erasure) -> None:
    """Leave a tombstone for files of which every row was too old: what is left of them is a leftover."""
    fed = [entry for entry in ledger.entries(workspace.engine) if entry.kind in FED]
    holding = {entry.sha256 for entry in fed if entry.accepted}
    for sha256 in sorted({entry.sha256 for entry in fed if entry.erased} - holding):
        ledger.bury(workspace.engine, sha256, at=erasure.at, why=erasure.why)


def _parts(workspace: Workspace, kind: str) -> list[Path]:
    parts = [workspace.part(kind, entry.sha256) for entry in ledger.entries(workspace.engine, kind) if entry.accepted]
    return [part for part in parts if part.exists()]


def _is_theirs(kind: str, erasure: Erasure) -> str:
    """The condition, never NULL, that a row is one that goes. `_name_queries` comes first."""
    if erasure.pseudonym is None:
        assert erasure.before is not None
        return f"coalesce(timestamp < TIMESTAMPTZ {text(erasure.before.isoformat())}, false)"
    named = " OR ".join(f"{column} = {text(erasure.pseudonym)}" for column in _NAMED[kind])
    return f"coalesce({named} OR ({_UNNAMED[kind]} AND query_id IN (FROM their_queries)), false)"


def _name_queries(db: duckdb.DuckDBPyConnection, erasure: Erasure) -> None:
    db.execute("CREATE TEMP TABLE their_queries AS SELECT unnest(?::VARCHAR[])", [list(erasure.query_ids)])


@contextmanager
def _spilling() -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="mangaassist-") as folder, connection(Path(folder)) as db:
        yield db
