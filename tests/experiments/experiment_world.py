"""A nominated shop in, a real server on it that follows experiments out, with a clock that only the test moves."""

import io
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
from live_world import promote, queries_of, rollback
from prometheus_client.registry import Collector
from served_shop import KEY, NOON, QUICK, Clock, ServedShop, lines_of

from mangaassist.core.types import Query
from mangaassist.data import Workspace
from mangaassist.experiments import Experiment, LiveExperiments, report_experiment, start_experiment, stop_experiment
from mangaassist.loop import read_settings
from mangaassist.promotion import IDENTITY
from mangaassist.serving import LiveEngine, ServiceSettings, create_app, service_log, start_server
from mangaassist.serving.answers import Answer, RetrieveRequest

CANDIDATE = "embed-adapter-v01"
LIVE = IDENTITY
BEGUN = datetime.fromtimestamp(NOON, UTC)
CLICK_S = 1_800.0

__all__ = ["BEGUN", "CANDIDATE", "CLICK_S", "LIVE", "NOON", "TriedShop", "begin", "end", "lines_of", "promote",
           "queries_of", "rollback"]  # fmt: skip


def begin(workspace: Workspace, kind: Any, *, share: float = 1.0, seed: int = 0, name: str | None = None) -> Experiment:
    """An experiment with the candidate beside what is live."""
    return start_experiment(
        workspace, kind, candidate=CANDIDATE, share=share, seed=seed, name=name, at=BEGUN, actor="mina", why="a test"
    )


def end(workspace: Workspace) -> Experiment:
    return stop_experiment(workspace, name=None, at=BEGUN, actor="mina", why="a test")


class Told:
    """Tells the experiments of answers, and whoever asked that they were told: a server tells after it has answered."""

    def __init__(self, live: LiveExperiments) -> None:
        self.live = live
        self._query_ids: set[str] = set()
        self._changed = threading.Condition()

    @property
    def collectors(self) -> Sequence[Collector]:
        return self.live.collectors

    def sent(self, request: RetrieveRequest, answer: Answer) -> None:
        self.live.sent(request, answer)
        with self._changed:
            self._query_ids.add(answer.query_id)
            self._changed.notify_all()

    def wait(self, query_id: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: query_id in self._query_ids, timeout=30), f"nobody told of {query_id}"


@dataclass
class TriedShop(ServedShop):
    """A served shop whose engine and experiments are at hand."""

    engine: LiveEngine
    live: LiveExperiments
    told: Told

    @classmethod
    def start(
        cls, workspace: Workspace, stream: io.StringIO, *, look_every_s: float | None = None, sink: Any = None,
        **settings: Any,
    ) -> "TriedShop":  # fmt: skip
        clock, log = Clock(), service_log(stream)
        chosen = ServiceSettings(**{**QUICK, "requests_per_minute": 10**9, "burst": 10**9, **settings})
        whole = read_settings(workspace.root).model_copy(update={"service": chosen})
        engine = LiveEngine.open(workspace, whole, log=log, look_every_s=look_every_s)
        live = LiveExperiments.open(
            workspace, engine, whole, privacy=KEY, log=log, clock=clock, look_every_s=look_every_s, sink=sink
        )
        told = Told(live)
        app = create_app(engine, chosen, root=workspace.root, privacy=KEY, log=log, clock=clock, listener=told)
        running = start_server(app)
        http = httpx.Client(base_url=running.url, timeout=30)
        return cls(workspace, running, http, clock, stream, engine, live, told)

    def look(self) -> None:
        """Follow what the workspace says now, as the threads do by themselves."""
        self.engine.look()
        self.live.watch.look()

    def retrieve(self, query: str, **others: Any) -> dict[str, Any]:
        """The answer, once the experiments were told of it."""
        answer = super().retrieve(query, **others)
        self.told.wait(answer["query_id"])
        return answer

    def ask(self, query: Query, session: str | None = None, **others: Any) -> dict[str, Any]:
        return self.retrieve(query.text, intent=query.intent, session_id=session, **others)

    def report(self, name: str | None = None, *, hours: float = 3.0) -> dict[str, Any]:
        """The report once the logs are written and so many hours have passed; it is JSON."""
        if self.running.is_alive:
            self.service.telemetry.flush()
            self.live.shadow.flush()
        now = datetime.fromtimestamp(self.clock.now + hours * 3600, UTC)
        told = report_experiment(self.workspace, name, now=now, click_s=CLICK_S)
        same: dict[str, Any] = json.loads(json.dumps(told, allow_nan=False))
        return same

    def stop(self) -> None:
        if self.running.is_alive:
            super().stop()
            self.live.close()
            self.engine.close()
