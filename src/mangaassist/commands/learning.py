"""`mangaassist pairs`, `train` and `evaluate`: a workspace's log in, a measured candidate out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Seed, Workspace, emit, errors_shown, messages, shown_progress
from mangaassist.commands.report_tables import draw_report
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import (
    candidate_folder,
    evaluate_candidate,
    export_review,
    import_review,
    make_pairs,
    propose,
    read_settings,
    registry_of,
    train_candidate,
)


def pairs(
    synthetic: Annotated[
        int | None,
        typer.Option("--synthetic", metavar="N", min=1, help="First propose up to N pairs from metadata, for review."),
    ] = None,
    import_file: Annotated[
        Path | None, typer.Option("--import-review", metavar="FILE", help="First take a reviewer's decisions in.")
    ] = None,
    export_file: Annotated[
        Path | None, typer.Option("--export-review", metavar="FILE", help="Write every proposal, to be decided on.")
    ] = None,
    seed: Seed = 0,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Make training pairs from the log, curated titles and accepted proposals; say what was dropped and why."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock():
            review = _review(shop, synthetic, import_file, export_file, seed)
            counts = make_pairs(shop, read_settings(shop.root), seed=seed)
        emit({**counts, "review": review}, json_file, lambda console: draw_pairs(console, counts))


def _review(
    shop: ShopWorkspace, amount: int | None, import_file: Path | None, export_file: Path | None, seed: int
) -> dict[str, int]:
    """Takes decisions in, then proposes, then exports: what was asked for, and how many rows each was about."""
    done: dict[str, int] = {}
    if import_file is not None:
        done |= import_review(shop, import_file)
        messages.print(f"Took in {done['accepted']:,} accepted and {done['rejected']:,} rejected proposals.")
    if amount is not None:
        done["proposed"] = propose(shop, amount=amount, rng=np.random.default_rng(seed))
        messages.print(f"Proposed {done['proposed']:,} new pairs; none trains before a reviewer accepted it.")
    if export_file is not None:
        done["exported"] = export_review(shop, export_file)
        messages.print(f"Wrote {done['exported']:,} proposals to {export_file}; set status and reviewer in each row.")
    return done


def train(seed: Seed = 0, workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Tune the whole ladder of adapters on the pairs, and choose one on held-out queries and documents."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock(), shown_progress() as progress:
            summary = train_candidate(shop, read_settings(shop.root), seed=seed, progress=progress)
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
            )
        emit(report, json_file, lambda console: draw_report(console, report, candidate_folder(shop) / "report.md"))


def draw_pairs(console: Console, counts: Mapping[str, Any]) -> None:
    """The table of `mangaassist pairs`."""
    table = Table("source", "raw events", "pairs", "unique", "trained", "share of weight", "dropped", title="Pairs")
    for name, source in counts["sources"].items():
        numbers = (f"{source[key]:,}" for key in ("raw_events", "pairs", "unique", "trained"))
        dropped = ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in source["dropped"].items())
        table.add_row(name, *numbers, f"{counts['share_by_source'].get(name, 0):.1%}", dropped or "nothing")
    console.print(table)
    held_out = counts["held_out"]
    if held_out["searches"]:
        console.print(f"Held out for testing: {held_out['searches']:,} searches, from {held_out['since']} on.")


def draw_training(console: Console, summary: Mapping[str, Any]) -> None:
    """What every rung gained on validation, and which one was chosen."""
    table = Table("rung", "rounds", "gain on known documents", "gain on unknown documents", title="Validation, NDCG@10")
    for name, rung in summary["rungs"].items():
        gains = rung["validation_gains"]
        cells = (f"{gains[cell]:+.3f}" if cell in gains else "too small" for cell in ("warm", "cold"))
        table.add_row(f"[bold green]{name}" if name == summary["chosen"] else name, str(rung["rounds"]), *cells)
    console.print(table)
    console.print(f"Chosen: {summary['because']}.")
    enrichment = summary["enrichment"]
    console.print(f"Enriched titles: {enrichment['chosen']} ({enrichment['because']}).")
