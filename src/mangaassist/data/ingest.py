"""One file of one kind in; validated, private rows in the workspace out, and a report of what was refused."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from mangaassist.core.files import sha256_bytes
from mangaassist.core.types import Progress, no_progress
from mangaassist.data import ledger
from mangaassist.data.contracts import Record
from mangaassist.data.filing import check_not_deleted, file_away, is_complete, new_ids, workspace_key, writer
from mangaassist.data.kinds import KINDS, Kind, KindName
from mangaassist.data.ledger import Entry
from mangaassist.data.lines import BadRow, Row
from mangaassist.data.parts import PartWriter
from mangaassist.data.privacy import WITHHELD, PrivacyKey, protect_raw
from mangaassist.data.problems import first_problem
from mangaassist.data.reading import REFUSED, check_unchanged, counted, fingerprint, refusal
from mangaassist.data.rows import read_rows
from mangaassist.data.scrub import scrub
from mangaassist.data.suppression import Suppressed
from mangaassist.data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one file's rows.

    rows = accepted + quarantined + erased.
    repeated: accepted rows whose id was known before them; each id counts once.
    already_ingested: this very content was taken in earlier, and nothing was done now.
    erased: rows of forgotten clients, which were left out, and rows that were erased since.
    """

    file: str
    kind: KindName
    rows: int
    accepted: int
    quarantined: int
    repeated: int
    already_ingested: bool
    erased: int = 0


def rows_as_they_stand(path: Path, scratch: Path) -> Iterator[Row | BadRow]:
    """The rows of a file by our contracts."""
    return read_rows(path, scratch=scratch)


@dataclass(frozen=True, slots=True)
class Intake:
    """A file to be taken in. read: path and scratch folder → rows.

    told: what else the rows depend on; the same content told otherwise is another file.
    """

    kind: Kind
    path: Path
    read: Callable[[Path, Path], Iterator[Row | BadRow]] = rows_as_they_stand
    told: str = ""


def identity_of(intake: Intake, sha256: str) -> str:
    """The digest that the ledger knows the file by; sha256: of its content."""
    return sha256_bytes(f"{intake.told} {sha256}".encode()) if intake.told else sha256


def ingest(workspace: Workspace, kind: KindName, path: Path, *, progress: Progress = no_progress) -> IngestReport:
    """Take one file in; the same content again does nothing.

    `progress` hears the rows done; the total is 0 until the end, because a stream does not know it.
    Raises DataError for an unreadable file, SettingsError for an unsafe privacy key, WorkspaceError for a full disk.
    """
    with writer(workspace):
        return take_in(workspace, KINDS[kind], path, progress)


def take_in(workspace: Workspace, kind: Kind, path: Path, progress: Progress) -> IngestReport:
    """Take one file in under `writer`."""
    return take_in_from(workspace, Intake(kind, path), progress)


def take_in_from(workspace: Workspace, intake: Intake, progress: Progress) -> IngestReport:
    """Take one file in under `writer`, its rows read as `intake` says."""
    kind, path = intake.kind, intake.path
    before = fingerprint(path)
    sha256 = identity_of(intake, before.sha256)
    known = ledger.find(workspace.engine, kind.name, sha256)
    if known is not None:
        check_not_deleted(path, known)
    if known is not None and is_complete(workspace, known):
        return _report(kind, known, already_ingested=True)
    key = workspace_key(workspace) if kind.protect else None
    scratch = workspace.scratch / f"{kind.name}-{sha256}"
    accepted = PartWriter(scratch / "accepted", {"line": pl.Int64(), **kind.columns})
    refused = PartWriter(scratch / "refused", REFUSED)
    suppressed, erased = Suppressed.of(workspace), 0
    for row in counted(intake.read(path, scratch), path.name, progress):
        record = _sorted_out(row, kind, key, path.name, refused)
        if record is not None and suppressed.holds(record):
            erased += 1
        elif record is not None:
            accepted.add({"line": row.line, **kind.flatten(record)})
    check_unchanged(path, before)
    entry = _stored(workspace, kind, path.name, sha256, key, accepted, refused, erased)
    return _report(kind, entry, already_ingested=False)


def _sorted_out(row: Row | BadRow, kind: Kind, key: PrivacyKey | None, name: str, refused: PartWriter) -> Record | None:
    """The record of a row, protected; None if the row was put among the refused."""
    if isinstance(row, BadRow):
        raw = scrub(row.raw) if kind.protect is None else WITHHELD
        refused.add(refusal(name, row.line, row.problem, raw))
        return None
    try:
        record = kind.model.model_validate(row.values)
    except ValidationError as error:
        raw = protect_raw(row.values, _known_fields(kind))
        refused.add(refusal(name, row.line, first_problem(error), raw))
        return None
    return record if kind.protect is None or key is None else kind.protect(record, key)


def _known_fields(kind: Kind) -> set[str]:
    """The fields of a contract, by the names that files have for them."""
    return {field.alias or name for name, field in kind.model.model_fields.items()}


def _stored(
    workspace: Workspace,
    kind: Kind,
    name: str,
    sha256: str,
    key: PrivacyKey | None,
    accepted: PartWriter,
    refused: PartWriter,
    erased: int,
) -> Entry:
    """The ledger's entry, made when both parts lie in their places."""
    refused_part, part = refused.finish(), accepted.finish()
    entry = Entry(
        kind=kind.name,
        sha256=sha256,
        file=name,
        rows=accepted.written + refused.written + erased,
        accepted=accepted.written,
        quarantined=refused.written,
        repeated=0 if part is None else accepted.written - new_ids(workspace, kind, part),
        key_fingerprint=key.fingerprint if key else "",
        erased=erased,
    )
    file_away(workspace, (refused_part, workspace.refused_part(kind.name, sha256)), [(part, entry)])
    return entry


def _report(kind: Kind, entry: Entry, *, already_ingested: bool) -> IngestReport:
    counts = (entry.rows, entry.accepted, entry.quarantined, entry.repeated)
    return IngestReport(entry.file, kind.name, *counts, already_ingested=already_ingested, erased=entry.erased)
