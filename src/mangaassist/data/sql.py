"""Parquet files in, an SQL connection over them out: DuckDB with bounded memory and UTC times."""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import uuid4

import duckdb
import polars as pl

MEMORY_LIMIT: Final = "400MB"
ROW_GROUP: Final = 10_000

SQL_TYPES: Final[Mapping[pl.DataType, str]] = {
    pl.String(): "VARCHAR",
    pl.Int64(): "BIGINT",
    pl.Float64(): "DOUBLE",
    pl.Datetime("us", "UTC"): "TIMESTAMPTZ",
    pl.List(pl.String): "VARCHAR[]",
}
"""What DuckDB calls the types of the tables' columns."""


@contextmanager
def connection(
    spill: Path, *, threads: int = 1, memory_limit: str = MEMORY_LIMIT
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A private in-memory database that spills into `spill`.

    With one thread rows keep the order of their file, and equal inputs are written as equal bytes; with more threads
    only where a query orders them.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        "memory_limit": memory_limit,
        "temp_directory": str(spill),
        "preserve_insertion_order": threads == 1,
    }
    with duckdb.connect(config=settings) as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("SET enable_progress_bar = false")
        yield db


def scan(paths: Iterable[Path], *, filename: bool = False) -> str:
    """The table expression that reads exactly these Parquet files: no globbing, no columns taken from folder names.

    filename: whether each row also says which file it comes from.
    """
    names = ", ".join(text(re.sub(r"([*?\[])", r"[\1]", str(path))) for path in paths)
    return f"read_parquet([{names}], hive_partitioning = false, filename = {str(filename).lower()})"


def text(value: str) -> str:
    """The SQL literal of a text."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """The SQL name of a column."""
    return '"' + name.replace('"', '""') + '"'


def frame(db: duckdb.DuckDBPyConnection, select: str, scratch: Path) -> pl.DataFrame:
    """What a query gives, through a file in `scratch` that is gone again."""
    path = scratch / f"{uuid4().hex}.parquet"
    try:
        write_parquet(db, select, path)
        return pl.read_parquet(path, glob=False)
    finally:
        path.unlink(missing_ok=True)


def write_parquet(db: duckdb.DuckDBPyConnection, select: str, target: Path) -> None:
    """Write what a query gives, in its order."""
    options = f"FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {ROW_GROUP}"
    db.execute(f"COPY ({select}) TO {text(str(target))} ({options})")
