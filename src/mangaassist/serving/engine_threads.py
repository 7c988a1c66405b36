"""Blocking work in, its result awaited out: a few threads, a short queue, and a refusal once that is full."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from mangaassist.core.errors import DataError, RetrievalError
from mangaassist.serving.refusals import Refused

P = ParamSpec("P")
T = TypeVar("T")


class EngineThreads:
    """Runs the engine beside the event loop. waiting: calls that may wait for a thread."""

    def __init__(self, threads: int, *, waiting: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._limit = threads + waiting
        self._threads, self._inside = threads, 0

    @property
    def depth(self) -> int:
        """Calls that wait for a thread."""
        return max(0, self._inside - self._threads)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns; Refused if too many wait already, or if our own error says that it cannot be done."""
        if self._inside >= self._limit:
            raise Refused(503, "overloaded", "too many requests wait for an answer; come back", retry_after_s=1)
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: work(*args, **kwargs))
        except Refused:
            raise
        except DataError as error:
            raise Refused(422, "invalid_request", str(error)) from error
        except RetrievalError as error:
            raise Refused(503, "unavailable", str(error), retry_after_s=5) from error
        finally:
            self._inside -= 1

    def close(self) -> None:
        """Take no more calls; nobody waits for those under way, whose requests have ended."""
        self._pool.shutdown(wait=False, cancel_futures=True)
