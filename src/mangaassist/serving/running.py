"""An app in, a server on a port out, until SIGTERM or SIGINT: then running requests finish, and logs are closed.

The server runs in a thread of its own; the main thread only waits for signals, so that a signal never interrupts a
write, and the process ends with status 0 once everything is stored.
"""

import contextlib
import ipaddress
import logging
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from mangaassist.core.errors import ServiceError, SettingsError
from mangaassist.serving.app import service_of
from mangaassist.serving.keys import KeyRing
from mangaassist.serving.structured_logs import ToServiceLog

LOOPBACK: Final = "127.0.0.1"
SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
KEEP_ALIVE_S: Final = 75
"""So long an idle connection stays open. Whoever keeps connections must hang up first, or a question sent at the moment
of closing is lost: longer than HTTP clients (5 s) and load balancers (60 s) keep theirs."""
_LOOK_EVERY_S: Final = 0.05


def check_binding(host: str, keys: KeyRing) -> None:
    """Without API keys only this machine may ask; raises SettingsError for any other address."""
    if keys.is_needed or is_loopback(host):
        return
    reason = f"there are no API keys, so anyone who reaches {host} could ask and send events"
    raise SettingsError(
        f"{reason}; add one: `mangaassist keys add NAME --scopes retrieve,events`, or listen on {LOOPBACK}"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers at `url`; `drain` ends it."""

    app: FastAPI
    url: str
    _server: uvicorn.Server
    _thread: threading.Thread

    @property
    def is_alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def drain(self, is_urgent: Callable[[], bool] = lambda: False) -> None:
        """Refuse new questions, let running ones finish, then close the port and the logs.

        is_urgent: asked now and then whether to stop waiting, e.g. because of a second signal.
        """
        service = service_of(self.app)
        service.traffic.is_draining = True
        settings = service.settings
        started = time.monotonic()
        while not is_urgent() and self.is_alive:
            waited = time.monotonic() - started
            is_quiet = service.traffic.inside == 0 and waited >= settings.drain_notice_s
            if is_quiet or waited >= settings.drain_notice_s + settings.drain_s:
                break
            self._thread.join(_LOOK_EVERY_S)
        self._server.should_exit = True
        self._thread.join()


def start_server(app: FastAPI, *, host: str = LOOPBACK, port: int = 0) -> RunningServer:
    """A server in a thread of its own, answering already; port 0 takes any free one."""
    service = service_of(app)
    check_binding(host, service.access.keys)
    listener = listen_on(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="on",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,  # `drain` has already waited for running requests
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="http", daemon=True)
    thread.start()
    while not server.started:
        thread.join(_LOOK_EVERY_S)
        if not thread.is_alive():
            raise SettingsError(f"the server on {host}:{port} did not start; its log on standard error says why")
    url = url_of(host, listener)
    service.log.info("listening", url=url)
    return RunningServer(app, url, server, thread)


def run_server(
    app: FastAPI, *, host: str = LOOPBACK, port: int = 8000, told: Callable[[str], None] = lambda _url: None
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal does not wait. `told` hears the address.

    To be called from the main thread. Raises SettingsError if the address is not allowed or not free,
    ServiceError if the server ends without being told to.
    """
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()  # the one queue that a signal handler may put into
    with _signals_into(signals), uvicorn_logs(service_of(app).log):
        running = start_server(app, host=host, port=port)
        told(running.url)
        while running.is_alive and signals.empty():
            with contextlib.suppress(queue.Empty):
                signals.put(signals.get(timeout=1.0))
        with contextlib.suppress(queue.Empty):
            signals.get_nowait()
        has_crashed = not running.is_alive
        running.drain(is_urgent=lambda: not signals.empty())
    if has_crashed:
        raise ServiceError(f"the server on {running.url} ended by itself; its log on standard error says why")


@contextlib.contextmanager
def _signals_into(signals: "queue.SimpleQueue[int]") -> Iterator[None]:
    before = {number: signal.signal(number, lambda caught, _frame: signals.put(caught)) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def uvicorn_logs(log: Any) -> Iterator[None]:
    """What uvicorn has to say goes into the service's log; its progress notes do not."""
    logger, handler = logging.getLogger("uvicorn"), ToServiceLog(log)
    before = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.level, logger.propagate = before


def url_of(host: str, listener: socket.socket) -> str:
    """Where a listening socket is found."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{listener.getsockname()[1]}"


def listen_on(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes any free one. Raises SettingsError if the address is not to be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Naming TCP matters: asyncio turns Nagle's algorithm off only then, and with it on every answer takes 40 ms more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        reason = f"{host}:{port} cannot be listened on ({error.strerror or error})"
        raise SettingsError(f"{reason}; choose another --port, or stop who holds it") from None
    return listener
