"""Served queries in, log lines out, by one thread behind a bounded queue: an answer never waits for the disk.

When the queue is full or the disk does not take a line, the line is dropped and counted. Events never go this way.
"""

import queue
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mangaassist.core.errors import RetrievalError
from mangaassist.data import PrivacyKey
from mangaassist.serving.follow_ups import FollowUps
from mangaassist.serving.log_files import LineSink
from mangaassist.serving.metrics import Metrics
from mangaassist.serving.served_lines import Served, ServedLines, served_lines

EVAL_LOG: Final = "retrieval_eval"
QUERY_LOG: Final = "ubi_queries"
FOLLOW_UPS: Final = "follow_ups"
_GROUP: Final = 256
_IDLE_S: Final = 1.0
GATHER_S: Final = 0.05
"""How long lines wait for others: a commit of five costs little more than a commit of one."""


class Telemetry:
    """The production log. `start` before use, `close` at the end: what waits is then written.

    sinks: one each for EVAL_LOG and QUERY_LOG.  complain: told of what went wrong, never of what a user wrote.
    """

    def __init__(
        self,
        sinks: Mapping[str, LineSink],
        follow_ups: FollowUps,
        key: PrivacyKey,
        metrics: Metrics,
        *,
        places: int,
        complain: Callable[[Exception], None],
    ) -> None:
        self._sinks, self._follow_ups, self._key, self._metrics = sinks, follow_ups, key, metrics
        self._complain = complain
        self._queue: queue.Queue[Served | threading.Event] = queue.Queue(places)
        self._is_closing = False
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._work, name="telemetry", daemon=True)

    def start(self) -> None:
        """Take lines."""
        self._thread.start()

    @property
    def depth(self) -> int:
        """Served queries that wait to be written."""
        return self._queue.qsize()

    def record(self, served: Served) -> None:
        """Write it soon, or drop and count it; returns at once either way."""
        try:
            self._queue.put_nowait(served)
        except queue.Full:
            self._drop(1)

    def flush(self) -> None:
        """Return when everything recorded before is written and what is due is settled."""
        done = threading.Event()
        self._queue.put(done)
        self._hurry.set()
        done.wait()

    def close(self) -> None:
        """Write what waits, close the files, and end."""
        self._is_closing = True
        self._queue.put(threading.Event())
        self._hurry.set()
        self._thread.join()
        for sink in self._sinks.values():
            try:
                sink.close()
            except OSError as error:
                self._complain(error)
        self._follow_ups.close()

    def _work(self) -> None:
        while not (self._is_closing and self._queue.empty()):
            group = self._next_group()
            served = [item for item in group if isinstance(item, Served)]
            if served:
                self._write_served(served)
            self._settle()
            for item in group:
                if isinstance(item, threading.Event):
                    item.set()

    def _next_group(self) -> list[Served | threading.Event]:
        group: list[Served | threading.Event] = []
        try:
            group.append(self._queue.get(timeout=_IDLE_S))
            if self._queue.qsize() < _GROUP:
                self._hurry.wait(GATHER_S)
                self._hurry.clear()
            while len(group) < _GROUP:
                group.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return group

    def _write_served(self, served: Sequence[Served]) -> None:
        lines = [made for each in served if (made := self._lines(each)) is not None]
        self._write(QUERY_LOG, [each.query_row for each in lines])
        self._write(EVAL_LOG, [each.eval_line for each in lines])
        try:
            self._follow_ups.add([each.pending for each in lines])
        except RetrievalError as error:
            self._metrics.dropped.labels(FOLLOW_UPS).inc(len(lines))
            self._complain(error)

    def _lines(self, served: Served) -> ServedLines | None:
        try:
            return served_lines(served, self._key)
        except Exception as error:  # one odd answer must not end the log
            self._drop(1)
            self._complain(error)
            return None

    def _settle(self) -> None:
        try:
            settled = self._follow_ups.settle()
        except Exception as error:  # the log goes on; it is settled the next time
            self._complain(error)
            return
        self._metrics.count_hits(settled.hits, settled.misses, settled.unseen)
        if settled.lines:
            self._write(EVAL_LOG, settled.lines)

    def _write(self, log: str, lines: Sequence[str]) -> None:
        try:
            self._sinks[log].write(lines)
        except OSError as error:
            self._metrics.dropped.labels(log).inc(len(lines))
            self._complain(error)
        else:
            self._metrics.written.labels(log).inc(len(lines))

    def _drop(self, count: int) -> None:
        for log in self._sinks:
            self._metrics.dropped.labels(log).inc(count)
