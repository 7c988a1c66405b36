"""One file of a shop's export in, GA4's or Segment's; the UBI queries and events that it holds in the workspace out.

One file feeds two tables. Both count, or none does: their entries enter the ledger in one transaction.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError

from mangaassist.core.types import Progress, no_progress
from mangaassist.data import ledger
from mangaassist.data.filing import check_not_deleted, file_away, is_complete, new_ids, workspace_key, writer
from mangaassist.data.ga4 import KEPT as GA4_KEPT
from mangaassist.data.ga4 import ga4_row
from mangaassist.data.kinds import KINDS, KindName
from mangaassist.data.ledger import Entry
from mangaassist.data.lines import BadRow, Row
from mangaassist.data.linking import EVENT_COLUMNS, QUERY_COLUMNS, count_unlinked, link_events
from mangaassist.data.parts import PartWriter
from mangaassist.data.privacy import WITHHELD, PrivacyKey, known_parts, protect_raw
from mangaassist.data.problems import first_problem
from mangaassist.data.reading import REFUSED, check_unchanged, counted, fingerprint, refusal
from mangaassist.data.rows import read_rows
from mangaassist.data.segment import KEPT as SEGMENT_KEPT
from mangaassist.data.segment import segment_row
from mangaassist.data.shop_rows import ShopRow, UbiRows, ubi_rows
from mangaassist.data.suppression import Suppressed
from mangaassist.data.workspace import Workspace

ExportName = Literal["ga4", "segment"]
FED: Final[tuple[KindName, KindName]] = ("queries", "events")


@dataclass(frozen=True, slots=True)
class Export:
    """A format: how a row is read (None: no business of search), and what of a refused row may be kept."""

    name: ExportName
    read: Callable[[Mapping[str, Any]], ShopRow | None]
    kept: Mapping[str, Any]


EXPORTS: Final[Mapping[ExportName, Export]] = {
    "ga4": Export("ga4", ga4_row, GA4_KEPT),
    "segment": Export("segment", segment_row, SEGMENT_KEPT),
}


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What became of one export's rows.

    rows = accepted + quarantined + erased + skipped, which are those about other things than search.
    queries, events: what the accepted rows stand for.  unlinked: events that belong to no search.
    repeated: queries and events whose id was known before them; each id counts once.
    already_ingested: this very content was taken in earlier, and nothing was done now.
    erased: rows of forgotten clients, which were left out, and refused rows that were erased since.
    """

    file: str
    format: ExportName
    rows: int
    accepted: int
    quarantined: int
    skipped: int
    queries: int
    events: int
    unlinked: int
    repeated: int
    already_ingested: bool
    erased: int = 0


def ingest_export(
    workspace: Workspace, name: ExportName, path: Path, *, progress: Progress = no_progress
) -> ExportReport:
    """Take one export in; the same content again does nothing. Progress and errors are those of `ingest`."""
    with writer(workspace):
        return take_in_export(workspace, EXPORTS[name], path, progress)


def take_in_export(workspace: Workspace, export: Export, path: Path, progress: Progress) -> ExportReport:
    """Take one export in under `writer`."""
    before = fingerprint(path)
    sha256 = _identity(export, before.sha256)
    known = ledger.find(workspace.engine, export.name, sha256)
    if known is not None:
        check_not_deleted(path, known)
    if _is_known(workspace, export, sha256):
        return _report(workspace, export, sha256, already_ingested=True)
    key = workspace_key(workspace)
    scratch = workspace.scratch / f"{export.name}-{sha256}"
    sorter = _Sorter(export, key, path.name, scratch, Suppressed.of(workspace))
    for row in counted(read_rows(path, scratch=scratch), path.name, progress):
        sorter.take(row)
    check_unchanged(path, before)
    _store(workspace, sha256, sorter)
    return _report(workspace, export, sha256, already_ingested=False)


def _identity(export: Export, sha256: str) -> str:
    """The digest of a content read in this format: taken in by mistake as something else, it is another file."""
    return hashlib.sha256(f"{export.name} {sha256}".encode()).hexdigest()


def _is_known(workspace: Workspace, export: Export, sha256: str) -> bool:
    fed = [ledger.find(workspace.engine, kind, sha256) for kind in FED]
    return ledger.find(workspace.engine, export.name, sha256) is not None and all(
        entry is not None and is_complete(workspace, entry) for entry in fed
    )


