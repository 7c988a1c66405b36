"""Request bodies and moments in, how long each answer took out: an open loop over HTTP/1.1, on one core.

When requests are sent is fixed beforehand and hangs on no answer, and an answer's time counts from the moment that its
request was due, not from when it could be sent: so a server that stalls is charged with everyone who would have waited.
"""

import asyncio
import gc
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from selectors import SelectSelector
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

PATIENCE_S = 10.0


@dataclass(slots=True)
class Load:
    """What became of the requests, in their order. latency_ms: from due to answered.  late_ms: from due to sent."""

    latency_ms: npt.NDArray[np.float64]
    late_ms: npt.NDArray[np.float64]
    errors: list[str] = field(default_factory=list)
    degraded: int = 0


def arrivals(count: int, rate: float, *, is_poisson: bool, seed: int) -> npt.NDArray[np.float64]:
    """Seconds from the start at which requests are due: evenly spaced, or as people come, one by one (Poisson)."""
    if not is_poisson:
        return np.arange(count) / rate
    return np.cumsum(np.random.default_rng(seed).exponential(1 / rate, size=count))


def sent(url: str, bodies: Sequence[bytes], due_s: npt.NDArray[np.float64]) -> Load:
    """Every body sent to POST /v1/retrieve when it is due."""
    # select() waits to the microsecond where epoll's clock ticks in milliseconds: nobody has to watch the clock, and
    # take what two virtual cores share from the server.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(SelectSelector())) as runner:
        return runner.run(_sent(url, bodies, due_s))


async def _sent(url: str, bodies: Sequence[bytes], due_s: npt.NDArray[np.float64]) -> Load:
    gc.collect()
    gc.freeze()  # a catalogue and all messages: to look at them would take a tenth of a second, charged to the server
    load = Load(np.full(len(bodies), np.nan), np.full(len(bodies), np.nan))
    free: list[_Connection] = []
    tasks, started = [], time.perf_counter() + 0.1
    for number, due in enumerate((started + due_s).tolist()):
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        load.late_ms[number] = (time.perf_counter() - due) * 1000
        tasks.append(asyncio.create_task(_one(url, bodies[number], due, number, load, free)))
    await asyncio.gather(*tasks)
    for connection in free:
        connection.close()
    return load


async def _one(url: str, body: bytes, due: float, number: int, load: Load, free: "list[_Connection]") -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            connection = _kept(free) or await _connected(url)
            status, content = await connection.asked(body)
        load.latency_ms[number] = (time.perf_counter() - due) * 1000
        free.append(connection)
        if status != 200:
            load.errors.append(f"{status} {content[:200]!r}")
        elif json.loads(content)["degraded"]:
            load.degraded += 1
    except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
        load.errors.append(f"{type(error).__name__} {error}")


def _kept(free: "list[_Connection]") -> "_Connection | None":
    """The connection last used that the server has not hung up meanwhile."""
    while free:
        connection = free.pop()
        if connection.is_open:
            return connection
        connection.close()
    return None


class _Connection:
    """One kept-alive connection, for one request at a time."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host, self._reader, self._writer = host, reader, writer

    async def asked(self, body: bytes) -> tuple[int, bytes]:
        """Status and content of the answer."""
        head = f"POST /v1/retrieve HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
        self._writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in answer[1:] if ": " in line)
        return int(answer[0].split()[1]), await self._reader.readexactly(int(fields["content-length"]))

    @property
    def is_open(self) -> bool:
        """Whether the server has not hung up."""
        return not self._reader.at_eof()

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def _connected(url: str) -> _Connection:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    return _Connection(parts.netloc, reader, writer)
