"""One file in; validated, private rows in the workspace out, and a report of what was refused.

Order of writing: refused rows, accepted rows, ledger. Each is one atomic step and only the ledger makes a file count,
so a kill anywhere leaves nothing or the whole file; what lies around is removed when the next ingest starts.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
from pydantic import ValidationError

from mangaassist.core.errors import DataError, SettingsError
from mangaassist.core.files import sha256_of
from mangaassist.core.types import Progress, no_progress
from mangaassist.data import ledger
from mangaassist.data.keyfile import KEY_VARIABLE, key_file, load_key
from mangaassist.data.kinds import KINDS, Kind, KindName
from mangaassist.data.ledger import Entry
from mangaassist.data.leftovers import remove_leftovers
from mangaassist.data.lines import RAW_LIMIT, BadRow, Row
from mangaassist.data.parts import BATCH, PartWriter, empty_folder, publish
from mangaassist.data.privacy import WITHHELD, PrivacyKey, protect_raw
from mangaassist.data.problems import Problem, first_problem
from mangaassist.data.rows import read_rows
from mangaassist.data.scrub import scrub
from mangaassist.data.sql import connection, identifier, scan
from mangaassist.data.workspace import Workspace

REFUSED: Final = {
    "file": pl.String(),
    "line": pl.Int64(),
    "field": pl.String(),
    "reason": pl.String(),
    "remedy": pl.String(),
    "raw": pl.String(),
}


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What became of one file's rows.

    rows = accepted + quarantined.  repeated: accepted rows whose id was known before them; each id counts once.
    already_ingested: this very content was taken in earlier, and nothing was done now.
    """

    file: str
    kind: KindName
    rows: int
    accepted: int
    quarantined: int
    repeated: int
    already_ingested: bool


def ingest(workspace: Workspace, kind: KindName, path: Path, *, progress: Progress = no_progress) -> IngestReport:
    """Take one file in; the same content again does nothing.

    `progress` hears the rows done; the total is 0 until the end, because a stream does not know it.
    Raises DataError for an unreadable file, SettingsError for an unsafe privacy key, WorkspaceError for a full disk.
    """
    with writer(workspace):
        return take_in(workspace, KINDS[kind], path, progress)


