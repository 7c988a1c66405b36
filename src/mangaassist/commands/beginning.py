"""`mangaassist init`: a directory in, a shop's empty workspace out, or one that holds a BEIR set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mangaassist.commands.output import JsonFile, Seed, Workspace, emit, errors_shown, shown_progress
from mangaassist.commands.taking_in import SHOWN_REFUSALS, draw_refusals, file_table
from mangaassist.data import IngestReport, quarantined
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import SETTINGS_FILE, workspace_from_beir


def init(
    directory: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="The directory; without it, that of --workspace.")
    ] = None,
    from_beir: Annotated[
        Path | None,
        typer.Option("--from-beir", metavar="PATH", help="Take in the retrieval set of this BEIR folder."),
    ] = None,
    qrels: Annotated[
        str | None, typer.Option("--qrels", metavar="FOLDER", help="The folder of judgements, in PATH or elsewhere.")
    ] = None,
    seed: Seed = 0,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Make an empty workspace, or one of a BEIR set: its train judgements train, dev validates, test tests."""
    root = directory or workspace
    if directory is not None and workspace not in (Path(), directory):
        raise typer.BadParameter(f"names two directories, {directory} and --workspace {workspace}; leave one out")
    if qrels is not None and from_beir is None:
        raise typer.BadParameter("--qrels says where the judgements of a set lie; add --from-beir PATH")
    with errors_shown():
        if from_beir is None:
            result = {"workspace": str(ShopWorkspace.create(root).root)}
            emit(
                result,
                json_file,
                lambda console: console.print(f"Made {result['workspace']}. Next: mangaassist ingest FOLDER"),
            )
            return
        with shown_progress() as progress:
            shop, taken = workspace_from_beir(
                root, from_beir, qrels_folder=qrels or "qrels", seed=seed, progress=progress
            )
        emit(taken, json_file, lambda console: _draw(console, shop, taken))


def _draw(console: Console, shop: ShopWorkspace, taken: Mapping[str, Any]) -> None:
    console.print(file_table([IngestReport(**each) for each in taken["files"]]))
    draw_refusals(console, quarantined(shop).head(SHOWN_REFUSALS).to_dicts(), taken["quarantined"], shop)
    counts = ", ".join(f"{count:,} {split}" for split, count in taken["queries"].items())
    carved = " (dev carved from train)" if taken["dev_carved_from_train"] else ""
    console.print(f"Judged queries: {counts}{carved}.")
    if not taken["queries"]["test"]:
        console.print("Without test judgements nothing can be evaluated: add qrels/test.tsv and make it anew.")
    if not taken["trains_on_judgements"]:
        console.print(f"Nothing trains: set from_judgements = true under \\[pairs] in {SETTINGS_FILE}.")
    console.print(f"Made {shop.root}. Next, there: mangaassist embed, pairs, train, evaluate, gate", markup=False)
