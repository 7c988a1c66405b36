"""`mangaassist gate`, `promote`, `rollback` and `releases`: evidence in, a decision and the live release out."""

import json
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.lineage import draw_lineage
from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, messages
from mangaassist.core.errors import RegistryError
from mangaassist.core.files import write_atomic
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.evaluation.page import compare_page
from mangaassist.loop import (
    decide,
    read_settings,
    registry_of,
    release_candidate,
    released_report,
    trace_pairs,
    trace_release,
)
from mangaassist.promotion import Decision, read_tombstones, to_json
from mangaassist.promotion import releases as published_releases

Actor = Annotated[str, typer.Option("--actor", metavar="NAME", help="Who does it; kept in the audit.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why; kept in the audit.")]

_MARKS = {"promote": "[green]yes[/]", "reject": "[red]no[/]", "inconclusive": "[yellow]open[/]"}


def gate(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Judge the candidate. Exits 0 for promote, 10 for reject, 11 for inconclusive."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock():
            decision = decide(shop, read_settings(shop.root))
        emit(json.loads(to_json(decision)), json_file, lambda console: draw_decision(console, decision))
    raise typer.Exit(decision.exit_code)


def promote(
    actor: Actor = "",
    why: Why = "the gate said promote",
    override: Annotated[
        str | None, typer.Option("--override", metavar="REASON", help="Go past the gate; needs --actor.")
    ] = None,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Publish the candidate as a release and make it live, if the gate said promote."""
    if override is not None and not actor:
        messages.print("error: --override needs --actor NAME: going past the gate is signed", markup=False)
        raise typer.Exit(2)
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock():
            release = release_candidate(shop, actor=actor or current_user(), why=why, override=override)
        emit({"release": release}, json_file, lambda console: console.print(f"{release} is live."))


def rollback(
    actor: Actor = "",
    why: Why = "rolled back by hand",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Make the release before the live one live again."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock():
            registry = registry_of(shop)
            release = registry.rollback(expected_live=registry.aliases().live, actor=actor or current_user(), why=why)
        emit({"release": release}, json_file, lambda console: console.print(f"{release} is live again."))


def releases(
    lineage: Annotated[
        str | None,
        typer.Option("--lineage", metavar="RELEASE", help="Show one: its decision, its pairs, the files behind them."),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option("--query", metavar="TEXT", help="With --lineage: its pairs of this query, and their log lines."),
    ] = None,
    compare: Annotated[
        str | None,
        typer.Option("--compare", metavar="A,B", help="Set two or more side by side, by their reports, as a web page."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="With --compare: where the page goes.")
    ] = None,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """List the releases, which is live, and who changed that when and why."""
    if query is not None and lineage is None:
        messages.print("error: --query needs --lineage RELEASE: pairs are those of a release", markup=False)
        raise typer.Exit(2)
    if (compare is None) != (html is None):
        messages.print("error: --compare A,B and --html FILE go together: the page is a file", markup=False)
        raise typer.Exit(2)
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        registry = registry_of(shop)
        if compare is not None and html is not None:
            names = [name.strip() for name in compare.split(",") if name.strip()]
            write_atomic(html, compare_page({name: released_report(shop, name) for name in names}).encode())
            emit({"compared": names, "page": str(html)}, json_file, lambda console: console.print(f"{html}"))
            return
        if lineage is not None:
            told = trace_release(shop, registry, lineage)
            if query is not None:
                told["pairs_of_query"] = trace_pairs(shop, lineage, query)
            emit(told, json_file, lambda console: draw_lineage(console, told))
            return
        aliases = registry.aliases()
        result = {
            "releases": list(published_releases(shop.root)),
            "live": aliases.live,
            "candidate": aliases.candidate,
            "previous": aliases.previous,
            "history": [json.loads(to_json(entry)) for entry in registry.history()],
            "deleted": [
                {"release": each.release, "at": each.at, "actor": each.actor, "why": each.why}
                for each in read_tombstones(shop.root)
            ],
        }
        emit(result, json_file, lambda console: _draw_releases(console, result))


def current_user() -> str:
    """Who runs this; a container may run as a number that has no name."""
    try:
        return getuser()
    except (KeyError, OSError):
        raise RegistryError("nobody knows the name of who runs this; say who does it: --actor NAME") from None


def draw_decision(console: Console, decision: Decision) -> None:
    """Every rule with its value, its bound and its reason, then the outcome."""
    table = Table("rule", "value", "bound", "passed", "because", title="The gate")
    for rule in decision.rules:
        shown = (f"{number:.3f}" if number is not None else "–" for number in (rule.value, rule.bound))
        table.add_row(rule.name, *shown, _MARKS.get(rule.outcome, rule.outcome), rule.because)
    console.print(table)
    needed = f"; about {decision.queries_needed:,} queries would settle it" if decision.queries_needed else ""
    console.print(f"[bold]Decision: {decision.outcome}[/]{needed}.")


def _draw_releases(console: Console, result: dict[str, Any]) -> None:
    table = Table("release", "")
    roles = {result[role]: role for role in ("previous", "candidate", "live") if result[role]}
    for name in result["releases"]:
        table.add_row(name, roles.get(name, ""))
    console.print(table)
    for gone in result["deleted"]:
        console.print(f"{gone['at']}  {gone['actor']}  deleted {gone['release']}: {gone['why']}", markup=False)
    for entry in result["history"]:
        console.print(
            f"{entry['at']}  {entry['actor']}  {entry['action']} {entry['release']}: {entry['why']}", markup=False
        )
