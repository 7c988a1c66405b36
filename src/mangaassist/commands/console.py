"""`mangaassist console`: a workspace in, the pages that people look at and decide on out, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, messages
from mangaassist.console import create_console
from mangaassist.core.errors import SettingsError
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import read_settings
from mangaassist.serving import is_loopback, listen_on, url_of


def console(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes any free one.")] = 8090,
    behind_https: Annotated[
        bool, typer.Option("--behind-https", help="A proxy in front speaks HTTPS; cookies are then for HTTPS alone.")
    ] = False,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Open the console: releases, playground, failures, review, diagnoses. The first admin joins by a one-time link."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        if not behind_https and not is_loopback(host):
            raise SettingsError(
                f"passwords would cross the network to {host} as plain text; put a proxy with HTTPS in front and say "
                "--behind-https, or listen on 127.0.0.1"
            )
        app = create_console(shop, read_settings(shop.root), is_secure=behind_https)
        listener = listen_on(host, port)
        url = url_of(host, listener)
        token = app.state.desk.accounts.first_admin()
        result = {"url": url, "first_admin": f"{url}/join?token={token}" if token else None}
        emit(result, json_file, lambda out: out.print(_told(result), markup=False, soft_wrap=True))
        if json_file == "-":
            messages.print(f"The console is on {url}", markup=False)
        config = uvicorn.Config(app, log_level="warning", access_log=False, proxy_headers=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


def _told(result: dict[str, str | None]) -> str:
    """Where it listens, and the link of the first admin."""
    lines = [f"The console is on {result['url']}"]
    if result["first_admin"]:
        lines.append(f"Nobody has an account yet. The first admin's link, good for one use: {result['first_admin']}")
    return "\n".join([*lines, "Stop: Ctrl-C"])
