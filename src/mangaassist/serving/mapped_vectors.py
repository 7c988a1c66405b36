"""Vectors in, the same out of a file mapped into memory: every server process shares it, and few pages are read.

    base-<digest>.f32    float32, one row per document; the digest is of what the vectors are of

Derived: whoever finds the file missing makes it, and removes those of earlier catalogues. A process that has one of
these mapped keeps it.
"""

import os
import tempfile
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path

import numpy as np

from mangaassist.core.types import Vectors


def mapped_vectors(folder: Path, of: Iterable[str], shape: tuple[int, int], make: Callable[[], Vectors]) -> Vectors:
    """Vectors of this shape, read-only, out of their file in `folder`, which is made by `make` where it is missing.

    of: what they are vectors of, in order. Where the folder cannot be written they stay in memory.
    """
    digest = sha256()
    for each in of:
        digest.update(sha256(each.encode("utf-8", "surrogatepass")).digest())
    path = folder / f"base-{digest.hexdigest()[:32]}.f32"
    if not _is_whole(path, shape):
        vectors = np.ascontiguousarray(make(), dtype="<f4")
        try:
            _write(path, vectors)
        except OSError:
            return vectors
    return np.asarray(np.memmap(path, dtype="<f4", mode="r", shape=shape))


def _is_whole(path: Path, shape: tuple[int, int]) -> bool:
    return path.is_file() and path.stat().st_size == 4 * shape[0] * shape[1]


def _write(path: Path, vectors: Vectors) -> None:
    """Whole or not at all; then those of other catalogues go."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".base-")
    try:
        with os.fdopen(handle, "wb") as file:
            vectors.tofile(file)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    for other in path.parent.glob("base-*.f32"):
        if other != path:
            other.unlink(missing_ok=True)
