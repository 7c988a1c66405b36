"""Words of a command line in, what a person and a program see of it out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from mangaassist.cli import app

COLUMNS = "240"
"""As wide as no message is, so that none is broken."""


@dataclass(frozen=True, slots=True)
class FinishedDemo:
    """A demo that ran to its end: its folder, its JSON, and what it printed."""

    folder: Path
    result: dict[str, Any]
    stdout: str
    stderr: str


def run(*words: object) -> Result:
    """The command as `mangaassist WORDS` runs it on a wide terminal; an error that is not ours is raised here."""
    return CliRunner(env={"COLUMNS": COLUMNS}).invoke(app, [str(word) for word in words], catch_exceptions=False)


def refused(*words: object) -> str:
    """What a command that ends with our error says: one line on standard error, and nothing else."""
    done = run(*words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: ")
    return done.stderr.removeprefix("error: ").rstrip("\n")
