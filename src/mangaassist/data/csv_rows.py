"""One CSV file in, its rows out: a row broken in its quotes or its number of cells hides no other.

Blank cells are left out. Lists and structs stand in their cells as JSON, which the contracts read.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mangaassist.core.errors import DataError
from mangaassist.data.lines import LINE_LIMIT, BadRow, Line, Row, bad, read_lines

REMEDY = "quote cells that hold commas, quotes or line ends, and double the quotes inside"


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of one record, and the line it begins on."""

    line: int
    cells: list[str]


def csv_rows(path: Path) -> Iterator[Row | BadRow]:
    """The rows of a comma-separated file whose first record names the columns."""
    lines = read_lines(path)
    columns = _header(path, next(_records(lines, width=None), None))
    for record in _records(lines, width=len(columns)):
        if isinstance(record, BadRow):
            yield record
        else:
            yield Row(record.line, {name: cell for name, cell in zip(columns, record.cells, strict=True) if cell})


def _header(path: Path, record: Record | BadRow | None) -> list[str]:
    if record is None:
        return []
    if isinstance(record, BadRow):
        raise DataError(f"{path}: line {record.line}: the header {record.problem.reason}; {record.problem.remedy}")
    names = [cell.strip() for cell in record.cells]
    if not all(names) or len(set(names)) < len(names):
        raise DataError(f"{path}: line {record.line}: a column has no name, or two have the same; name each once")
    return names


def _records(lines: Iterator[Line | BadRow], *, width: int | None) -> Iterator[Record | BadRow]:
    """Lines joined to records of `width` cells.

    When joining comes to nothing, only the line that opened the quote is bad; those after it are read afresh.
    """
    again: deque[Line | BadRow | None] = deque()
    open_record: list[Line] = []
    size = 0
    while True:
        line = again.popleft() if again else next(lines, None)
        if isinstance(line, Line) and size + len(line.text) <= LINE_LIMIT:
            if not open_record and not line.text.strip():
                continue
            open_record.append(line)
            size += len(line.text)
            outcome = _parsed(open_record, width) if _may_be_whole(open_record) else None
            if outcome is None:
                continue
            lost: list[Line | BadRow | None] = [*open_record[1:]] if isinstance(outcome, BadRow) else []
        elif open_record:
            outcome = bad(open_record[0].number, "opens a quote that is never closed", REMEDY, open_record[0].text)
            lost = [*open_record[1:], line]
        elif line is None:
            return
        else:
            outcome, lost = _alone(line), []
        yield outcome
        again.extendleft(reversed(lost))
        open_record, size = [], 0


def _alone(line: Line | BadRow) -> BadRow:
    """A line too long to be joined to anything."""
    if isinstance(line, BadRow):
        return line
    return bad(line.number, f"is longer than {LINE_LIMIT} bytes", "split the row", line.text)


def _may_be_whole(lines: list[Line]) -> bool:
    """Whether it is worth parsing: a record that spans lines ends on a line with an odd number of quotes."""
    return len(lines) == 1 or lines[-1].text.count('"') % 2 == 1


def _parsed(lines: list[Line], width: int | None) -> Record | BadRow | None:
    """The record, what is wrong with it, or None if its last quote is still open."""
    start, raw = lines[0].number, lines[0].text
    try:
        cells = next(csv.reader([line.text for line in lines], strict=True))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return None
        return bad(start, f"is no CSV record: {error}", REMEDY, raw)
    if width is not None and len(cells) != width:
        return bad(start, f"has {len(cells)} cells, the header {width}", REMEDY, raw)
    return Record(start, cells)
