"""`mangaassist index`: the live release and the catalogue in, the index that the server searches out."""

from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, shown_progress
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import IndexUpdate, read_settings, registry_of, update_index


def index(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Bring the live release's index up to the catalogue; a running server takes it over by itself."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        live = registry_of(shop).aliases().live
        with shown_progress() as progress:
            update = update_index(shop, read_settings(shop.root), live, progress=progress)
        emit(asdict(update), json_file, lambda console: _draw(console, update))


def _draw(console: Console, update: IndexUpdate) -> None:
    what = f"The index of {update.release}, {update.documents:,} documents,"
    match update.action:
        case "up to date":
            console.print(f"{what} is up to date.")
        case "built":
            console.print(f"{what} is built.")
        case "changed":
            console.print(f"{what} is changed: {update.written:,} new or changed, {update.removed:,} removed.")
