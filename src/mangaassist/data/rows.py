"""One JSONL, CSV or Parquet file in, plain or gzipped; its rows out one by one, a broken row as a `BadRow`.

A row that cannot be read never hides the others. A file that cannot be read to its end is a `DataError`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic_core import from_json

from mangaassist.core.errors import DataError
from mangaassist.data.csv_rows import csv_rows
from mangaassist.data.lines import BadRow, Line, Row, bad, read_lines
from mangaassist.data.parquet_rows import parquet_rows

FORMATS: Final = (".jsonl", ".csv", ".parquet")


def read_rows(path: Path, *, scratch: Path | None = None) -> Iterator[Row | BadRow]:
    """The rows of a file, told by its name; `scratch` is where a packed Parquet file is unpacked."""
    form = format_of(path)
    if not path.is_file():
        raise DataError(f"{path}: no such file; check the name")
    if form == ".parquet":
        return parquet_rows(path, scratch=scratch)
    return csv_rows(path) if form == ".csv" else jsonl_rows(path)


def strict_rows(path: Path) -> Iterator[Row]:
    """The rows of a file in which every row counts: a broken one is a `DataError`."""
    for row in read_rows(path):
        if isinstance(row, BadRow):
            raise DataError(f"{path}: line {row.line}: {row.problem}")
        yield row


def text_lines(path: Path) -> Iterator[Line]:
    """The lines of a text file in which every line counts, without blank ones: a broken one is a `DataError`."""
    for line in read_lines(path):
        if isinstance(line, BadRow):
            raise DataError(f"{path}: line {line.line}: {line.problem}")
        if line.text.strip():
            yield line


def text_lines_or_bad(path: Path) -> Iterator[str | None]:
    """The lines of a text file without blank ones; None for a line that is no text."""
    for line in read_lines(path):
        if isinstance(line, BadRow):
            yield None
        elif line.text.strip():
            yield line.text


def format_of(path: Path) -> str:
    """`.jsonl`, `.csv` or `.parquet`, whether or not `.gz` follows."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    name = suffixes[-2] if suffixes[-1:] == [".gz"] and len(suffixes) > 1 else (suffixes or [""])[-1]
    if name not in FORMATS:
        raise DataError(f"{path}: cannot tell the format; name the file {', '.join(FORMATS)}, each also with .gz")
    return name


def jsonl_rows(path: Path) -> Iterator[Row | BadRow]:
    """The objects of a file with one JSON object a line; blank lines are passed over."""
    for line in read_lines(path):
        if isinstance(line, BadRow):
            yield line
        elif line.text.strip():
            yield _json_row(line)


def _json_row(line: Line) -> Row | BadRow:
    try:
        values = from_json(line.text.rstrip(), allow_inf_nan=False)
    except ValueError as error:
        where = str(error).replace("line 1 column", "column")
        return bad(line.number, f"is not JSON: {where}", "write one JSON object a line", line.text)
    if not isinstance(values, dict):
        return bad(line.number, "is JSON but no object", "write one JSON object a line", line.text)
    return Row(line.number, values)
