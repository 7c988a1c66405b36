"""What is shown of documents in, the same out of a file that all server processes map: answers read what they show.

    catalogue-<digest>.jsonl    a line per document, [kind, title, text, url, facts]; named by its content

Derived, and safe to remove. Where the folder cannot be written, everything stays in memory.
"""

import hashlib
import mmap
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt
from pydantic_core import from_json, to_json

from mangaassist.serving.lasting_memory import REMEMBERED
from mangaassist.serving.results import Shown

_PREFIX = "catalogue-"

IN_MEMORY_UP_TO = 20_000
"""Documents of which all that is shown is small enough to keep at hand, in every server process."""

_Ends: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a mapped file. ends: where each ends, its newline included."""

    content: mmap.mmap
    ends: _Ends

    def line(self, number: int) -> bytes:
        return self.content[int(self.ends[number - 1]) if number else 0 : int(self.ends[number])]


class StoredCatalogue(Sequence[Shown]):
    """What is shown of each document, in their order, read anew when it is asked for."""

    def __init__(self, lines: _Lines) -> None:
        self._count = len(lines.ends)
        self._remembered = lru_cache(maxsize=REMEMBERED)(partial(_shown, lines))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Shown: ...
    @overload
    def __getitem__(self, place: slice) -> list[Shown]: ...
    def __getitem__(self, place: int | slice) -> Shown | list[Shown]:
        if isinstance(place, slice):
            return [self[number] for number in range(self._count)[place]]
        return self._remembered(range(self._count)[place])


def _shown(lines: _Lines, number: int) -> Shown:
    return Shown(*from_json(lines.line(number)))


def stored_catalogue(folder: Path, catalogue: Sequence[Shown]) -> Sequence[Shown]:
    """The same out of a file in `folder`, which is written unless it is there."""
    try:
        path, ends = _written(folder, catalogue)
        with path.open("rb") as file:
            return StoredCatalogue(_Lines(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), ends))
    except OSError:
        return catalogue


def _written(folder: Path, catalogue: Iterable[Shown]) -> tuple[Path, _Ends]:
    """The file, whole, and where its lines end; files of earlier catalogues go."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=f".{_PREFIX}")
    try:
        with os.fdopen(handle, "wb") as file:
            digest, ends = _write(file, catalogue)
        path = folder / f"{_PREFIX}{digest[:32]}.jsonl"
        os.replace(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    for other in folder.glob(f"{_PREFIX}*.jsonl"):
        if other != path:
            other.unlink(missing_ok=True)
    return path, ends


def _write(file: IO[bytes], catalogue: Iterable[Shown]) -> tuple[str, _Ends]:
    digest, lengths = hashlib.sha256(), list[int]()
    for each in catalogue:
        values: list[Any] = [each.kind, each.title, each.text, each.url, each.facts]
        line = to_json(values) + b"\n"
        lengths.append(len(line))
        digest.update(line)
        file.write(line)
    return digest.hexdigest(), np.cumsum(lengths, dtype=np.int64)
