"""A query text in, its base vector out, or none in time: the encoder behind a memory, a time limit, a circuit breaker.

Queries that wait while others are encoded go together in the next call: four at once cost a local encoder less than two
by themselves, so a rush makes each of them cheaper. `expect` lets a query wait there before its answer has a thread.

After some failures in a row the encoder is left alone for a while, so that an outage costs an answer no time; then one
query tries it again.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final, TypeAlias

from mangaassist.core.errors import RetrievalError
from mangaassist.core.service_settings import ServiceSettings
from mangaassist.core.types import Vectors
from mangaassist.encoders import Encoder, PartlyEncoded

LOADS_WITHIN_S: Final = 60.0
"""A local encoder reads its weights in a second, on a busy machine in several."""


TOGETHER: Final = 16
"""Queries in one call at most."""

EXPECTED: Final = 256
"""Queries begun before anybody asked for their vectors; of more, the first are forgotten, to be begun again."""

_Call: TypeAlias = tuple["Future[Vectors]", str]


class QueryEncoder:
    """Called from several threads at once. complain: told of every failure that it covers.

    calls_at_once: of the encoder: as many as answers are under way suits one that is waited for. One that computes on
    this machine is quicker with one call of many queries.
    Its own threads are daemons: a call that never returns must not keep the process alive. `close` ends them.
    """

    def __init__(
        self,
        encoder: Encoder,
        settings: ServiceSettings,
        *,
        complain: Callable[[Exception], None],
        calls_at_once: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.encoder = encoder
        self._settings, self._complain, self._clock = settings, complain, clock
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._begun: OrderedDict[str, Future[Vectors]] = OrderedDict()
        self._lock = threading.Lock()
        self._failures, self._rests_until = 0, 0.0
        self.from_memory, self.from_encoder = 0, 0
        """How many queries' vectors were remembered, and how many came from the encoder."""
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        """None tells one thread to end."""
        self._threads = calls_at_once
        for number in range(calls_at_once):
            threading.Thread(target=self._work, name=f"encode-{number}", daemon=True).start()

    @property
    def is_resting(self) -> bool:
        """Whether the encoder has failed so often that it is left alone."""
        return self._failures >= self._settings.encoder_failures

    @property
    def waiting(self) -> int:
        """Queries that wait for the next call."""
        return self._calls.qsize()

    def expect(self, text: str) -> None:
        """Begin with a text that `vector` will be asked for; returns at once."""
        with self._lock:
            if text in self._kept or text in self._begun or self.is_resting:
                return
            call = self._begun[text] = Future()
            if len(self._begun) > EXPECTED:
                self._begun.popitem(last=False)
        self._calls.put((call, text))

    def vector(self, text: str) -> Vectors | None:
        """The base vector (d,) of a text; None where the encoder failed, took too long, or is left alone."""
        with self._lock:
            begun = self._begun.pop(text, None)
            kept = self._kept.get(text)
            if kept is not None:
                self._kept.move_to_end(text)
                self.from_memory += 1
                return kept
            if self.is_resting:
                if self._clock() < self._rests_until:
                    return None
                self._rests_until = self._clock() + self._settings.encoder_rest_s  # this query tries, others wait
        return self._asked(text, self._settings.encoder_wait_s, begun)

    def warm_up(self, within_s: float = LOADS_WITHIN_S) -> None:
        """Let the encoder load what it loads on its first call; one that is away is complained of, and counted."""
        self._asked("", within_s)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Base vectors (n, d) of texts whose caller can wait; raises as the encoder does."""
        return self.encoder.encode(texts)

    def close(self) -> None:
        """Take no more queries; what waits is still encoded, and nobody waits for that."""
        for _ in range(self._threads):
            self._calls.put(None)

    def _asked(self, text: str, within_s: float, begun: "Future[Vectors] | None" = None) -> Vectors | None:
        call: Future[Vectors] = begun or Future()
        if begun is None:
            self._calls.put((call, text))
        try:
            vector = call.result(timeout=within_s)
        except (RetrievalError, TimeoutError, OSError) as error:
            call.cancel()
            with self._lock:
                self._failures += 1
                self._rests_until = self._clock() + self._settings.encoder_rest_s
            self._complain(error)
            return None
        with self._lock:
            self._failures = 0
            self.from_encoder += 1
            self._kept[text] = vector
            if len(self._kept) > self._settings.queries_kept:
                self._kept.popitem(last=False)
        return vector

    def _work(self) -> None:
        while (first := self._calls.get()) is not None:
            calls = [call for call in self._with_those_waiting(first) if call[0].set_running_or_notify_cancel()]
            if calls:
                self._settle(calls)

    def _with_those_waiting(self, first: _Call) -> list[_Call]:
        calls = [first]
        with suppress(Empty):
            while len(calls) < TOGETHER:
                call = self._calls.get_nowait()
                if call is None:
                    self._calls.put(None)  # for this thread once it has settled these, or for another
                    break
                calls.append(call)
        return calls

    def _settle(self, calls: Sequence[_Call]) -> None:
        try:
            vectors = self.encoder.encode([text for _, text in calls])
        except PartlyEncoded as error:
            for call, text in calls:
                if text in error.vectors:
                    call.set_result(error.vectors[text])
                else:
                    call.set_exception(error)
        except BaseException as error:
            for call, _ in calls:
                call.set_exception(error)
        else:
            for (call, _), vector in zip(calls, vectors, strict=True):
                call.set_result(vector)
