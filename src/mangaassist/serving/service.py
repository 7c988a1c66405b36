"""An engine, settings and a workspace in; everything that the routes share out, opened, started and closed together."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request

from mangaassist.core.service_settings import ServiceSettings
from mangaassist.data import PrivacyKey
from mangaassist.serving.access import Access
from mangaassist.serving.answers import Engine, Listener
from mangaassist.serving.edge import Traffic
from mangaassist.serving.engine_threads import EngineThreads
from mangaassist.serving.event_journal import EventJournal
from mangaassist.serving.events_wire import event_line
from mangaassist.serving.follow_ups import FollowUps
from mangaassist.serving.keys import KeyRing, Scope
from mangaassist.serving.log_files import LineSink, LogFile, close_orphans
from mangaassist.serving.metrics import Metrics
from mangaassist.serving.refusals import Refused
from mangaassist.serving.structured_logs import where_raised
from mangaassist.serving.telemetry import EVAL_LOG, QUERY_LOG, Telemetry

Sinks = Mapping[str, LineSink]


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes share. Made by `open_service`."""

    engine: Engine
    settings: ServiceSettings
    privacy: PrivacyKey
    access: Access
    traffic: Traffic
    metrics: Metrics
    answering: EngineThreads
    embedding: EngineThreads
    journal: EventJournal
    telemetry: Telemetry
    clock: Callable[[], float]
    log: Any
    listener: Listener | None = None

    def start(self) -> None:
        """Take requests."""
        for part in (self.journal, self.telemetry, self.answering, self.embedding):
            part.start()
        if not self.access.keys.is_needed:
            self.log.warning("no API keys: anyone who reaches this port may ask; it is kept to loopback")

    def close(self) -> None:
        """Close every log; an engine call that never ends must not keep them open."""
        self.telemetry.close()
        self.journal.close()
        self.answering.close()
        self.embedding.close()
        self.log.info("stopped")

    def admit(self, request: Request, scope: Scope | None) -> None:
        """Let the request in, or raise Refused."""
        request.scope["state"]["caller"] = self.access.admit(request, scope).name

    def check_ready(self) -> None:
        """Raise Refused unless questions can be answered now."""
        if self.traffic.is_draining:
            raise Refused(
                503, "draining", "this server is stopping; ask another, or again in a moment", retry_after_s=1
            )
        if not self.engine.is_ready():
            raise Refused(503, "not_ready", "the engine is still loading; ask again in a moment", retry_after_s=5)


def open_service(
    engine: Engine,
    settings: ServiceSettings,
    *,
    root: Path,
    privacy: PrivacyKey,
    log: Any,
    clock: Callable[[], float] = time.time,
    sinks: Sinks | None = None,
    listener: Listener | None = None,
) -> Service:
    """A service on the workspace at `root`; what a killed process left in its logs is closed.

    sinks: where telemetry lines go, if not into the workspace's log files.
    listener: told of every answer after it is sent; whoever made it closes it.
    """

    def complain(error: Exception) -> None:
        log.error("log trouble", **where_raised(error))

    logs, metrics = root / "logs", Metrics()
    keys = KeyRing(root)
    journal = EventJournal(logs, lambda event: event_line(event, privacy), settings, clock=clock, complain=complain)
    close_orphans(logs)
    follow_ups = FollowUps(logs, window_s=settings.hit_window_s, clock=clock)
    files = sinks or {
        name: LogFile(logs, name, limit=settings.log_bytes, clock=clock) for name in (EVAL_LOG, QUERY_LOG)
    }
    telemetry = Telemetry(files, follow_ups, privacy, metrics, places=settings.log_queue, complain=complain)
    answering = EngineThreads(
        settings.engine_threads or engine.answers_at_once, waiting=settings.waiting, name="answer"
    )
    embedding = EngineThreads(1, waiting=settings.waiting, name="embed")
    metrics.add(listener.collectors if listener is not None else ())
    metrics.watch_depth("telemetry", lambda: telemetry.depth)
    metrics.watch_depth("events", lambda: journal.depth)
    metrics.watch_depth("answers", lambda: answering.depth)
    metrics.watch_depth("embeddings", lambda: embedding.depth)
    return Service(
        engine=engine,
        settings=settings,
        privacy=privacy,
        access=Access(keys, settings),
        traffic=Traffic(),
        metrics=metrics,
        answering=answering,
        embedding=embedding,
        journal=journal,
        telemetry=telemetry,
        clock=clock,
        log=log,
        listener=listener,
    )
