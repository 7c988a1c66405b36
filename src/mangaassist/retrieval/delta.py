"""Changes in, one append-only file out, and back: titles that are new, changed or gone since the build was made.

The file is a row of frames, one per change and durable before the writer goes on:

    length of the rest (uint32) · crc32 of the payload (uint32) · payload

    payload = length of the head (uint32) · head (JSON: upserts, facets, deletes) · vectors (float32, one per upsert)

A crash can only tear the last frame: readers ignore it, the next writer cuts it off. A frame that fails its checksum
and has others after it was damaged later, and is an error.
"""

import json
import os
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mangaassist.core.errors import ArtifactError
from mangaassist.core.files import sync_directory
from mangaassist.core.types import DocId
from mangaassist.retrieval.build import MEND
from mangaassist.retrieval.store import DocumentVectors

_FRAME = struct.Struct("<II")
_HEAD = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Change:
    """Documents to add or replace, and ids to remove: both at once, or neither after a crash."""

    upserts: DocumentVectors
    deletes: Sequence[DocId] = ()


class Delta:
    """The delta file of one build, read up to some point; the file need not exist yet.

    `new_changes` may be called while another process appends. `append` is for the only writer.
    """

    def __init__(self, path: Path, dimension: int) -> None:
        self._path = path
        self._dimension = dimension
        self._read_up_to = 0

    def new_changes(self) -> list[Change]:
        """The changes since the last call; costs one look at the file's size where there are none."""
        try:
            if self._path.stat().st_size <= self._read_up_to:
                return []
            with self._path.open("rb") as file:
                file.seek(self._read_up_to)
                payloads, length = _whole_frames(file.read(), self._path)
        except FileNotFoundError:
            return []
        self._read_up_to += length
        return [_change(payload, self._dimension) for payload in payloads]

    def append(self, change: Change) -> None:
        """Add a change after the last whole one, durably; call `new_changes` first. A failed write leaves nothing."""
        payload = _payload(change)
        is_new = not self._path.exists()
        with self._path.open("ab") as file:
            file.truncate(self._read_up_to)
            try:
                file.write(_FRAME.pack(len(payload), zlib.crc32(payload)) + payload)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), self._read_up_to)
                raise
        if is_new:
            sync_directory(self._path.parent)


def collapsed(changes: Sequence[Change], names: Sequence[str], dimension: int) -> Change:
    """One change that does what these do one after another: for each document the last one counts."""
    last: dict[DocId, tuple[DocumentVectors, int] | None] = {}
    for change in changes:
        last.update(dict.fromkeys(change.deletes))
        last.update((doc_id, (change.upserts, row)) for row, doc_id in enumerate(change.upserts.doc_ids))
    kept = {doc_id: source for doc_id, source in last.items() if source is not None}
    vectors = np.empty((len(kept), dimension), dtype=np.float32)
    for index, (documents, row) in enumerate(kept.values()):
        vectors[index] = documents.vectors[row]
    facets = {name: [documents.facets[name][row] for documents, row in kept.values()] for name in names}
    gone = [doc_id for doc_id, source in last.items() if source is None]
    return Change(DocumentVectors(list(kept), vectors, facets), gone)


def _whole_frames(content: bytes, path: Path) -> tuple[list[bytes], int]:
    """The payloads of all whole frames, and where the last of them ends."""
    payloads, end = [], 0
    while len(content) - end >= _FRAME.size:
        length, checksum = _FRAME.unpack_from(content, end)
        after = end + _FRAME.size + length
        if length == 0 or after > len(content):
            break
        payload = content[end + _FRAME.size : after]
        if zlib.crc32(payload) != checksum:
            if after < len(content):
                raise ArtifactError(f"{path} is damaged (a checksum fails before its end); {MEND}")
            break
        payloads.append(payload)
        end = after
    return payloads, end


def _payload(change: Change) -> bytes:
    upserts = change.upserts
    facets = {name: list(values) for name, values in upserts.facets.items()}
    head = json.dumps({"upserts": list(upserts.doc_ids), "facets": facets, "deletes": list(change.deletes)}).encode()
    return _HEAD.pack(len(head)) + head + np.ascontiguousarray(upserts.vectors, dtype="<f4").tobytes()


def _change(payload: bytes, dimension: int) -> Change:
    start = _HEAD.size + _HEAD.unpack_from(payload)[0]
    head = json.loads(payload[_HEAD.size : start])
    vectors = np.frombuffer(payload, dtype="<f4", offset=start).reshape(-1, dimension)
    return Change(DocumentVectors(head["upserts"], vectors, head["facets"]), head["deletes"])
