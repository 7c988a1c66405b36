"""Bytes in, a whole file or none out: what a kill in the middle must never leave half-written."""

import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mangaassist.core.errors import ArtifactError


def write_atomic(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader, also after a crash, sees the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def write_new_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files (relative POSIX path → content) as a new folder, which a reader sees whole or not at all.

    An empty folder of that name is replaced; OSError where there is anything else.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    # The folder is made inside a private temporary one, so that its own permissions are those of any new folder.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.", suffix=".tmp") as name:
        staging = Path(name) / folder.name
        staging.mkdir()
        for path, content in files.items():
            (staging / path).parent.mkdir(parents=True, exist_ok=True)
            with (staging / path).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        for directory in (staging, *(path for path in staging.rglob("*") if path.is_dir())):
            sync_directory(directory)
        os.rename(staging, folder)
    sync_directory(folder.parent)


def write_folder_once(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make `folder` with these read-only files, by file name; a reader sees all of it or nothing. One writer at a time.

    What a kill leaves behind is a hidden folder beside it, which the next call for the same folder removes.
    Raises FileExistsError where the folder is there already.
    """
    if folder.exists():
        raise FileExistsError(errno.EEXIST, "exists already, and what was published is never written over", str(folder))
    staging = folder.with_name(f".staging-{folder.name}")
    shutil.rmtree(staging, ignore_errors=True)
    for name, content in files.items():
        write_atomic(staging / name, content)
        (staging / name).chmod(0o444)
    os.rename(staging, folder)
    sync_directory(folder.parent)


def check_digests(folder: Path, digests: Mapping[str, str], *, remedy: str) -> None:
    """Nothing, if every file is what it was when it was written; else raises ArtifactError naming the first that isn't.

    digests: file name → sha256.  remedy: what to do about a file that is missing or was changed.
    """
    for name, digest in digests.items():
        if not (folder / name).is_file():
            raise ArtifactError(f"{folder / name} is missing; {remedy}")
        if sha256_of(folder / name) != digest:
            raise ArtifactError(
                f"{folder / name} was changed since it was written (its sha256 is not the manifest's); {remedy}"
            )


def sync_directory(path: Path) -> None:
    """Make renames inside `path` durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the content of a file durable."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def canonical_json(value: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> bytes:
    """The one way we write JSON files (sorted keys, final newline), so that equal values are equal bytes."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sha256_of(path: Path) -> str:
    """The hex digest of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_bytes(content: bytes) -> str:
    """The hex digest of some bytes."""
    return hashlib.sha256(content).hexdigest()
