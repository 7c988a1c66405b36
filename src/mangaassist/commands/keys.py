"""`mangaassist keys`: names and scopes in, API keys of the service out; a token is shown once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, messages
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.serving import SCOPES, ApiKey, add_key, read_keys, revoke_key

Action = Literal["add", "list", "revoke"]


def keys(
    action: Annotated[Action, typer.Argument(metavar="add|list|revoke", help="What to do.")] = "list",
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key: an application's name.")] = "",
    scopes: Annotated[
        str, typer.Option("--scopes", metavar="LIST", help=f"What it may do: {', '.join(SCOPES)}.")
    ] = "retrieve,events",
    per_minute: Annotated[
        int | None, typer.Option("--per-minute", metavar="N", min=1, help="Its own rate of requests.")
    ] = None,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Add, list or revoke the API keys of the service."""
    if (action == "list") == bool(name):
        messages.print("error: say `keys list`, or `keys add NAME`, or `keys revoke NAME`", markup=False)
        raise typer.Exit(2)
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        if action == "list":
            found = read_keys(shop.root)
            emit({"keys": [_shown(key) for key in found]}, json_file, lambda console: _draw(console, found))
            return
        with shop.lock():
            result, said = _changed(shop.root, action, name, scopes, per_minute)
        emit(result, json_file, lambda console: console.print(said, markup=False, soft_wrap=True))


def _changed(root: Path, action: Action, name: str, scopes: str, per_minute: int | None) -> tuple[dict[str, Any], str]:
    if action == "revoke":
        revoke_key(root, name)
        return {"revoked": name}, f"{name} is revoked; a running service refuses it from now on."
    wanted = tuple(scope.strip() for scope in scopes.split(",") if scope.strip())
    key, token = add_key(root, name, wanted, at=datetime.now(UTC), requests_per_minute=per_minute)
    said = f"{token}\nThis is the token of {name} ({', '.join(key.scopes)}). It is shown only now: keep it."
    return {**_shown(key), "token": token}, said


def _shown(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "scopes": list(key.scopes),
        "created": key.created,
        "requests_per_minute": key.requests_per_minute,
    }


def _draw(console: Console, found: tuple[ApiKey, ...]) -> None:
    table = Table("name", "scopes", "created", "requests a minute")
    for key in found:
        rate = "as set" if key.requests_per_minute is None else f"{key.requests_per_minute:,}"
        table.add_row(key.name, ", ".join(key.scopes), key.created, rate)
    console.print(table)
