"""One command per stage, in flow order; each lives in `commands/` and is only named here."""

import typer

from mangaassist.commands.bench import bench

app = typer.Typer(
    name="mangaassist",
    help="Tune a small adapter over a frozen embedding model from a shop's own logs, and prove that it helps.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(bench)


@app.callback()
def _root() -> None:
    """Keep sub-commands even while there is only one."""


def main() -> None:
    """The console script."""
    app()