class _Sorter:
    """The rows of one export, each where it belongs."""

    def __init__(self, export: Export, key: PrivacyKey, file: str, scratch: Path, suppressed: Suppressed) -> None:
        self.export, self.key, self.file, self.scratch = export, key, file, scratch
        self.suppressed = suppressed
        self.queries = PartWriter(scratch / "queries", QUERY_COLUMNS)
        self.events = PartWriter(scratch / "events", EVENT_COLUMNS)
        self.refused = PartWriter(scratch / "refused", REFUSED)
        self.rows = self.accepted = self.erased = 0

    def take(self, row: Row | BadRow) -> None:
        """Put one row where it belongs; skip it if it is no business of search."""
        self.rows += 1
        if isinstance(row, BadRow):
            self.refused.add(refusal(self.file, row.line, row.problem, WITHHELD))
            return
        try:
            said = self.export.read(row.values)
        except ValidationError as error:
            raw = protect_raw(known_parts(row.values, self.export.kept), self.export.kept)
            self.refused.add(refusal(self.file, row.line, first_problem(error), raw))
            return
        if said is not None:
            self._accept(row.line, ubi_rows(said, self.key))

    def _accept(self, line: int, rows: UbiRows) -> None:
        if any(map(self.suppressed.holds, [*rows.events, *([rows.query] if rows.query else [])])):
            self.erased += 1
            return
        self.accepted += 1
        if rows.query is not None:
            flat = KINDS["queries"].flatten(rows.query)
            self.queries.add({"line": line, **flat, "session": rows.session})
        for event in rows.events:
            place = self.events.written
            self.events.add({"line": line, "place": place, **KINDS["events"].flatten(event)})


def _store(workspace: Workspace, sha256: str, rows: _Sorter) -> None:
    """Link the events, and make the file count: in both tables, or in none."""
    refused, queries, events = rows.refused.finish(), rows.queries.finish(), rows.events.finish()
    if events is not None:
        searches = _earlier_searches(workspace, sha256) + ([queries] if queries else [])
        events = link_events(events, searches, rows.scratch / "linked.parquet")
    total = Entry(
        kind=rows.export.name,
        sha256=sha256,
        file=rows.file,
        rows=rows.rows,
        accepted=rows.accepted,
        quarantined=rows.refused.written,
        repeated=0,
        key_fingerprint=rows.key.fingerprint,
        erased=rows.erased,
    )
    fed = [
        _fed(workspace, total, "queries", queries, rows.queries.written),
        _fed(workspace, total, "events", events, rows.events.written),
    ]
    file_away(workspace, (refused, workspace.refused_part(rows.export.name, sha256)), [(None, total), *fed])


def _fed(
    workspace: Workspace, total: Entry, name: KindName, part: Path | None, written: int
) -> tuple[Path | None, Entry]:
    """A part with its entry in the table that it feeds."""
    repeated = 0 if part is None else written - new_ids(workspace, KINDS[name], part)
    return part, replace(total, kind=name, rows=written, accepted=written, quarantined=0, repeated=repeated, erased=0)


def _earlier_searches(workspace: Workspace, sha256: str) -> list[Path]:
    """The parts with the searches of other exports: a session may go on from one day's file into the next."""
    exports = [entry.sha256 for name in EXPORTS for entry in ledger.entries(workspace.engine, name)]
    parts = [workspace.part("queries", each) for each in sorted(exports) if each != sha256]
    return [part for part in parts if part.exists()]


def _report(workspace: Workspace, export: Export, sha256: str, *, already_ingested: bool) -> ExportReport:
    total, queries, events = (ledger.find(workspace.engine, kind, sha256) for kind in (export.name, *FED))
    assert total is not None
    assert queries is not None
    assert events is not None
    return ExportReport(
        file=total.file,
        format=export.name,
        rows=total.rows,
        accepted=total.accepted,
        quarantined=total.quarantined,
        skipped=total.rows - total.accepted - total.quarantined - total.erased,
        queries=queries.accepted,
        events=events.accepted,
        unlinked=count_unlinked(workspace.part("events", sha256)) if events.accepted else 0,
        repeated=queries.repeated + events.repeated,
        already_ingested=already_ingested,
        erased=total.erased,
    )
