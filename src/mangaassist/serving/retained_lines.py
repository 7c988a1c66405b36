"""A logs folder in, what is retained in it out, line by line: closed files, those being written, and the journal."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from mangaassist.serving.log_files import OPEN
from mangaassist.serving.service_db import FILE

EVENT_LOG: Final = "ubi_events"


def retained_lines(logs: Path, log: str, *, naming: str = "") -> Iterator[Mapping[str, Any]]:
    """Every line of a log that is a JSON object, the oldest file first; `naming`: only those that hold this text.

    A line that a writer has only begun, or that is damaged, is passed over.
    """
    for path in sorted([*logs.glob(f"{log}-*.jsonl"), *logs.glob(f"{log}-*.jsonl{OPEN}")]):
        try:
            file = path.open(encoding="utf-8", errors="replace")
        except FileNotFoundError:  # closed, and so renamed, since the folder was listed
            file = path.with_name(path.name.removesuffix(OPEN)).open(encoding="utf-8", errors="replace")
        with file:
            yield from _objects(line for line in file if naming in line)


def retained_events(logs: Path) -> Iterator[Mapping[str, Any]]:
    """Every acknowledged event, whether its file is closed or it stands in the journal; one of both may come twice."""
    if (logs / FILE).is_file():
        with closing(sqlite3.connect(f"{(logs / FILE).as_uri()}?mode=ro", uri=True)) as db:
            rows = db.execute("SELECT line FROM events WHERE line IS NOT NULL ORDER BY seq").fetchall()
        yield from _objects(line for (line,) in rows)
    yield from retained_lines(logs, EVENT_LOG)


def _objects(lines: Iterator[str]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        try:
            content = json.loads(line)
        except ValueError:
            continue
        if isinstance(content, dict):
            yield content
