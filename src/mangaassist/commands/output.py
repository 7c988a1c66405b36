"""A command's result in, what a person or a program reads out: tables on the terminal, JSON in a file, clear errors."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mangaassist.core.errors import RetrievalError
from mangaassist.core.files import write_atomic
from mangaassist.core.types import Device

Workspace = Annotated[Path, typer.Option("--workspace", "-w", metavar="DIR", help="The shop's workspace directory.")]
JsonFile = Annotated[
    str | None, typer.Option("--json", metavar="FILE", help="Write the result as JSON; - for standard output.")
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of everything random.")]

OnDevice = Annotated[
    Device, typer.Option("--device", help="Where gradients train; auto: on a GPU where torch finds one.")
]

messages = Console(stderr=True, highlight=False)
"""Where progress, hints and errors go, so that standard output carries results only."""


def emit(result: Mapping[str, Any], json_file: str | None, draw: Callable[[Console], None]) -> None:
    """Writes `result` as JSON to `json_file`; unless that is standard output, draws it for a person too."""
    if json_file is not None:
        content = (json.dumps(result, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
        if json_file == "-":
            sys.stdout.buffer.write(content)
            sys.stdout.flush()
            return
        write_atomic(Path(json_file), content)
    draw(Console(highlight=False))


@contextmanager
def shown_progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress callback that draws one bar per kind of work on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=messages, transient=True, disable=not messages.is_terminal) as bars:
        current: list[tuple[str, Any]] = []

        def show(what: str, done: int, total: int) -> None:
            if not current or current[0][0].split()[0] != what.split(maxsplit=1)[0]:
                if current:
                    bars.remove_task(current.pop()[1])
                current.append((what, bars.add_task(what, total=total)))
            bars.update(current[0][1], description=what, completed=done, total=total)

        yield show


@contextmanager
def errors_shown() -> Iterator[None]:
    """Turns our errors, and files that cannot be read or written, into one clear line and exit code 1."""
    try:
        yield
    except RetrievalError as error:
        _complain(type(error).__name__, str(error))
        raise typer.Exit(1) from error
    except OSError as error:
        where = f"{error.filename2 or error.filename}: " if error.filename else ""
        _complain("OSError", f"{where}{error.strerror or error}; check the path, its permissions and the disk's space")
        raise typer.Exit(1) from error


def _complain(kind: str, message: str) -> None:
    """One line, however long, so that paths and commands in it can be copied."""
    messages.print(f"[bold red]error:[/] {kind}: ", end="", soft_wrap=True)
    messages.print(message, markup=False, soft_wrap=True)
