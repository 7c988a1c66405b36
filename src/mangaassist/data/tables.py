"""A workspace in; its validated records out, each id once: the latest ingested, for events the first.

Of an event that came with its query and without, the first that has it counts.
"""

import tempfile
from pathlib import Path

import polars as pl

from mangaassist.core.errors import WorkspaceError
from mangaassist.data import ledger
from mangaassist.data.contracts import Article, CuratedPair, JudgedQuery, Judgement, Title
from mangaassist.data.exports import EXPORTS
from mangaassist.data.kinds import KINDS, Kind, KindName
from mangaassist.data.ledger import Entry
from mangaassist.data.reading import REFUSED
from mangaassist.data.sql import connection, identifier, scan, text, write_parquet
from mangaassist.data.workspace import Workspace


def titles(workspace: Workspace) -> list[Title]:
    """The catalogue, by title id."""
    return [Title.model_validate(row) for row in _table(workspace, "titles").iter_rows(named=True)]


def articles(workspace: Workspace) -> list[Article]:
    """The help articles, by article id."""
    return [Article.model_validate(row) for row in _table(workspace, "articles").iter_rows(named=True)]


def curated(workspace: Workspace) -> list[CuratedPair]:
    """The titles that editors call similar, by title id and similar id."""
    return [CuratedPair.model_validate(row) for row in _table(workspace, "curated").iter_rows(named=True)]


def judged_queries(workspace: Workspace) -> list[JudgedQuery]:
    """The judged queries, by query id."""
    return [JudgedQuery.model_validate(row) for row in _table(workspace, "judged_queries").iter_rows(named=True)]


def judgements(workspace: Workspace) -> list[Judgement]:
    """The judgements, by query id and document id."""
    return [Judgement.model_validate(row) for row in _table(workspace, "judgements").iter_rows(named=True)]


def ubi_queries(workspace: Workspace) -> pl.DataFrame:
    """The search log's queries, by query id.

    Columns: query_id, user_query, client_id, timestamp (UTC), query_response_id, query_response_hit_ids, application;
    intent, release, locale, intent_confidence and top_score out of `query_attributes`, and that itself as JSON text.
    """
    return _table(workspace, "queries")


def ubi_events(workspace: Workspace) -> pl.DataFrame:
    """The search log's events, by time and event id.

    Columns: event_id, query_id, session_id, client_id, action_name, timestamp (UTC), object_id, ordinal (from 1),
    application, user_id, message, object_id_field.
    """
    return _table(workspace, "events", order=("timestamp", "event_id"))


def ingested_files(workspace: Workspace) -> list[tuple[KindName, str]]:
    """(kind, sha256 of the content) of every file that counts, by kind, the first ingested first."""
    return [(kind, entry.sha256) for kind in KINDS for entry in ledger.entries(workspace.engine, kind)]


def quarantined(workspace: Workspace) -> pl.DataFrame:
    """Every refused row: kind, file, line, field, reason, remedy, and the row itself with nothing private in it.

    The kind of an export's row is the export's format.
    """
    frames = [pl.DataFrame(schema={"kind": pl.String(), **REFUSED})]
    entries = [entry for kind in (*KINDS, *EXPORTS) for entry in ledger.entries(workspace.engine, kind)]
    for entry in entries:
        if entry.quarantined:
            part = _existing(workspace, workspace.refused_part(entry.kind, entry.sha256), entry)
            frames.append(pl.read_parquet(part, glob=False).select(pl.lit(entry.kind).alias("kind"), *REFUSED))
    return pl.concat(frames)


def table_query(workspace: Workspace, name: KindName) -> str | None:
    """The SQL that gives a table's rows, each id once, for who joins more of them than memory holds; None without rows.

    Runs on a `connection`.
    """
    kind, parts = KINDS[name], table_parts(workspace, name)
    return each_id_once(kind, parts, order=kind.key) if parts else None


def _table(workspace: Workspace, name: KindName, order: tuple[str, ...] = ()) -> pl.DataFrame:
    kind = KINDS[name]
    parts = table_parts(workspace, name)
    if not parts:
        return pl.DataFrame(schema=dict(kind.columns))
    with tempfile.TemporaryDirectory(prefix="mangaassist-") as folder, connection(Path(folder)) as db:
        result = Path(folder) / "table.parquet"
        write_parquet(db, each_id_once(kind, parts, order=order or kind.key), result)
        return pl.read_parquet(result, glob=False)


def table_parts(workspace: Workspace, name: KindName) -> list[Path]:
    """The parts that count, the first ingested first."""
    entries = [entry for entry in ledger.entries(workspace.engine, name) if entry.accepted]
    return [_existing(workspace, workspace.part(name, entry.sha256), entry) for entry in entries]


def _existing(workspace: Workspace, part: Path, entry: Entry) -> Path:
    if not part.exists():
        formats = [name for name in EXPORTS if ledger.find(workspace.engine, name, entry.sha256)]
        way = f" --format {formats[0]}`" if formats else f"` (kind {entry.kind})"
        told = f"`mangaassist ingest {entry.file}{way}"
        raise WorkspaceError(f"{part}: is missing; take it in again: {told}")
    return part


def each_id_once(kind: Kind, parts: list[Path], *, where: str = "true", order: tuple[str, ...] = ()) -> str:
    """The SELECT of one row per id, chosen by the order of ingest, then of lines; among the rows `where` something."""
    columns, key = _names(tuple(kind.columns)), _names(kind.key)
    sequence = ", ".join(f"({text(str(part))}, {number})" for number, part in enumerate(parts))
    way = "ASC" if kind.keeps_first else "DESC"
    incomplete = f"{identifier(kind.needs)} IS NULL, " if kind.needs else ""
    return (
        f"FROM {scan(parts, filename=True)} JOIN (VALUES {sequence}) AS part(filename, sequence) USING (filename) "
        f"SELECT {columns} WHERE {where} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {incomplete}sequence {way}, line {way}) = 1"
        + (f" ORDER BY {_names(order)}" if order else "")
    )


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(identifier(column) for column in columns)
