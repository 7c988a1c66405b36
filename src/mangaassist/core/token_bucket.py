"""A rate in, turns out: callers of many threads are let through no faster than so many a minute."""

import threading
import time
from collections.abc import Callable


class TokenBucket:
    """A bucket that holds `burst` tokens and is refilled `per_minute` times a minute.

    One token by default, not a minute's worth: a burst after an idle minute would put nearly twice a quota into the
    next one.
    """

    def __init__(
        self,
        per_minute: float,
        *,
        burst: int = 1,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval_s = 60.0 / per_minute
        self._saved_s = (burst - 1) * self._interval_s
        self._clock = clock
        self._sleep = sleep
        self._next_at = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return when it is this caller's turn; turns are given in the order of asking."""
        with self._lock:
            now = self._clock()
            wait_s = self._wait_s(now)
            self._next_at = max(now, self._next_at) + self._interval_s
        if wait_s > 0:
            self._sleep(wait_s)

    def try_take(self) -> float:
        """0 if it is this caller's turn now; else the seconds until it would be, and no turn is used up."""
        with self._lock:
            now = self._clock()
            wait_s = self._wait_s(now)
            if wait_s <= 0:
                self._next_at = max(now, self._next_at) + self._interval_s
            return max(wait_s, 0.0)

    def _wait_s(self, now: float) -> float:
        return self._next_at - self._saved_s - now
