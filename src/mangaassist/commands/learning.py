"""`mangaassist train` and `evaluate`: a workspace's pairs in, a measured candidate out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, OnDevice, Seed, Workspace, emit, errors_shown, shown_progress
from mangaassist.commands.report_tables import draw_report
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import (
    candidate_folder,
    evaluate_candidate,
    make_pairs,
    put_in_force,
    read_settings,
    registry_of,
    train_candidate,
    without_fixes,
)
from mangaassist.pairs import FIXES, Fix
from mangaassist.serving import time_candidate


def _known(names: list[str] | None) -> list[str] | None:
    unknown = sorted(set(names or ()) - set(FIXES))
    if unknown:
        raise typer.BadParameter(f"there is no fix {unknown[0]!r}; there are {', '.join(FIXES)}")
    return names


def train(
    seed: Seed = 0,
    fix: Annotated[
        list[str] | None,
        typer.Option("--fix", metavar="NAME", callback=_known, help="Put a diagnosis' fix in force; repeatable."),
    ] = None,
    unfix: Annotated[
        bool, typer.Option("--without-fixes", help="Take back the fixes that --fix put in force.")
    ] = False,
    device: OnDevice = "auto",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Tune the whole ladder of adapters on the pairs, and choose one on held-out queries and documents."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock(), shown_progress() as progress:
            if unfix:
                without_fixes(shop)
            if fix:
                put_in_force(shop, read_settings(shop.root), [cast("Fix", name) for name in fix])
            if fix or unfix:
                make_pairs(shop, read_settings(shop.root), seed=seed)
            summary = train_candidate(shop, read_settings(shop.root), seed=seed, device=device, progress=progress)
        emit(summary, json_file, lambda console: draw_training(console, summary))


def evaluate(seed: Seed = 0, workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Score the candidate against the live release on the judged test queries."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock(), shown_progress() as progress:
            report = evaluate_candidate(
                shop,
                read_settings(shop.root),
                live=registry_of(shop).aliases().live,
                seed=seed,
                now=datetime.now(UTC),
                progress=progress,
                time_service=time_candidate,
            )
        emit(report, json_file, lambda console: draw_report(console, report, candidate_folder(shop) / "report.html"))


def draw_training(console: Console, summary: Mapping[str, Any]) -> None:
    """What every rung gained on validation, and which one was chosen."""
    table = Table("rung", "rounds", "gain on known documents", "gain on unknown documents", title="Validation, NDCG@10")
    rungs = summary["rungs"].items()
    for name, rung in rungs:
        gains = rung["validation_gains"]
        cells = (f"{gains[cell]:+.3f}" if cell in gains else "too small" for cell in ("warm", "cold"))
        table.add_row(f"[bold green]{name}" if name == summary["chosen"] else name, str(rung["rounds"]), *cells)
    console.print(table)
    # A candidate from before 2026-11-28 does not say.
    folds = {name: rung["folds"] for name, rung in rungs if "folds" in rung}
    if lost := [name for name, tried_on in folds.items() if tried_on < max(folds.values())]:
        console.print(f"Lost on the first fold beyond chance, so not tried on the others: {', '.join(lost)}.")
    among = {name: min(rung.get("validation_gains_among_answers", {}).values(), default=0.0) for name, rung in rungs}
    if sinking := [f"{name} ({loss:+.3f})" for name, loss in among.items() if loss < 0]:
        console.print(
            f"Lost among the documents that are asked for, so gained in part by sinking the rest: {', '.join(sinking)}."
        )
    console.print(f"Chosen: {summary['because']}.")
    enrichment = summary["enrichment"]
    console.print(f"Enriched titles: {enrichment['chosen']} ({enrichment['because']}).")
