"""`mangaassist ingest` and `embed`: a shop's files in, validated tables and base vectors out."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, messages, shown_progress
from mangaassist.core.errors import DataError
from mangaassist.core.types import Progress
from mangaassist.data import (
    EXPORTS,
    KINDS,
    ExportFolderReport,
    ExportName,
    FolderReport,
    IngestReport,
    KindName,
    ingest_directory,
    ingest_export,
    ingest_exports,
    quarantined,
)
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.data import ingest as ingest_file
from mangaassist.encoders import CachedEncoder, TitanEncoder, estimate_cost
from mangaassist.loop import all_texts, load_catalogue, read_settings, workspace_encoder

SHOWN_REFUSALS = 5
LOG_FORMATS = ("ubi", *EXPORTS)


def ingest(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A file, or a folder of them; their names tell the kinds.")
    ],
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help=f"Of a single file: {', '.join(KINDS)}.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help=f"Of a search log: {', '.join(LOG_FORMATS)}.")
    ] = "ubi",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Take files in: catalogue, help articles, search log, judgements. Bad rows are set aside with their reason.

    With --format ga4 or segment, PATH is an export that holds searches and events, or a folder of such files.
    """
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        name = _export(form, kind, path)
        with shown_progress() as progress:
            report = _exports(shop, name, path, progress) if name else _files(shop, kind, path, progress)
        refused = quarantined(shop)
        result = {
            "files": [asdict(each) for each in report.reports],
            "skipped": list(report.skipped),
            "quarantined": refused.height,
        }
        first = refused.head(SHOWN_REFUSALS).to_dicts()
        emit(result, json_file, lambda console: _draw(console, report, first, refused.height, shop))


def _files(shop: ShopWorkspace, kind: str | None, path: Path, progress: Progress) -> FolderReport:
    if path.is_dir():
        return ingest_directory(shop, path, progress=progress)
    return FolderReport((ingest_file(shop, _kind(kind, path), path, progress=progress),), ())


def _exports(shop: ShopWorkspace, name: ExportName, path: Path, progress: Progress) -> ExportFolderReport:
    if path.is_dir():
        return ingest_exports(shop, name, path, progress=progress)
    return ExportFolderReport((ingest_export(shop, name, path, progress=progress),), ())


def embed(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Encode the whole catalogue ahead, in every form that training compares; nothing is encoded twice."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        settings = read_settings(shop.root)
        catalogue = load_catalogue(shop, settings)
        with shown_progress() as progress:
            encoder = workspace_encoder(shop, settings, progress)
            texts = all_texts(shop, settings)
            _say_cost(encoder, texts)
            encoder.encode(texts)
        result = {
            "encoder": encoder.encoder_id,
            "documents": len(catalogue.documents),
            "encoded_now": encoder.encoded,
        }
        said = f"{result['documents']} documents, {encoder.encoded} of them encoded now with {encoder.encoder_id}"
        emit(result, json_file, lambda console: console.print(said))


def _say_cost(encoder: CachedEncoder, texts: Sequence[str]) -> None:
    """Says what a paid encoder will charge, before anything is sent."""
    if isinstance(encoder.wrapped, TitanEncoder):
        cost = estimate_cost(encoder.uncached(texts))
        messages.print(f"To encode: {cost.texts:,} texts, about {cost.tokens:,} tokens, about ${cost.dollars:.2f}")


def _kind(name: str | None, path: Path) -> KindName:
    if name not in KINDS:
        told = "no --kind" if name is None else f"--kind {name}"
        raise DataError(f"{path}: {told}; say what the file holds: --kind {'|'.join(KINDS)}")
    return name  # type: ignore[return-value]


def _export(form: str, kind: str | None, path: Path) -> ExportName | None:
    """The format of an export; None for UBI."""
    if form not in LOG_FORMATS:
        raise DataError(f"{path}: --format {form}; say what the log is written in: --format {'|'.join(LOG_FORMATS)}")
    if form == "ubi":
        return None
    if kind is not None:
        raise DataError(f"{path}: --kind {kind} with --format {form}; leave --kind out, an export holds both kinds")
    return form  # type: ignore[return-value]


def _draw(
    console: Console,
    report: FolderReport | ExportFolderReport,
    first: list[dict[str, Any]],
    refused: int,
    shop: ShopWorkspace,
) -> None:
    console.print(file_table(report.reports) if isinstance(report, FolderReport) else _export_table(report))
    for name in report.skipped:
        why = "its name tells no kind" if isinstance(report, FolderReport) else "its name tells no known file type"
        console.print(f"Skipped {name}: {why}.", markup=False)
    draw_refusals(console, first, refused, shop)


def draw_refusals(console: Console, first: Sequence[Mapping[str, Any]], refused: int, shop: ShopWorkspace) -> None:
    """The first rows that were set aside, each with its reason, and how many more there are."""
    for row in first:
        where = f"{row['file']}, line {row['line']}, {row['field']}"
        console.print(f"Set aside {where}: {row['reason']}; {row['remedy']}", markup=False)
    if refused > len(first):
        console.print(f"… and {refused - len(first):,} more rows in {shop.quarantine}", markup=False)


def file_table(reports: Sequence[IngestReport]) -> Table:
    """What became of the rows of every file."""
    table = Table("file", "kind", "rows", "accepted", "set aside", "repeated", "")
    for each in reports:
        counts = (each.rows, each.accepted, each.quarantined, each.repeated)
        known = ["known already"] if each.already_ingested else []
        known += [f"{each.erased:,} erased"] if each.erased else []
        table.add_row(each.file, each.kind, *(f"{count:,}" for count in counts), ", ".join(known))
    return table


def _export_table(report: ExportFolderReport) -> Table:
    table = Table("file", "rows", "set aside", "other rows", "queries", "events", "of no search", "repeats")
    for each in report.reports:
        rows, made = (each.rows, each.quarantined, each.skipped), (each.queries, each.events, each.unlinked)
        known = " (known already)" if each.already_ingested else ""
        table.add_row(each.file + known, *(f"{count:,}" for count in (*rows, *made, each.repeated)))
    return table
