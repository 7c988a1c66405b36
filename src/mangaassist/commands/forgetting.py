"""`mangaassist forget`: a client's id in, a workspace that holds nothing of that client out."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, messages
from mangaassist.commands.releasing import Actor, current_user
from mangaassist.data import Erasure, subject_of, workspace_key
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.erasure import finish_unfinished, forget_client

_PSEUDONYM: Final = re.compile("[0-9a-f]{32}")


def forget(
    client: Annotated[
        str | None, typer.Option("--client", metavar="ID", help="The client's id as the shop knows it; kept nowhere.")
    ] = None,
    pseudonym: Annotated[
        str | None, typer.Option("--pseudonym", metavar="HEX", help="Instead of --client: the id as it stands here.")
    ] = None,
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason; kept.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Erase nothing; count what would go.")] = False,
    actor: Actor = "",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Erase everything about one client. Without a client: finish the erasure that a kill left."""
    named = [each for each in (client, pseudonym) if each is not None]
    if len(named) > 1 or "" in named or (named and not why.strip()) or (dry_run and not named):
        messages.print(
            "error: give one of --client ID and --pseudonym HEX, and --why TEXT", markup=False, soft_wrap=True
        )
        raise typer.Exit(2)
    if pseudonym is not None and not _PSEUDONYM.fullmatch(pseudonym):
        messages.print(
            "error: --pseudonym takes 32 hex digits, as the tables have them; or give --client ID", soft_wrap=True
        )
        raise typer.Exit(2)
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock():
            if client is not None:
                pseudonym = workspace_key(shop).pseudonym(client)
            if pseudonym is None:
                erasure = finish_unfinished(shop)
            else:
                now, who = datetime.now(UTC), actor or current_user()
                erasure = forget_client(shop, pseudonym, at=now, actor=who, why=why, dry_run=dry_run)
        if erasure is None:
            emit({"erasure": None}, json_file, lambda console: console.print("No erasure is unfinished."))
            return
        result = {"dry_run": dry_run, **erasure_as_json(erasure)}
        emit(result, json_file, lambda console: _draw(console, erasure, dry_run=dry_run))


def draw_counts(console: Console, counts: Mapping[str, int], *, dry_run: bool) -> None:
    """Place by place how much went."""
    table = Table("place", "to erase" if dry_run else "erased")
    for place, count in counts.items():
        table.add_row(place, f"{count:,}")
    console.print(table)


def erasure_as_json(erasure: Erasure) -> dict[str, Any]:
    """What may be told of an erasure; of the client a hash of the pseudonym."""
    return {
        "at": erasure.at.isoformat(),
        "actor": erasure.actor,
        "why": erasure.why,
        "client": subject_of(erasure.pseudonym) if erasure.pseudonym else None,
        "before": erasure.before.isoformat() if erasure.before else None,
        "counts": dict(erasure.counts),
    }


def _draw(console: Console, erasure: Erasure, *, dry_run: bool) -> None:
    draw_counts(console, erasure.counts, dry_run=dry_run)
    if dry_run:
        console.print("Nothing was erased.")
        return
    console.print("Erased here, and suppressed in files that come later. Backups made before still hold it.")
    if erasure.counts.get("queries") or erasure.counts.get("events"):
        console.print("Pairs and candidate are out of date: run `mangaassist pairs`, then `train`.")
