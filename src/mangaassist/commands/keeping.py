"""`mangaassist backup`, `migrate` and `gc`: a workspace in, a checked copy, a newer format or more room out."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from mangaassist.commands.forgetting import draw_counts, erasure_as_json
from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, messages, shown_progress
from mangaassist.commands.releasing import Actor, Why, current_user
from mangaassist.core.files import sha256_of
from mangaassist.data import BACKUP_LIST, Erasure, back_up, check_backup, unfinished_erasure
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.data import migrate as migrate_workspace
from mangaassist.erasure import forget_older
from mangaassist.experiments import experiments, unstopped
from mangaassist.loop import Garbage, collect_garbage, collect_releases, read_settings, registry_of


def backup(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The backup: a new name, outside the workspace.")],
    check: Annotated[
        bool, typer.Option("--check", help="Make none: hold the backup that is there to its digests.")
    ] = False,
    without_vectors: Annotated[
        bool, typer.Option("--without-vectors", help="Leave out the base vectors: they can be encoded again.")
    ] = False,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Copy the workspace whole while nobody writes to it, and read the copy back. To restore, open the copy."""
    with errors_shown():
        if check:
            made, said = check_backup(directory), "is what was written"
        else:
            now = datetime.now(UTC)
            with shown_progress() as progress:
                made = back_up(workspace, directory, at=now, with_vectors=not without_vectors, progress=progress)
            said = "was made and read back"
        size = sum((directory / name).stat().st_size for name in made.files)
        result = {
            "backup": str(directory),
            "made_at": made.made_at,
            "made_from": made.made_from,
            "format_version": made.workspace_format,
            "with_vectors": made.with_vectors,
            "files": len(made.files),
            "bytes": size,
            "sha256": sha256_of(directory / BACKUP_LIST),
        }
        line = f"{directory} {said}: {len(made.files):,} files, {decimal(size)}, of {made.made_at}."
        emit(result, json_file, lambda console: console.print(line, markup=False))


def migrate(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Bring a workspace of an older format up to date; killed, it can be run again."""
    with errors_shown():
        before, now = migrate_workspace(workspace)
        said = f"is of format {now} already" if before == now else f"was of format {before} and is of format {now} now"
        result = {"workspace": str(workspace.resolve()), "from": before, "to": now}
        emit(result, json_file, lambda console: console.print(f"{result['workspace']} {said}.", markup=False))


def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing; say what would be removed.")] = False,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", metavar="N", min=0, help="Also remove releases out of reach of every rollback, but the N newest."
        ),
    ] = None,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="Also remove base vectors of encoders no longer in use.")
    ] = False,
    older_than_days: Annotated[
        int | None,
        typer.Option("--older-than-days", metavar="N", min=1, help="Also erase rows of the log older than N days."),
    ] = None,
    actor: Actor = "",
    why: Why = "out of reach of every rollback",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Remove what nothing refers to: leftovers of killed commands and, if asked, releases, vectors and old log rows."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock():
            erasure = _retained(shop, older_than_days, actor, dry_run=dry_run)
            found = collect_garbage(shop, read_settings(shop.root), with_vectors=vectors, dry_run=dry_run)
            if keep is not None:
                registry, now, who = registry_of(shop), datetime.now(UTC), actor or current_user()
                going = unstopped(experiments(shop))
                tried = () if going is None else (going.live, going.candidate)
                found += collect_releases(
                    shop, registry, keep=keep, dry_run=dry_run, at=now, actor=who, why=why, tried=tried
                )
            unfinished = unfinished_erasure(shop)
        result = {
            "dry_run": dry_run,
            "removed": [
                {"path": each.path.relative_to(shop.root).as_posix(), "bytes": each.bytes, "why": each.why}
                for each in found
            ],
            "bytes": sum(each.bytes for each in found),
            "erased": erasure and erasure_as_json(erasure),
            "unfinished_erasure": unfinished is not None,
        }
        emit(result, json_file, lambda console: _draw(console, found, shop.root, dry_run=dry_run))
        if erasure is not None and json_file != "-":
            draw_counts(messages, erasure.counts, dry_run=dry_run)
        if unfinished is not None:
            told = f"The erasure that was begun at {unfinished.at:%Y-%m-%d %H:%M} UTC is unfinished"
            messages.print(f"{told}; finish it: `mangaassist forget`", markup=False, soft_wrap=True)


def _retained(shop: ShopWorkspace, days: int | None, actor: str, *, dry_run: bool) -> Erasure | None:
    """What went for its age, if that was asked for."""
    if days is None:
        return None
    now = datetime.now(UTC)
    before = now - timedelta(days=days)
    who = actor or current_user()
    return forget_older(shop, before, at=now, actor=who, why=f"older than {days} days", dry_run=dry_run)


def _draw(console: Console, found: Sequence[Garbage], root: Path, *, dry_run: bool) -> None:
    if not found:
        console.print("Nothing to remove: everything is referred to.")
        return
    table = Table("removed" if not dry_run else "to remove", "size", "why")
    for each in found:
        table.add_row(each.path.relative_to(root).as_posix(), decimal(each.bytes), each.why)
    console.print(table)
    size = decimal(sum(each.bytes for each in found))
    console.print(f"Would free {size}; nothing was removed." if dry_run else f"Freed {size}.")
