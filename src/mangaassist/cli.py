"""One command per stage, in flow order; each lives in `commands/` and is only named here."""

import typer

from mangaassist.commands.bench import bench
from mangaassist.commands.demo import demo
from mangaassist.commands.keys import keys
from mangaassist.commands.learning import evaluate, pairs, train
from mangaassist.commands.releasing import gate, promote, releases, rollback
from mangaassist.commands.taking_in import embed, ingest, init

app = typer.Typer(
    name="mangaassist",
    help="Tune a small adapter over a frozen embedding model from a shop's own logs, and prove that it helps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (init, ingest, embed, pairs, train, evaluate, gate, promote, rollback, releases, keys, bench, demo):
    app.command()(command)


def main() -> None:
    """The console script."""
    app()
