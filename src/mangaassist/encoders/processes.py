"""Batches of texts in, their base vectors out in the same order, encoded by several processes side by side."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from types import TracebackType

import numpy as np

from mangaassist.core.errors import EncoderError
from mangaassist.core.types import Vectors


def encoded_by(module: str, batches: Sequence[Sequence[str]], dimension: int, *, processes: int) -> Iterator[Vectors]:
    """The vectors of each batch, as soon as it and those before it are done.

    module: what each process runs; it reads a line of JSON, a list of texts, and writes their float32 vectors.
    Raises EncoderError if a process ends before its work does.
    """
    with ExitStack() as stack:
        free: SimpleQueue[_Process] = SimpleQueue()
        for _ in range(processes):
            free.put(stack.enter_context(_Process(module)))
        pool = stack.enter_context(ThreadPoolExecutor(processes))

        def encode(texts: Sequence[str]) -> Vectors:
            process = free.get()
            try:
                return process.encode(texts, dimension)
            finally:
                free.put(process)

        yield from pool.map(encode, batches)


class _Process:
    """One process, from entering to leaving: at its end it is told by the end of its input."""

    def __init__(self, module: str) -> None:
        self._child = subprocess.Popen(  # noqa: S603 (a module of ours)
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> "_Process":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._child.communicate()

    def encode(self, texts: Sequence[str], dimension: int) -> Vectors:
        """Vectors (n, dimension)."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        wanted = 4 * dimension * len(texts)
        try:
            self._child.stdin.write(json.dumps(list(texts)).encode() + b"\n")
            self._child.stdin.flush()
            content = self._child.stdout.read(wanted)
        except BrokenPipeError:
            content = b""
        if len(content) < wanted:
            raise EncoderError(
                f"an encoding process ended early (exit status {self._child.wait()}); what it said stands above. "
                "Run again: what is encoded is kept in the cache"
            )
        return np.frombuffer(content, dtype="<f4").reshape(len(texts), dimension)
