"""A workspace in, the service on it over real HTTP out, with a clock that only the test moves."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from small_engine import SmallEngine

from mangaassist.data import PrivacyKey, Workspace
from mangaassist.serving import RunningServer, ServiceSettings, create_app, service_log, service_of, start_server
from mangaassist.serving.service import Service

KEY = PrivacyKey(b"the same key for every served shop")
NOON = 1_793_880_000.0
"""2026-11-05T12:00:00Z."""

QUICK = {"drain_notice_s": 0.0, "drain_s": 5.0}


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class ServedShop:
    """A running service: its client, its clock, and what it logged."""

    workspace: Workspace
    running: RunningServer
    http: httpx.Client
    clock: Clock
    stream: io.StringIO

    @classmethod
    def start(
        cls, workspace: Workspace, stream: io.StringIO, *, engine: Any = None, sinks: Any = None, **settings: Any
    ) -> "ServedShop":
        clock = Clock()
        app = create_app(
            engine or SmallEngine(),
            ServiceSettings(**{**QUICK, **settings}),
            root=workspace.root,
            privacy=KEY,
            log=service_log(stream),
            clock=clock,
            sinks=sinks,
        )
        running = start_server(app)
        return cls(workspace, running, httpx.Client(base_url=running.url, timeout=30), clock, stream)

    @property
    def service(self) -> Service:
        return service_of(self.running.app)

    def stop(self) -> None:
        if self.running.is_alive:
            self.http.close()
            self.running.drain()

    def retrieve(self, query: str, **others: Any) -> dict[str, Any]:
        response = self.http.post("/v1/retrieve", json={"query": query, **others})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def send(self, *events: dict[str, Any]) -> dict[str, Any]:
        response = self.http.post("/v1/events", json=list(events))
        assert response.status_code == 202, response.text
        receipt: dict[str, Any] = response.json()
        return receipt

    def after(self, seconds: float) -> None:
        """Let time pass, and wait until what is due then is done."""
        self.clock.now += seconds
        self.service.telemetry.flush()
        self.service.journal.flush()

    def metric(self, name: str) -> float:
        """The value of one line of /metrics, 0 where it is not there yet."""
        for line in self.http.get("/metrics").text.splitlines():
            if line.startswith(name + " "):
                return float(line.split()[-1])
        return 0.0

    def said(self) -> list[dict[str, Any]]:
        """What the service wrote on its structured log."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def lines_of(logs: Path, pattern: str) -> list[dict[str, Any]]:
    """The rows of every log file that matches, in the order of the files' names."""
    return [json.loads(line) for path in sorted(logs.glob(pattern)) for line in path.read_text().splitlines()]


def click(query_id: str, object_id: str, event_id: str | None = None, action: str = "click") -> dict[str, Any]:
    event = {
        "action_name": action,
        "timestamp": "2026-11-05T12:00:00Z",
        "query_id": query_id,
        "event_attributes": {"object": {"object_id": object_id}},
    }
    return event if event_id is None else {**event, "event_id": event_id}
