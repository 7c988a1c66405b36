"""`mangaassist search`: a message in, what the frozen encoder, live and the candidate answer out, side by side."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mangaassist.commands.output import JsonFile, Workspace, emit, errors_shown, shown_progress
from mangaassist.core.errors import DataError
from mangaassist.core.types import INTENTS, Intent
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import read_settings
from mangaassist.serving import AnswerShelf, Compared, Result, RetrieveRequest, compared_releases


def search(
    query: Annotated[str, typer.Argument(metavar="TEXT", help="What a shopper would write.")],
    k: Annotated[int, typer.Option("--k", metavar="N", min=1, help="How many results.")] = 5,
    intent: Annotated[
        str | None, typer.Option("--intent", metavar="NAME", help=f"One of {', '.join(INTENTS)}; else it is guessed.")
    ] = None,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Show what the baseline, the live release and the candidate find, and why; the shop's rules apply."""
    with errors_shown():
        if not query.strip():
            raise DataError("the text is empty; say what a shopper would write")
        shop = ShopWorkspace.open(workspace)
        request = RetrieveRequest(query=query, intent=_known(intent), k=k)
        with shown_progress() as progress:
            compared = compared_releases(shop, read_settings(shop.root), request, progress=progress)
        result = {
            "query": query,
            "live": compared.live,
            "systems": {
                name: {
                    "intent": answer.intent,
                    "results": [asdict(each) for each in answer.results],
                    "shelves": [_without_id(each) for each in answer.shelves],
                }
                for name, answer in compared.answers.items()
            },
        }
        emit(result, json_file, lambda console: _draw(console, compared))


def _known(intent: str | None) -> Intent | None:
    for known in INTENTS:
        if intent == known:
            return known
    if intent is not None:
        raise DataError(f"there is no intent {intent!r}; use one of {', '.join(INTENTS)}")
    return None


def _draw(console: Console, compared: Compared) -> None:
    heads = [f"{name} ({compared.live})" if name == "live" else name for name in compared.answers]
    if compared.is_live_baseline:
        heads[0] = f"baseline = live ({compared.live})"
    table = Table("", *heads, show_lines=True)
    columns = [answer.results for answer in compared.answers.values()]
    for place in range(max((len(column) for column in columns), default=0)):
        cells = (_cell(column[place]) if place < len(column) else "" for column in columns)
        table.add_row(str(place + 1), *cells)
    if any(answer.shelves for answer in compared.answers.values()):
        table.add_row("shelves", *(_shelves(answer.shelves) for answer in compared.answers.values()))
    console.print(table)
    if "candidate" not in compared.answers:
        console.print("There is no candidate yet; train one: mangaassist train")


def _without_id(shelf: AnswerShelf) -> dict[str, Any]:
    """A candidate is no release, so its shelves have no ids that would last."""
    told = asdict(shelf)
    del told["id"]
    return told


def _shelves(shelves: Sequence[AnswerShelf]) -> str:
    lines = (
        f"[bold]{escape(shelf.name)}[/]\n[dim]{escape(', '.join(title.title for title in shelf.titles))}[/]"
        for shelf in shelves
    )
    return "\n".join(lines)


def _cell(result: Result) -> str:
    why = "\n".join(f"[dim]{escape(reason)}[/]" for reason in result.why)
    return f"[bold]{escape(result.title)}[/] {result.score:.3f}\n{why}"
