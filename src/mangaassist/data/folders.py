"""A folder in; each file in it ingested as the kind that its name tells, or all of them as exports of one format."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mangaassist.core.errors import DataError
from mangaassist.core.types import Progress, no_progress
from mangaassist.data.exports import EXPORTS, ExportName, ExportReport, take_in_export
from mangaassist.data.filing import writer
from mangaassist.data.ingest import IngestReport, take_in
from mangaassist.data.kinds import KINDS, KindName
from mangaassist.data.rows import FORMATS
from mangaassist.data.workspace import Workspace

NAMES: Final[dict[KindName, str]] = {
    "curated": "curated",
    "titles": "catalogue|catalog|titles",
    "articles": "articles|help",
    "judged_queries": "judged[_-]?queries",
    "judgements": "judge?ments",
    "queries": "queries",
    "events": "events",
}
"""Kind → words that tell it; of two kinds told by one name the first counts, as in `curated_titles.csv`."""


@dataclass(frozen=True, slots=True)
class FolderReport:
    """One report per file taken in, and the names of the files whose kind nobody could tell."""

    reports: tuple[IngestReport, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExportFolderReport:
    """One report per export taken in, and the names of the files that cannot be one."""

    reports: tuple[ExportReport, ...]
    skipped: tuple[str, ...]


def kind_of(path: Path) -> KindName | None:
    """The kind that a name such as `ubi_events-2026-11.jsonl.gz` tells; None if it tells none or no known format."""
    name = path.name.casefold()
    if not _is_readable(path):
        return None
    for kind, words in NAMES.items():
        if re.search(rf"(?<![a-z])(?:{words})(?![a-z])", name):
            return kind
    return None


def ingest_directory(workspace: Workspace, folder: Path, *, progress: Progress = no_progress) -> FolderReport:
    """Take in every file of the folder whose name tells its kind: the catalogue first, files of one kind by name."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; check the name")
    kinds = {path: kind_of(path) for path in sorted(folder.iterdir()) if path.is_file()}
    if not any(kinds.values()):
        raise DataError(f"{folder}: no file name tells its kind; name them {', '.join(KINDS)} + {', '.join(FORMATS)}")
    with writer(workspace):
        reports = [
            take_in(workspace, KINDS[kind], path, progress)
            for kind in KINDS
            for path, told in kinds.items()
            if told == kind
        ]
    skipped = tuple(path.name for path, told in kinds.items() if told is None)
    return FolderReport(tuple(reports), skipped)


def ingest_exports(
    workspace: Workspace, name: ExportName, folder: Path, *, progress: Progress = no_progress
) -> ExportFolderReport:
    """Take in every file of the folder as an export, by name: sessions that cross midnight need their days in order."""
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; check the name")
    paths = [path for path in sorted(folder.iterdir()) if path.is_file()]
    if not any(map(_is_readable, paths)):
        raise DataError(f"{folder}: holds no export; name its files {', '.join(FORMATS)}, each also with .gz")
    with writer(workspace):
        reports = [take_in_export(workspace, EXPORTS[name], path, progress) for path in paths if _is_readable(path)]
    return ExportFolderReport(tuple(reports), tuple(path.name for path in paths if not _is_readable(path)))


def _is_readable(path: Path) -> bool:
    return path.name.casefold().removesuffix(".gz").endswith(FORMATS)
