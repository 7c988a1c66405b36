"""A text file in, plain or gzipped; its numbered lines out, and a line that is no text as a `BadRow`."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from mangaassist.core.errors import DataError
from mangaassist.data.problems import Problem

LINE_LIMIT: Final = 1 << 20
RAW_LIMIT: Final = 2_000
BOM: Final = b"\xef\xbb\xbf"
UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Row:
    """One readable row and the line it begins on (in Parquet: its number), from 1."""

    line: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """One row that cannot be read, and the beginning of what stands there."""

    line: int
    problem: Problem
    raw: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a text file."""

    number: int
    text: str


def read_lines(path: Path) -> Iterator[Line | BadRow]:
    """The lines of a UTF-8 file, line ends kept, numbered from 1; a line that is no text as a `BadRow`."""
    number = 0
    try:
        with _opened(path) as stream:
            while content := stream.readline(LINE_LIMIT + 1):
                number += 1
                whole = len(content) <= LINE_LIMIT
                if not whole:
                    _skip_line(stream, content)
                yield _decoded(path, number, content, whole=whole)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(
            f"{path}: line {number + 1}: the gzip stream is broken ({error}); copy the file again"
        ) from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check the name and its permissions") from None


def _opened(path: Path) -> BinaryIO:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")  # type: ignore[return-value]


def _skip_line(stream: BinaryIO, content: bytes) -> None:
    while content and not content.endswith(b"\n"):
        content = stream.readline(LINE_LIMIT)


def _decoded(path: Path, number: int, content: bytes, *, whole: bool) -> Line | BadRow:
    if number == 1:
        if content.startswith(UTF16):
            raise DataError(f"{path}: line 1: the file is UTF-16; save it as UTF-8")
        content = content.removeprefix(BOM)
    if whole and b"\0" not in content:
        try:
            return Line(number, content.decode())
        except UnicodeDecodeError as error:
            return bad(number, f"is not UTF-8 at byte {error.start + 1}", "save the file as UTF-8", _start(content))
    if whole:
        raw = _start(content).replace("\0", "\\0")
        return bad(number, "holds a NUL byte", "remove it; the file may be damaged", raw)
    remedy = "split the row, or check for a missing line end"
    return bad(number, f"is longer than {LINE_LIMIT} bytes", remedy, _start(content))


def _start(content: bytes) -> str:
    return content[:RAW_LIMIT].decode(errors="backslashreplace")


def bad(line: int, reason: str, remedy: str, raw: str) -> BadRow:
    """A row refused as a whole."""
    return BadRow(line, Problem("", reason, remedy), raw[:RAW_LIMIT])
