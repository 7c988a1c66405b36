"""`mangaassist serve`: a workspace in, its live release over HTTP out, until it is told to stop."""

from pathlib import Path
from typing import Annotated

import typer

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, messages, shown_progress
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.data import key_file, load_key
from mangaassist.experiments import LiveExperiments
from mangaassist.loop import read_settings, registry_of, update_index
from mangaassist.serving import KeyRing, LiveEngine, check_binding, create_app, run_server

EXAMPLE = "dark fantasy like Berserk but less brutal"


def serve(
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", metavar="N", min=0, max=65535, help="0 takes any free one.")] = 8080,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Serve the live release over HTTP; promotions, rollbacks, index changes and experiments reach it while it runs."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        settings = read_settings(shop.root)
        check_binding(host, KeyRing(shop.root))
        privacy = load_key(key_file(), workspace=shop.root)
        with shown_progress() as progress:
            update_index(shop, settings, registry_of(shop).aliases().live, progress=progress)
        engine = LiveEngine.open(shop, settings)
        tried = LiveExperiments.open(shop, engine, settings, privacy=privacy)
        try:
            app = create_app(engine, settings.service, root=shop.root, privacy=privacy, listener=tried)
            run_server(app, host=host, port=port, told=lambda url: _tell(url, engine, shop, json_file))
        finally:
            tried.close()
            engine.close()


def _tell(url: str, engine: LiveEngine, shop: ShopWorkspace, json_file: str | None) -> None:
    """Where it listens, and a question to try."""
    info = engine.info()
    key = " -H 'Authorization: Bearer TOKEN'" if KeyRing(shop.root).is_needed else ""
    curl = f'curl -s {url}/v1/retrieve{key} -d \'{{"query": "{EXAMPLE}", "k": 3}}\''
    result = {"url": url, "release": info["release"], "documents": info["documents"]}
    emit(
        result,
        json_file,
        lambda console: console.print(
            f"Serving {info['release']}, {info['documents']:,} documents, on {url}\nTry: {curl}\nStop: Ctrl-C",
            markup=False,
            soft_wrap=True,
        ),
    )
    if json_file == "-":
        messages.print(f"Serving on {url}", markup=False)
