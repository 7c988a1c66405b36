"""One Parquet file in, its rows out as plain values, a bounded number of them in memory at a time."""

import gzip
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from mangaassist.core.errors import DataError
from mangaassist.data.lines import BadRow, Row
from mangaassist.data.sql import connection, identifier, scan

FETCH: Final = 2_000
ZONED: Final = "TIMESTAMP WITH TIME ZONE"


def parquet_rows(path: Path, *, scratch: Path | None = None) -> Iterator[Row | BadRow]:
    """The rows with their numbers from 1; zoned times as ISO 8601 text in UTC."""
    with tempfile.TemporaryDirectory(prefix="mangaassist-", dir=scratch) as folder:
        plain = _unpacked(path, Path(folder)) if path.suffix.lower() == ".gz" else path
        try:
            yield from _rows(plain, Path(folder))
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise DataError(f"{path}: is no readable Parquet file ({reason}); write it again") from None


def _rows(path: Path, scratch: Path) -> Iterator[Row]:
    with connection(scratch) as db:
        table = scan([path])
        columns = [(name, kind) for name, kind, *_ in db.execute(f"DESCRIBE FROM {table}").fetchall()]
        names = [name for name, _ in columns]
        db.execute(f"FROM {table} SELECT {', '.join(_plain(name, kind) for name, kind in columns)}")
        number = 0
        while batch := db.fetchmany(FETCH):
            for values in batch:
                number += 1
                yield Row(number, dict(zip(names, values, strict=True)))


def _plain(name: str, kind: str) -> str:
    column = identifier(name)
    if kind != ZONED:
        return column
    return f"strftime({column} AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') AS {column}"


def _unpacked(path: Path, scratch: Path) -> Path:
    target = scratch / "rows.parquet"
    try:
        with gzip.open(path, "rb") as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path}: the gzip stream is broken ({error}); copy the file again") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be unpacked ({error.strerror}); check its permissions and {scratch}") from None
    return target
