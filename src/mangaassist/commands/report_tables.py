"""The JSON of a report in, its tables for a terminal of 80 columns out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mangaassist.commands.diagnosing import draw_diagnoses
from mangaassist.evaluation import MIN_CELL_QUERIES, debiased_sentences

_SYSTEMS = ("frozen", "baseline", "composed", "mlp", "candidate")
_METRICS = {
    "recall@3": "recall@3",
    "success@3": "success@3",
    "ndcg@10": "NDCG@10",
    "bad_top1_rate": "bad top-1",
    "judged@3": "judged@3",
}
_FAMILIES = ("symptom", "intent", "language", "documents")
_CLAIMS = {"gain": "[green]gain[/]", "loss": "[red]loss[/]", None: ""}


def draw_report(console: Console, report: Mapping[str, Any], markdown: Path) -> None:
    """Systems side by side, cells, slices, what enriched text is worth, and where all of it can be read."""
    console.print(_systems(report))
    for metric, (mean, low, high) in report["delta"].items():
        console.print(f"Δ{metric}: {mean:+.3f} (95 % interval {low:+.3f} to {high:+.3f})")
    console.print(_cells(report))
    draw_diagnoses(console, report["diagnoses"])
    console.print(_slices(report))
    console.print("Claims are corrected for the number of slices of their kind (Holm, 5 %).\n")
    _draw_enrichment(console, report["enrichment"]["sparse"])
    _draw_composition(console, report["composition"])
    _draw_live_log(console, report)
    console.print(f"\nThe full report: {escape(str(markdown))}", soft_wrap=True)


def _systems(report: Mapping[str, Any]) -> Table:
    table = _table("Judged test queries", ("", *_METRICS.values()))
    for name in _SYSTEMS:
        row = report["systems"][name]
        table.add_row(_label(name, report), *(f"{row[metric]:.3f}" for metric in _METRICS))
    return table


def _label(name: str, report: Mapping[str, Any]) -> str:
    return {"baseline": f"live ({report['live']})", "candidate": f"candidate ({report['chosen']})"}.get(name, name)


def _cells(report: Mapping[str, Any]) -> Table:
    table = _table("NDCG@10 by what training has seen", ("cell", "queries", "groups", "live", "candidate"))
    for name, systems in report["cells"].items():
        counts = systems["candidate"]
        if counts is None:
            table.add_row(name, f"< {MIN_CELL_QUERIES}", "", "too small", "too small")
            continue
        values = (f"{systems[who]['ndcg@10']:.3f}" for who in ("baseline", "candidate"))
        table.add_row(name, str(counts["queries"]), str(counts["groups"]), *values)
    return table


def _slices(report: Mapping[str, Any]) -> Table:
    columns = ("slice", "queries", "live", "candidate", "difference, 95 %", "claim")
    table = _table("Recall@3 by slice", columns)
    for family in _FAMILIES:
        slices = report["slices"][family]
        if slices:
            table.add_row(f"[bold]by {family}[/]")
        for name in sorted(slices, key=lambda each: (-slices[each]["queries"], each)):
            table.add_row(f" {escape(name)}", str(slices[name]["queries"]), *_compared(slices[name]))
    return table


def _compared(found: Mapping[str, Any]) -> list[str]:
    if found["delta"] is None:
        return ["", "too small"]
    means = (f"{found[who]['recall@3']:.3f}" for who in ("baseline", "candidate"))
    return [*means, escape(_difference(found["delta"]["recall@3"])), _CLAIMS[found["claim"]]]


def _draw_enrichment(console: Console, sparse: Mapping[str, Any]) -> None:
    """Enriched text against plain in two lines."""
    console.print("[bold]Sparse titles, plain → enriched text, recall@3[/]")
    for who in ("frozen", "candidate"):
        found = sparse[who]
        if found is None:
            console.print(f"  {who}: too small ({sparse['queries']} queries)")
            continue
        plain, enriched = (found[text]["recall@3"] for text in ("plain", "enriched"))
        console.print(f"  {who:9}  {plain:.3f} → {enriched:.3f}   {_difference(found['delta'])}", markup=False)


def _draw_composition(console: Console, composition: Mapping[str, Any]) -> None:
    """What every part of a composed query is worth to the candidate."""
    table = _table("What composing queries is worth", ("part", "weight", "recall@3, 95 %", "NDCG@10, 95 %"))
    for name, found in composition["without"].items():
        weight = composition["weights"].get(name)
        shown = "" if weight is None else f"{weight:g}"
        worth = (escape(_difference(found["worth"][metric])) for metric in ("recall@3", "ndcg@10"))
        table.add_row(name.replace("_", " "), shown, *worth)
    if composition["without"]:
        console.print(table)


def _draw_live_log(console: Console, report: Mapping[str, Any]) -> None:
    """The newest searches of the log, and why they decide nothing."""
    live_log = report["live_log"]
    if live_log["systems"] is None:
        console.print(f"\nNewest searches of the log: {live_log['queries']} usable ones are too small a test.")
        return
    console.print()
    title = f"{live_log['queries']:,} newest searches of the log, from {live_log['since']} on"
    table = _table(title, ("", *_METRICS.values()))
    for name in _SYSTEMS:
        row = live_log["systems"][name]
        low, high = row["bad_top1_rate_range"]
        found = [f"{low:.2f}–{high:.2f}" if metric == "bad_top1_rate" else f"{row[metric]:.3f}" for metric in _METRICS]
        table.add_row(_label(name, report), *found)
    console.print(table)
    for metric, found in live_log["delta"].items():
        console.print(f"Δ{metric} on these searches: {_difference(found)}", markup=False)
    console.print(live_log["caution"])
    for sentence in debiased_sentences(live_log):
        console.print(f"- {sentence}", markup=False, highlight=False)


def _difference(found: Sequence[float]) -> str:
    mean, low, high = found
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def _table(title: str, columns: Sequence[str]) -> Table:
    """The first column is a name, the others are numbers; thin lines leave room for them."""
    table = Table(title=title, box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    return table
