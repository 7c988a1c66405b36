"""A file to be taken in, as it is read: which content it is, its rows as they are counted, its refused rows as kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from mangaassist.core.errors import DataError
from mangaassist.core.files import sha256_of
from mangaassist.core.types import Progress
from mangaassist.data.lines import RAW_LIMIT, BadRow, Row
from mangaassist.data.parts import BATCH
from mangaassist.data.problems import Problem

REFUSED: Final = {
    "file": pl.String(),
    "line": pl.Int64(),
    "field": pl.String(),
    "reason": pl.String(),
    "remedy": pl.String(),
    "raw": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held at one moment, and how one would notice that it was written to."""

    sha256: str
    size: int
    modified_ns: int


def fingerprint(path: Path) -> Content:
    """The content of a file. Raises DataError if it cannot be read."""
    try:
        state = path.stat()
        return Content(sha256_of(path), state.st_size, state.st_mtime_ns)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the name and its permissions") from None


def check_unchanged(path: Path, before: Content) -> None:
    """Raises DataError if the file was written to while it was read."""
    if fingerprint(path) != before:
        raise DataError(f"{path}: changed while it was read; ingest it again when nothing writes to it")


def counted(rows: Iterator[Row | BadRow], name: str, progress: Progress) -> Iterator[Row | BadRow]:
    """The rows as they come, with the number of them told now and then."""
    count = 0
    for count, row in enumerate(rows, start=1):
        yield row
        if count % BATCH == 0:
            progress(f"ingest {name}", count, 0)
    progress(f"ingest {name}", count, count)


def refusal(name: str, line: int, problem: Problem, raw: str) -> dict[str, Any]:
    """A refused row as the quarantine keeps it: a row of `REFUSED`."""
    says = {"field": problem.field, "reason": problem.reason, "remedy": problem.remedy}
    return {"file": name, "line": line, **says, "raw": raw[:RAW_LIMIT]}
