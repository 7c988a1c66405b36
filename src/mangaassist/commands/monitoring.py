"""`mangaassist monitor`: production logs in, an exit code for cron and what changed since the launch out."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Seed, Workspace, emit, errors_shown, shown_progress
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import read_settings
from mangaassist.monitoring import watch


def monitor(
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=["%Y-%m-%d"], metavar="DAY", help="Look at the days from this one on (UTC)."),
    ] = None,
    window: Annotated[
        int | None, typer.Option("--window", metavar="N", min=1, max=92, help="Look at the last N whole days (UTC).")
    ] = None,
    seed: Seed = 0,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Compare the newest days of the logs with the live release's first. Exits 0 ok, 12 alarm, 13 cannot tell."""
    if since is not None and window is not None:
        raise typer.BadParameter("--since and --window both say where the window begins; leave one out")
    now = datetime.now(UTC)
    if since is not None and since.date() >= now.date():
        raise typer.BadParameter(f"--since {since.date()} leaves no whole day before today, {now.date()} (UTC)")
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        begins: date | None = None if since is None else since.date()
        with shown_progress() as progress:
            found = watch(
                shop, read_settings(shop.root), now=now, since=begins, days=window, seed=seed, progress=progress
            )
        emit(found, json_file, lambda console: _draw(console, found))
    raise typer.Exit(found["exit_code"])


def _draw(console: Console, found: Mapping[str, Any]) -> None:
    sides = [found[side] for side in ("reference", "window")]
    said = [f"{side['since']} to {side['until']}" if side["days"] else "no day" for side in sides]
    if found["checks"]:
        table = Table(title=f"{found['release']}: {said[1]} against {said[0]}")
        table.add_column("check")
        for column in ("then", "now", "change", "matters from", "p"):
            table.add_column(column, justify="right")
        table.add_column("")
        for each in found["checks"]:
            numbers = (each[key] for key in ("reference", "window", "change", "least"))
            alarm = "[bold red]alarm[/]" if each["status"] == "alarm" else "ok"
            table.add_row(each["name"], *(f"{number:.3f}" for number in numbers), f"{each['p']:.4f}", alarm)
        console.print(table)
        rate = found["false_alarms"]
        console.print(
            f"An alarm needs a change that matters and p ≤ {rate['per_look']:.4f}: of {rate['looks']} looks, "
            f"{rate['per_series']:.0%} chance of a false alarm. Exchanged were {found['exchanged']}."
        )
    encoder = found["encoder"]
    console.print(f"Encoder: {encoder['status']}, {encoder['because']}.", markup=False)
    for release, count in found["other_releases"].items():
        console.print(f"Not compared: {count:,} searches that {release} answered.")
    if found["unreadable_lines"]:
        console.print(f"{found['unreadable_lines']:,} log lines could not be read.")
    if found["status"] == "cannot_tell":
        console.print(f"[bold yellow]Cannot tell:[/] {found['because']}.")
    elif found["alarms"]:
        console.print(f"[bold red]Alarm:[/] {', '.join(found['alarms'])}. What to do: docs/runbook.md.")
    else:
        console.print("[bold green]Nothing has changed that matters.[/]")
