"""Lines in, log files out: the one being written has a name that ingest does not read, a closed one has."""

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from mangaassist.core.files import sync_directory
from mangaassist.serving.event_journal import stamp

OPEN: Final = ".open"
_DAY_S: Final = 86_400


class LineSink(Protocol):
    """Where telemetry lines go."""

    def write(self, lines: Sequence[str]) -> None:
        """All of them or, with an OSError, none."""
        ...

    def close(self) -> None:
        """No more lines come."""
        ...


class LogFile:
    """A log that is closed, and begun anew, at a size and at the end of its day (UTC).

    A file being written is locked by its process and named `….jsonl.open`; closing it drops the suffix.
    """

    def __init__(self, folder: Path, name: str, *, limit: int, clock: Callable[[], float]) -> None:
        self._folder, self._name, self._limit, self._clock = folder, name, limit, clock
        self._path: Path | None = None
        self._handle, self._size, self._day = -1, 0, 0

    def write(self, lines: Sequence[str]) -> None:
        """Append the lines; what a full disk cut short is taken back, so that no half line stays."""
        if self._path is not None and (self._size >= self._limit or self._today() != self._day):
            self.close()
        if self._path is None:
            self._open()
        content = "".join(f"{line}\n" for line in lines).encode()
        try:
            _write_all(self._handle, content)
        except OSError:
            os.ftruncate(self._handle, self._size)
            os.lseek(self._handle, self._size, os.SEEK_SET)
            raise
        self._size += len(content)

    def close(self) -> None:
        """Give the file its final name; an empty one is removed."""
        if self._path is None:
            return
        path, self._path = self._path, None
        try:
            _finish(path, self._handle)
        finally:
            os.close(self._handle)

    def _today(self) -> int:
        return int(self._clock() // _DAY_S)

    def _open(self) -> None:
        name = f"{self._name}-{stamp(self._clock())}-{secrets.token_hex(4)}.jsonl{OPEN}"
        path = self._folder / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not path.exists():  # another process that started just now took the file, still unlocked, for an orphan
            os.close(handle)
            raise FileNotFoundError(errno.ENOENT, "log file was removed while it was opened", str(path))
        self._path, self._handle, self._size, self._day = path, handle, 0, self._today()


def close_orphans(folder: Path) -> list[Path]:
    """Close the files that killed processes left open, each without a half line at its end; the closed ones."""
    closed = []
    for path in sorted(folder.glob(f"*.jsonl{OPEN}")):
        handle = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            content = path.read_bytes()
            os.ftruncate(handle, content.rfind(b"\n") + 1)
            if (final := _finish(path, handle)) is not None:
                closed.append(final)
        except (BlockingIOError, FileNotFoundError):
            continue
        finally:
            os.close(handle)
    return closed


def _finish(path: Path, handle: int) -> Path | None:
    final = path.with_name(path.name.removesuffix(OPEN))
    if os.fstat(handle).st_size == 0:
        path.unlink()
        return None
    os.fsync(handle)
    path.rename(final)
    sync_directory(path.parent)
    return final


def _write_all(handle: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]
