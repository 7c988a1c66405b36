"""A folder of index builds in, the live one out; a new one takes its place in one rename.

CURRENT            the name of the live build
build-000007/      the live build and the one before it
build-000007.delta what changed since (`delta`)
.building-…        a build that is being made, or was killed: the next builder removes it
.lock              held by whoever writes
"""

import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mangaassist.core.errors import ArtifactError
from mangaassist.core.files import sync_directory, write_atomic
from mangaassist.retrieval.build import MEND, Build, read_build

CURRENT = "CURRENT"
_STAGING = ".building-"
_BUILD = re.compile(r"build-(\d{6,})")
_TRIES = 10


def current_name(folder: Path) -> str | None:
    """The name of the live build, None where none was ever made; raises ArtifactError for a pointer to nothing."""
    try:
        name = (folder / CURRENT).read_bytes().strip().decode(errors="replace")
    except FileNotFoundError:
        return None
    if not _BUILD.fullmatch(name):
        raise ArtifactError(f"{folder / CURRENT} says {name[:40]!r}, which is no build; remove it and {MEND}")
    return name


def delta_path(folder: Path, name: str) -> Path:
    """Where the delta of a build is, or will be."""
    return folder / f"{name}.delta"


def read_current(folder: Path) -> Build:
    """The live build, opened; raises ArtifactError where there is none or it is damaged.

    A build found gone was replaced twice since its name was read: then the pointer says another by now.
    """
    name = None
    for _ in range(_TRIES):
        before, name = name, current_name(folder)
        if name is None:
            raise ArtifactError(f"there is no index in {folder}; {MEND}")
        try:
            return read_build(folder / name)
        except FileNotFoundError as error:
            if name == before:
                raise ArtifactError(f"the index in {folder} lacks {error.filename}; {MEND}") from error
    raise ArtifactError(f"the index in {folder} changes faster than it can be opened; wait for its builders to finish")


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Wait for every other writer, then be the only one; the lock ends with its process.

    Raises ArtifactError where the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise ArtifactError(
            f"{folder} cannot be written: {error}; what was live is whole, so make room and try again"
        ) from error


def switch_to_new(folder: Path, write: Callable[[Path], None]) -> str:
    """Let `write` make a build in a folder that it is given, make it the live one, and say its name.

    To be called by the only writer. Readers see the old build or the new one; two remain, the live one and the one
    before it. A reader that has an older one open keeps it until it closes it.
    """
    previous = current_name(folder)
    _remove_all_but(folder, {previous})
    name = f"build-{int(previous.split('-')[1]) + 1 if previous else 1:06d}"
    write(folder / f"{_STAGING}{name}")
    os.rename(folder / f"{_STAGING}{name}", folder / name)
    sync_directory(folder)
    write_atomic(folder / CURRENT, f"{name}\n".encode())
    return name


def _remove_all_but(folder: Path, kept: set[str | None]) -> None:
    """Remove what killed builders left, and builds that are no longer needed."""
    for path in folder.iterdir():
        name = path.name.removesuffix(".delta")
        superfluous = _BUILD.fullmatch(name) and name not in kept
        if superfluous or path.name.startswith((_STAGING, f".{CURRENT}.")):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
