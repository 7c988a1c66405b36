"""Documents and their records in, the same out of a file that all server processes map: answers read what they show.

    catalogue-<digest>.jsonl    two lines per document: [heading, text, kind], and its record; named by its content

Derived, and safe to remove. Where the folder cannot be written, everything stays in memory.
"""

import hashlib
import json
import mmap
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, overload

import numpy as np

from mangaassist.core.types import DocId, Document
from mangaassist.data import Article, Title
from mangaassist.loop import Record

_PREFIX = "catalogue-"


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a mapped file. ends: where each ends, its newline included."""

    content: mmap.mmap
    ends: "np.ndarray[tuple[int], np.dtype[np.int64]]"

    def line(self, number: int) -> bytes:
        return self.content[int(self.ends[number - 1]) if number else 0 : int(self.ends[number])]


class StoredDocuments(Sequence[Document]):
    """The documents in their order, each made anew when it is asked for."""

    def __init__(self, lines: _Lines, doc_ids: Sequence[DocId]) -> None:
        self._lines, self._doc_ids = lines, doc_ids

    def __len__(self) -> int:
        return len(self._doc_ids)

    @overload
    def __getitem__(self, place: int) -> Document: ...
    @overload
    def __getitem__(self, place: slice) -> list[Document]: ...
    def __getitem__(self, place: int | slice) -> Document | list[Document]:
        if isinstance(place, slice):
            return [self[number] for number in range(len(self))[place]]
        number = range(len(self))[place]
        heading, text, kind = json.loads(self._lines.line(2 * number))
        return Document(self._doc_ids[number], text, heading, kind)


class StoredRecords(Mapping[DocId, Record]):
    """The record of every document, each read anew when it is asked for. rows: where each document stands."""

    def __init__(self, lines: _Lines, rows: Mapping[DocId, int], articles: frozenset[DocId]) -> None:
        self._lines, self._rows, self._articles = lines, rows, articles

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[DocId]:
        return iter(self._rows)

    def __contains__(self, doc_id: object) -> bool:
        return doc_id in self._rows

    def __getitem__(self, doc_id: DocId) -> Record:
        told = json.loads(self._lines.line(2 * self._rows[doc_id] + 1))
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in told.items()
        }
        kind = Article if doc_id in self._articles else Title
        return kind.model_construct(**values)  # validated when it was taken in


def stored_catalogue(
    folder: Path, documents: Sequence[Document], records: Mapping[DocId, Record], rows: Mapping[DocId, int]
) -> tuple[Sequence[Document], Mapping[DocId, Record]]:
    """The documents and the records behind them, out of a file in `folder`, which is written unless it is there.

    rows: where each document stands.
    """
    try:
        path, ends = _written(folder, documents, records)
        with path.open("rb") as file:
            lines = _Lines(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), ends)
    except OSError:
        return documents, records
    articles = frozenset(each.doc_id for each in documents if isinstance(records[each.doc_id], Article))
    return StoredDocuments(lines, list(rows)), StoredRecords(lines, rows, articles)


def _written(
    folder: Path, documents: Sequence[Document], records: Mapping[DocId, Record]
) -> tuple[Path, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """The file, whole, and where its lines end; files of earlier catalogues go."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{_PREFIX}")
    try:
        with os.fdopen(handle, "wb") as file:
            digest, ends = _write(file, documents, records)
        path = folder / f"{_PREFIX}{digest[:32]}.jsonl"
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    for other in folder.glob(f"{_PREFIX}*.jsonl"):
        if other != path:
            other.unlink(missing_ok=True)
    return path, ends


def _write(
    file: IO[bytes], documents: Sequence[Document], records: Mapping[DocId, Record]
) -> tuple[str, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    digest, lengths = hashlib.sha256(), np.empty(2 * len(documents), dtype=np.int64)
    for number, each in enumerate(documents):
        shown = json.dumps([each.heading, each.text, each.kind]).encode() + b"\n"
        record = records[each.doc_id].model_dump_json(exclude_defaults=True).encode() + b"\n"
        lengths[2 * number : 2 * number + 2] = len(shown), len(record)
        digest.update(shown + record)
        file.write(shown + record)
    return digest.hexdigest(), np.cumsum(lengths)
