"""A release's lineage in, what a person reads of it out: release, decision, pairs by source, the files behind them."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_SHOWN_DIGITS = 12


def draw_lineage(console: Console, told: Mapping[str, Any]) -> None:
    """From the release down to the files, each with what became of it; or down to the log lines of some pairs."""
    console.print(f"[bold]{told['release']}[/]")
    if told["deleted"]:
        console.print(f"  deleted {_who_and_why(told['deleted'])}", markup=False)
    for entry in told["promoted"]:
        gate = f"the gate said {entry['decision']}" if entry["decision"] else "without a decision"
        past = f", past it because: {entry['override']}" if entry["override"] else ""
        console.print(f"  live {_who_and_why(entry)} ({gate}{past})", markup=False)
    lineage = told["lineage"]
    if lineage is None:
        console.print("  No lineage: it changes nothing, or is older than lineage.")
        return
    console.print(f"  after {' ← '.join(told['parents'])}", markup=False)
    console.print(f"  decision {_short(lineage['decision_sha256'])}, report {_short(lineage['report_sha256'])}")
    console.print(
        f"  trained with {lineage['encoder_id']}, settings {_short(lineage['settings_sha256'])}, seed "
        f"{lineage['seed']}, mangaassist {lineage['program_version']}",
        markup=False,
    )
    pairs = lineage["pairs"]
    counts = ", ".join(f"{source} {count:,}" for source, count in pairs["by_source"].items())
    gone = f"erased {_who_and_why(pairs['erased'])}" if pairs["erased"] else "deleted with the release"
    console.print(f"  pairs {_short(pairs['sha256'])}: {counts}; {pairs['file'] or gone}", markup=False)
    if "pairs_of_query" in told:
        _draw_pairs(console, told["pairs_of_query"])
    else:
        console.print(_files(lineage["files"]))


def _draw_pairs(console: Console, pairs: list[Mapping[str, Any]]) -> None:
    for pair in pairs:
        told = f"{pair['query_text']} → {pair['positive']} ({pair['source']}, weight {pair['weight']:.2f})"
        console.print(f"  {told}", markup=False)
        for line in pair["lines"]:
            console.print(f"    {line['file']}, line {line['line']:,}: {line['id']}", markup=False)
        for name in pair["elsewhere"]:
            console.print(f"    in no log that is here: {name}", markup=False)


def _files(files: list[Mapping[str, Any]]) -> Table:
    table = Table("file", "kind", "rows", "accepted", "sha256", "now")
    for file in files:
        now = file["state"]
        if now == "deleted":
            now = f"deleted {file['deleted_at']}: {file['deleted_why']}"
        elif file["erased"]:
            now += f", {file['erased']:,} rows erased"
        counts = (f"{file['rows']:,}", f"{file['accepted']:,}")
        table.add_row(escape(file["file"]), file["kind"], *counts, _short(file["sha256"]), escape(now))
    return table


def _who_and_why(entry: Mapping[str, Any]) -> str:
    return f"{entry['at']} by {entry['actor']}: {entry['why']}"


def _short(digest: str | None) -> str:
    return digest[:_SHOWN_DIGITS] if digest else "–"
