"""One command per stage, in flow order; each lives in `commands/` and is only named here."""

from typing import Any

import typer
from typer.core import TyperGroup

from mangaassist.commands.beginning import init
from mangaassist.commands.bench import bench
from mangaassist.commands.console import console
from mangaassist.commands.demo import demo
from mangaassist.commands.diagnosing import diagnose
from mangaassist.commands.experimenting import experiment
from mangaassist.commands.exporting import export
from mangaassist.commands.feedback import feedback
from mangaassist.commands.forgetting import forget
from mangaassist.commands.indexing import index
from mangaassist.commands.intents import intents
from mangaassist.commands.keeping import backup, gc, migrate
from mangaassist.commands.keys import keys
from mangaassist.commands.learn import learn
from mangaassist.commands.learning import evaluate, train
from mangaassist.commands.making_pairs import pairs
from mangaassist.commands.monitoring import monitor
from mangaassist.commands.releasing import gate, promote, releases, rollback
from mangaassist.commands.searching import search
from mangaassist.commands.serving import serve
from mangaassist.commands.taking_in import embed, ingest

FLOW = (
    *(init, ingest, embed, pairs, train, evaluate, diagnose, gate, promote, rollback, releases, export, intents, keys),
    *(index, search, serve, experiment, monitor, feedback, learn, console, forget, backup, migrate, gc, bench, demo),
)
"""A function is one command, a Typer a command that has others under it."""


class InFlowOrder(TyperGroup):
    """The commands in the order of the flow; Typer by itself puts those with others under them last."""

    def __init__(self, *, commands: dict[str, Any], **settings: Any) -> None:
        names = [step.info.name if isinstance(step, typer.Typer) else step.__name__ for step in FLOW]
        super().__init__(commands={str(name): commands[str(name)] for name in names}, **settings)


app = typer.Typer(
    name="mangaassist",
    cls=InFlowOrder,
    help="Tune a small adapter over a frozen embedding model from a shop's own logs, and prove that it helps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for step in FLOW:
    if isinstance(step, typer.Typer):
        app.add_typer(step)
    else:
        app.command()(step)


def main() -> None:
    """The console script."""
    app()
