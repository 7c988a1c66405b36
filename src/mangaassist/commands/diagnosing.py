"""`mangaassist diagnose`: a release, or the newest run, in; eight known failures with what shows them out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import read_diagnoses, registry_of

_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def diagnose(
    release: Annotated[
        str | None, typer.Argument(metavar="[RELEASE]", help="A release or an alias; without it, the newest run.")
    ] = None,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Show the known failures that were looked for in an evaluated release: status, evidence and fix."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        found = read_diagnoses(shop, registry_of(shop).aliases(), release)
        emit(found, json_file, lambda console: draw_diagnoses(console, found["diagnoses"]))


def draw_diagnoses(console: Console, diagnoses: Sequence[Mapping[str, Any]]) -> None:
    """One row per failure, then what shows those that raised an alarm."""
    table = Table(title="Diagnoses", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for column, justify in (("failure", "left"), ("status", "left"), ("value", "right"), ("fail from", "right")):
        table.add_column(column, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    table.add_column("found")
    for each in diagnoses:
        value = "–" if each["value"] is None else f"{each['value']:+.3f}"
        status = Text(each["status"], style=_STYLES[each["status"]])
        table.add_row(each["name"], status, value, f"{each['threshold']:.3f}", Text(each["because"]))
    console.print(table)
    for each in diagnoses:
        if each["status"] != "ok":
            _draw_evidence(console, each)


def _draw_evidence(console: Console, diagnosis: Mapping[str, Any]) -> None:
    """The queries and titles that show it; logged texts are no markup."""
    console.print(f"[bold]{diagnosis['name']}[/]")
    for shown in diagnosis["evidence"]:
        named = f"“{shown['query']}”: " if shown["query"] else f"{shown['document']}: " if shown["document"] else ""
        console.print(f"  {named}{shown['said']}", markup=False)
        for when in ("before", "after"):
            if shown[when]:
                console.print(f"    {when}: {' · '.join(shown[when])}", markup=False)
    if diagnosis["fix"]:
        console.print(f"  fix: `mangaassist train --fix {diagnosis['fix']}`", markup=False)
