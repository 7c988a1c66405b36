"""Flat rows in, one Parquet part out, whole or not at all, with a bounded number of rows in memory."""

import os
import shutil
from pathlib import Path
from typing import Any, Final

import polars as pl

from mangaassist.core.files import sync_directory
from mangaassist.data.kinds import Columns
from mangaassist.data.sql import connection, scan, write_parquet

BATCH: Final = 10_000


class PartWriter:
    """Collects rows in batches under a scratch folder, and joins them to one part.

    Equal rows in equal order give equal bytes: the part holds no time and no name of its own.
    """

    def __init__(self, folder: Path, columns: Columns) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.columns = dict(columns)
        self.written = 0
        self._waiting: list[dict[str, Any]] = []
        self._batches: list[Path] = []

    def add(self, row: dict[str, Any]) -> None:
        """Take one row."""
        self._waiting.append(row)
        self.written += 1
        if len(self._waiting) == BATCH:
            self._flush()

    def _flush(self) -> None:
        batch = self.folder / f"{len(self._batches):06d}.parquet"
        pl.DataFrame(self._waiting, schema=self.columns, orient="row").write_parquet(batch)
        self._batches.append(batch)
        self._waiting = []

    def finish(self) -> Path | None:
        """The unpublished part with every row in its order; None if there was none."""
        if self._waiting:
            self._flush()
        if not self._batches:
            return None
        part = self.folder / "part.parquet"
        with connection(self.folder) as db:
            write_parquet(db, f"FROM {scan(self._batches)}", part)
        return part


def publish(part: Path, target: Path) -> None:
    """Give a finished part its name: from here on a crash loses nothing of it."""
    with part.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(part, target)
    sync_directory(target.parent)


def empty_folder(folder: Path) -> None:
    """Remove what an interrupted writer left behind."""
    if folder.exists():
        shutil.rmtree(folder)
