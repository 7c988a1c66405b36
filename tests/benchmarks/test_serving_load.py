"""The load generator against a server whose every delay is known."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from benchmarks.serving_load import arrivals, sent

BODY = json.dumps({"query": "cozy"}).encode()


class Stalling:
    """Answers at once, but for `stall_s` in which it does nothing at all, from the request numbered `at`."""

    def __init__(self, *, at: int = -1, stall_s: float = 0.0, status: int = 200, degraded: bool = False) -> None:
        self._at, self._stall_s, self._status, self._degraded = at, stall_s, status, degraded
        self.seen: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._head(reader):
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            self.seen.append(await reader.readexactly(length))
            if len(self.seen) == self._at:
                time.sleep(self._stall_s)
            content = json.dumps({"degraded": self._degraded}).encode()
            writer.write(f"HTTP/1.1 {self._status} X\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content)
        writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return b""


@contextmanager
def listening(server: Stalling) -> Iterator[str]:
    ready, found = threading.Event(), list[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]]()

    async def serve() -> None:
        listener, stop = await asyncio.start_server(server, "127.0.0.1", 0), asyncio.Event()
        found.append((listener.sockets[0].getsockname()[1], asyncio.get_running_loop(), stop))
        ready.set()
        await stop.wait()
        listener.close()
        while len(asyncio.all_tasks()) > 1:  # connections whose end has not been read yet
            await asyncio.sleep(0.001)

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    ready.wait()
    port, loop, stop = found[0]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def test_every_body_is_sent_once_when_it_is_due() -> None:
    server = Stalling()
    bodies = [json.dumps({"query": f"q{number}"}).encode() for number in range(20)]

    with listening(server) as url:
        started = time.perf_counter()
        load = sent(url, bodies, arrivals(20, 100, is_poisson=False, seed=0))
        took_s = time.perf_counter() - started

    assert sorted(server.seen) == sorted(bodies)
    assert took_s >= 0.19
    assert (load.errors, load.degraded) == ([], 0)
    assert np.all(load.latency_ms >= load.late_ms)


def test_who_was_due_during_a_stall_is_charged_with_the_wait() -> None:
    """A closed loop would have seen one slow answer: half a second at 100 a second is about fifty of them."""
    with listening(Stalling(at=20, stall_s=0.5)) as url:
        load = sent(url, [BODY] * 100, arrivals(100, 100, is_poisson=False, seed=0))

    assert (load.latency_ms > 100).sum() >= 35
    assert load.latency_ms.max() >= 490
    slow = load.latency_ms[20:60]
    assert np.all(np.diff(slow) < 5)  # each waits about 10 ms less than the one before it


@pytest.mark.parametrize(
    ("server", "errors", "degraded"), [(Stalling(status=503), 5, 0), (Stalling(degraded=True), 0, 5)]
)
def test_refusals_and_second_best_answers_are_counted(server: Stalling, errors: int, degraded: int) -> None:
    with listening(server) as url:
        load = sent(url, [BODY] * 5, arrivals(5, 100, is_poisson=False, seed=0))

    assert (len(load.errors), load.degraded) == (errors, degraded)


def test_a_server_that_is_gone_is_an_error_of_every_request() -> None:
    with listening(Stalling()) as url:
        pass

    load = sent(url, [BODY] * 3, arrivals(3, 100, is_poisson=False, seed=0))

    assert len(load.errors) == 3
    assert np.isnan(load.latency_ms).all()


def test_poisson_arrivals_are_irregular_come_at_the_rate_and_repeat_with_their_seed() -> None:
    first, again, other = (arrivals(10_000, 100, is_poisson=True, seed=seed) for seed in (1, 1, 2))
    gaps = np.diff(first)

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert gaps.mean() == pytest.approx(0.01, rel=0.05)
    assert gaps.std() == pytest.approx(0.01, rel=0.05)
    assert np.allclose(np.diff(arrivals(100, 100, is_poisson=False, seed=1)), 0.01)
