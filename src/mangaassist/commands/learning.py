"""`mangaassist train` and `evaluate`: a workspace's pairs in, a measured candidate out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Seed, Workspace, emit, errors_shown, shown_progress
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.evaluation import MIN_CELL_QUERIES
from mangaassist.loop import (
    evaluate_candidate,
    read_settings,
    registry_of,
    train_candidate,
)

_SHOWN_SYSTEMS = ("frozen", "baseline", "mlp", "candidate")


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
        emit(report, json_file, lambda console: draw_report(console, report))


def draw_training(console: Console, summary: Mapping[str, Any]) -> None:
    """What every rung gained on validation, and which one was chosen."""
    table = Table("rung", "rounds", "gain on known documents", "gain on unknown documents", title="Validation, NDCG@10")
    for name, rung in summary["rungs"].items():
        gains = rung["validation_gains"]
        cells = (f"{gains[cell]:+.3f}" if cell in gains else "too small" for cell in ("warm", "cold"))
        table.add_row(f"[bold green]{name}" if name == summary["chosen"] else name, str(rung["rounds"]), *cells)
    console.print(table)
    console.print(f"Chosen: {summary['because']}.")


def draw_report(console: Console, report: Mapping[str, Any]) -> None:
    """Systems side by side, then the candidate's cells against the live release."""
    table = Table("", title="Judged test queries")
    for column in ("recall@3", "success@3", "NDCG@10", "bad top-1", "judged@3"):
        table.add_column(column, justify="right")
    for name in _SHOWN_SYSTEMS:
        row = report["systems"][name]
        metrics = ("recall@3", "success@3", "ndcg@10", "bad_top1_rate", "judged@3")
        label = {"baseline": f"live ({report['live']})", "candidate": f"candidate ({report['chosen']})"}.get(name, name)
        table.add_row(label, *(f"{row[metric]:.3f}" for metric in metrics))
    console.print(table)
    cells = Table("cell", "queries", "groups", "live", "candidate", title="NDCG@10 by cell")
    for name, systems in report["cells"].items():
        counts = systems["candidate"]
        if counts is None:
            cells.add_row(name, f"< {MIN_CELL_QUERIES}", "", "too small", "too small")
            continue
        values = (f"{systems[who]['ndcg@10']:.3f}" for who in ("baseline", "candidate"))
        cells.add_row(name, str(counts["queries"]), str(counts["groups"]), *values)
    console.print(cells)
    for metric, (mean, low, high) in report["delta"].items():
        console.print(f"Δ{metric}: {mean:+.3f} (95 % interval {low:+.3f} to {high:+.3f})")
