"""Answers that were sent, in; a `retrieval_shadow` line each out, in the background: what the candidate had said.

One thread behind a bounded queue. It begins with a message only while nobody waits for an answer; a message that finds
the queue full is dropped and counted. Both releases answer anew, one after the other, so that their times compare.
"""

import contextlib
import json
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from prometheus_client import Counter

from mangaassist.data import PrivacyKey, scrub
from mangaassist.experiments.overlap import overlap, rank_biased_overlap
from mangaassist.experiments.watching import Tried
from mangaassist.serving import Answer, LineSink, LiveEngine, RetrieveRequest

SHADOW_LOG: Final = "retrieval_shadow"
DEPTH: Final = 10
"""So many results of each release are logged and compared, however many were asked for."""

_POLITE_S: Final = 0.001
_IDLE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that was answered. at: seconds since 1970."""

    tried: Tried
    request: RetrieveRequest
    answer: Answer
    at: float


class Shadow:
    """Compares in the background. `start` before use, `close` at the end: what waits then is dropped.

    counted: by what became of a message (`answered`, `dropped`, `skipped`, `failed`).
    is_busy: whether anybody waits for an answer now.
    """

    def __init__(
        self,
        engine: LiveEngine,
        sink: LineSink,
        key: PrivacyKey,
        *,
        places: int,
        counted: Counter,
        is_busy: Callable[[], bool],
        complain: Callable[[Exception], None],
    ) -> None:
        self._engine, self._sink, self._key = engine, sink, key
        self._counted, self._is_busy, self._complain = counted, is_busy, complain
        self._queue: queue.Queue[Sent | threading.Event] = queue.Queue(places)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="shadow", daemon=True)

    def start(self) -> None:
        """Take messages."""
        self._thread.start()

    @property
    def depth(self) -> int:
        """Messages that wait."""
        return self._queue.qsize()

    def offer(self, sent: Sent) -> None:
        """Compare it when there is time, or drop and count it; returns at once either way."""
        try:
            self._queue.put_nowait(sent)
        except queue.Full:
            self._counted.labels("dropped").inc()

    def flush(self) -> None:
        """Return when everything offered before is written, dropped or skipped."""
        done = threading.Event()
        self._queue.put(done)
        done.wait()

    def close(self) -> None:
        """Finish the message under way, drop the others, and close the log."""
        self._closing.set()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(threading.Event())  # wakes the thread if it waits for a message
        self._thread.join()
        try:
            self._sink.close()
        except OSError as error:
            self._complain(error)

    def _work(self) -> None:
        while not self._closing.is_set() or not self._queue.empty():
            try:
                item = self._queue.get(timeout=0 if self._closing.is_set() else _IDLE_S)
            except queue.Empty:
                continue
            if isinstance(item, threading.Event):
                item.set()
                continue
            while self._is_busy() and not self._closing.wait(_POLITE_S):
                pass
            self._counted.labels("dropped" if self._closing.is_set() else self._compared(item)).inc()

    def _compared(self, sent: Sent) -> str:
        """Write the line; what became of it."""
        try:
            answers = self._answers(sent)
            if answers is None:
                return "skipped"
            self._sink.write([json.dumps(_line(sent, *answers, self._key), ensure_ascii=False, allow_nan=False)])
        except Exception as error:  # neither a broken candidate nor a full disk may end the thread
            self._complain(error)
            return "failed"
        return "answered"

    def _answers(self, sent: Sent) -> tuple[Answer, Answer] | None:
        """What live and the candidate answer now; None once something else is live, or the encoder is away."""
        edition = self._engine.edition
        if edition.served.release != sent.answer.release or sent.answer.degraded:
            return None
        request = replace(sent.request, k=max(DEPTH, sent.request.k))
        by = self._engine.answers_to(request, edition, query_id=sent.answer.query_id)
        releases = [edition.served, sent.tried.candidate]
        is_turned = sum(sent.answer.query_id.encode()) % 2 == 1
        found = [by(release) for release in (reversed(releases) if is_turned else releases)]
        live, candidate = reversed(found) if is_turned else found
        return None if live.degraded else (live, candidate)


def _line(sent: Sent, live: Answer, candidate: Answer, key: PrivacyKey) -> dict[str, Any]:
    """What is logged of one comparison, scrubbed and with pseudonyms."""
    request, about = sent.request, sent.tried.experiment
    one, other = ([result.id for result in answer.results[:DEPTH]] for answer in (live, candidate))
    return {
        "event": "retrieval_shadow",
        "query": scrub(request.query),
        "intent": live.intent,
        "query_id": sent.answer.query_id,
        "timestamp": datetime.fromtimestamp(sent.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "session": request.session_id and key.pseudonym(request.session_id),
        "client": request.client_id and key.pseudonym(request.client_id),
        "experiment": {"name": about.name, "kind": about.kind},
        "live": _told(live, one),
        "candidate": _told(candidate, other),
        "overlap_at_3": overlap(one, other, k=3),
        "rank_biased_overlap": round(rank_biased_overlap(one, other), 6),
    }


def _told(answer: Answer, ids: list[str]) -> Mapping[str, Any]:
    """latency_ms: without encoding, which both share."""
    latency_ms = round(answer.latency_ms - answer.stages_ms.get("encode", 0.0), 3)
    return {"release": answer.release, "results": ids, "latency_ms": latency_ms}
