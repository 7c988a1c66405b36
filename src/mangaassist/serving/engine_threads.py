"""Blocking work in, its result awaited out: a few threads, a short queue, and a refusal once that is full."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

from mangaassist.core.errors import DataError, RetrievalError
from mangaassist.serving.refusals import Refused

P = ParamSpec("P")
T = TypeVar("T")


class EngineThreads:
    """Runs the engine beside the event loop. waiting: calls that may wait for a thread.

    Daemon threads rather than an executor's: a call that never ends must not keep the process alive.
    """

    def __init__(self, threads: int, *, waiting: int, name: str) -> None:
        self._calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._limit = threads + waiting
        self._threads, self._name, self._inside = threads, name, 0

    def start(self) -> None:
        """Take calls."""
        for number in range(self._threads):
            threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True).start()

    @property
    def depth(self) -> int:
        """Calls that wait for a thread."""
        return max(0, self._inside - self._threads)

    @property
    def has_room(self) -> bool:
        """Whether a call may wait here; without room `run` refuses."""
        return self._inside < self._limit

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `work` returns; Refused if too many wait already, or if our own error says that it cannot be done."""
        if not self.has_room:
            raise Refused(503, "overloaded", "too many requests wait for an answer; come back", retry_after_s=1)
        self._inside += 1
        result: Future[T] = Future()
        self._calls.put(lambda: _settle(result, lambda: work(*args, **kwargs)))
        try:
            return await asyncio.wrap_future(result)
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
        for _ in range(self._threads):
            self._calls.put(None)

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call()


def _settle(result: "Future[Any]", work: Callable[[], Any]) -> None:
    """Do the work, unless nobody waits for it any more."""
    if not result.set_running_or_notify_cancel():
        return
    try:
        result.set_result(work())
    except BaseException as error:
        result.set_exception(error)
