"""A rate in, turns out: callers of many threads are let through no faster than so many a minute."""

import threading
import time
from collections.abc import Callable


class TokenBucket:
    """A bucket that holds one token and is refilled `per_minute` times a minute.

    One token, not a minute's worth: a burst after an idle minute would put nearly twice the quota into the next one.
    """

    def __init__(
        self,
        per_minute: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval_s = 60.0 / per_minute
        self._clock = clock
        self._sleep = sleep
        self._next_at = clock()
        self._lock = threading.Lock()

    def take(self) -> None:
        """Return when it is this caller's turn; turns are given in the order of asking."""
        with self._lock:
            now = self._clock()
            turn_at = max(now, self._next_at)
            self._next_at = turn_at + self._interval_s
        if turn_at > now:
            self._sleep(turn_at - now)