@contextmanager
def writer(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's lock, with the leftovers of an interrupted ingest removed."""
    with workspace.lock(), workspace.writing():
        remove_leftovers(workspace)
        try:
            yield
        finally:
            empty_folder(workspace.scratch)


def take_in(workspace: Workspace, kind: Kind, path: Path, progress: Progress) -> IngestReport:
    """Take one file in under `writer`."""
    before = _fingerprint(path)
    known = ledger.find(workspace.engine, kind.name, before.sha256)
    if known is not None and known.deleted_at is not None:
        raise DataError(
            f"{path}: is the file {known.file!r} that was deleted from this workspace at {known.deleted_at} "
            f"({known.deleted_why}); it is not taken in again, so take it out of what you ingest"
        )
    if known is not None and _is_complete(workspace, known):
        return _report(kind, known, already_ingested=True)
    key = _key_for(workspace, kind)
    scratch = workspace.scratch / f"{kind.name}-{before.sha256}"
    accepted = PartWriter(scratch / "accepted", {"line": pl.Int64(), **kind.columns})
    refused = PartWriter(scratch / "refused", REFUSED)
    for row in _counted(read_rows(path, scratch=scratch), path.name, progress):
        _sort(row, kind, key, path.name, accepted, refused)
    if _fingerprint(path) != before:
        raise DataError(f"{path}: changed while it was read; ingest it again when nothing writes to it")
    entry = _stored(workspace, kind, path.name, before.sha256, key, accepted, refused)
    return _report(kind, entry, already_ingested=False)


@dataclass(frozen=True, slots=True)
class _Content:
    sha256: str
    size: int
    modified_ns: int


def _fingerprint(path: Path) -> _Content:
    try:
        state = path.stat()
        return _Content(sha256_of(path), state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the name and its permissions") from None


def _is_complete(workspace: Workspace, entry: Entry) -> bool:
    return entry.accepted == 0 or workspace.part(entry.kind, entry.sha256).exists()


def _key_for(workspace: Workspace, kind: Kind) -> PrivacyKey | None:
    """The privacy key, if this kind needs one; it must be the one behind the pseudonyms already here."""
    if kind.protect is None:
        return None
    path = key_file()
    key = load_key(path, workspace=workspace.root)
    used = {entry.key_fingerprint for name in KINDS for entry in ledger.entries(workspace.engine, name)} - {""}
    if used - {key.fingerprint}:
        reason = f"{path}: is not the privacy key that this workspace's pseudonyms were made with"
        raise SettingsError(f"{reason}; point {KEY_VARIABLE} to that key, or begin a new workspace")
    return key


def _counted(rows: Iterator[Row | BadRow], name: str, progress: Progress) -> Iterator[Row | BadRow]:
    count = 0
    for count, row in enumerate(rows, start=1):
        yield row
        if count % BATCH == 0:
            progress(f"ingest {name}", count, 0)
    progress(f"ingest {name}", count, count)


def _sort(
    row: Row | BadRow, kind: Kind, key: PrivacyKey | None, name: str, accepted: PartWriter, refused: PartWriter
) -> None:
    """Put one row where it belongs."""
    if isinstance(row, BadRow):
        raw = scrub(row.raw) if kind.protect is None else WITHHELD
        refused.add(_refusal(name, row.line, row.problem, raw))
        return
    try:
        record = kind.model.model_validate(row.values)
    except ValidationError as error:
        raw = protect_raw(row.values, kind.model.model_fields)
        refused.add(_refusal(name, row.line, first_problem(error), raw))
        return
    if kind.protect is not None and key is not None:
        record = kind.protect(record, key)
    accepted.add({"line": row.line, **kind.flatten(record)})


def _refusal(name: str, line: int, problem: Problem, raw: str) -> dict[str, Any]:
    says = {"field": problem.field, "reason": problem.reason, "remedy": problem.remedy}
    return {"file": name, "line": line, **says, "raw": raw[:RAW_LIMIT]}


def _stored(
    workspace: Workspace,
    kind: Kind,
    name: str,
    sha256: str,
    key: PrivacyKey | None,
    accepted: PartWriter,
    refused: PartWriter,
) -> Entry:
    """The ledger's entry, made when both parts lie in their places."""
    refused_part, part = refused.finish(), accepted.finish()
    repeated = 0 if part is None else accepted.written - _new_ids(workspace, kind, part)
    if refused_part is not None:
        publish(refused_part, workspace.refused_part(kind.name, sha256))
    if part is not None:
        publish(part, workspace.part(kind.name, sha256))
    entry = Entry(
        kind=kind.name,
        sha256=sha256,
        file=name,
        rows=accepted.written + refused.written,
        accepted=accepted.written,
        quarantined=refused.written,
        repeated=repeated,
        key_fingerprint=key.fingerprint if key else "",
    )
    ledger.record(workspace.engine, entry)
    return entry


def _new_ids(workspace: Workspace, kind: Kind, part: Path) -> int:
    """How many ids of the part stand in no earlier part."""
    columns = ", ".join(identifier(column) for column in kind.key)
    entries = ledger.entries(workspace.engine, kind.name)
    earlier = [path for entry in entries if (path := workspace.part(kind.name, entry.sha256)).exists()]
    ids = f"FROM {scan([part])} SELECT DISTINCT {columns}"
    if earlier:
        ids = f"({ids}) EXCEPT (FROM {scan(earlier)} SELECT {columns})"
    with connection(part.parent) as db:
        row = db.execute(f"FROM ({ids}) SELECT count(*)").fetchone()
    assert row is not None
    return int(row[0])


def _report(kind: Kind, entry: Entry, *, already_ingested: bool) -> IngestReport:
    counts = (entry.rows, entry.accepted, entry.quarantined, entry.repeated)
    return IngestReport(entry.file, kind.name, *counts, already_ingested=already_ingested)
