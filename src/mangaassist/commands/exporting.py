"""`mangaassist export`: a release in, a folder for another runtime out."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, shown_progress
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import ExportFormat, export_adapter, read_settings


def export(
    export_format: Annotated[ExportFormat, typer.Option("--format", help="What reads it.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder for the export.")],
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="A release, `live`, or `candidate` for the one in the making.")
    ] = "live",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Write a release's adapter for ONNX runtimes or for sentence-transformers."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shown_progress() as progress:
            result = export_adapter(
                shop,
                read_settings(shop.root),
                release=release,
                export_format=export_format,
                folder=out,
                progress=progress,
            )
        emit(result, json_file, lambda console: _draw(console, result))


def _draw(console: Console, result: dict[str, Any]) -> None:
    table = Table("file", "sha256", title=f"{result['release']}, rung {result['rung']}, as {result['format']}")
    for path, digest in result["files"].items():
        table.add_row(path, digest)
    console.print(table)
    console.print(
        f"{result['folder']} is for {result['dimension']}-d vectors of {result['encoder']} only; see its README.md.",
        markup=False,
    )
