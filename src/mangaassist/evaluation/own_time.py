"""A moment in, this thread's own time out: the wall clock, which stands still while others have the core.

Timings that decide something must not hang on what else a machine happens to do. Waiting for an encoder, a disk or a
lock counts; only waiting for a core that other processes hold does not.
"""

import os
import threading
from contextlib import suppress
from time import perf_counter_ns
from typing import Final

_SCHEDULING: Final = "/proc/thread-self/schedstat"
"""Linux: nanoseconds on a core, nanoseconds ready but waiting for one, and how often it was given one."""


def own_time_ns() -> int:
    """Nanoseconds, of which only differences within one thread mean anything; costs about 2 microseconds.

    Where the system does not tell how long a thread waited for a core, this is the wall clock.
    """
    return perf_counter_ns() - _waited_for_a_core_ns()


def _waited_for_a_core_ns() -> int:
    if _own.process != os.getpid():  # a fork inherits files that tell of its parent
        _own.open()
    return 0 if _own.handle is None else int(os.pread(_own.handle, 64, 0).split()[1])


class _OfThread(threading.local):
    """One open file per thread: it tells of the thread that opened it."""

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.process = os.getpid()
        self.handle: int | None = None
        with suppress(OSError):
            self.handle = os.open(_SCHEDULING, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        if self.handle is not None:
            os.close(self.handle)


_own = _OfThread()
