"""Thirty servers, one after another, are killed with -9 while events come in: each acknowledged event is kept, once."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from served_shop import click, lines_of

from mangaassist.data import Workspace

KILLS = 30
SENDERS = 3
AT_LEAST = 2
"""Events that every sender has had acknowledged before a kill; more come in while the signal is on its way."""


class Servers:
    """Server processes on one workspace, one at a time, each with its process id and address."""

    def __init__(self, workspace: Workspace) -> None:
        words = [sys.executable, str(Path(__file__).with_name("forking_child.py")), str(workspace.root)]
        self.parent = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def start(self) -> tuple[int, str]:
        assert self.parent.stdin is not None
        self.parent.stdin.write("\n")
        self.parent.stdin.flush()
        pid, url = self._line()
        return int(pid), url

    def end(self, pid: int, number: signal.Signals) -> int:
        """Its exit status after the signal."""
        os.kill(pid, number)
        said, status = self._line()
        assert said == "ended"
        return int(status)

    def _line(self) -> list[str]:
        assert self.parent.stdout is not None
        return self.parent.stdout.readline().split()


@pytest.fixture
def servers(workspace: Workspace) -> Iterator[Servers]:
    found = Servers(workspace)
    yield found
    found.parent.communicate()


class Sender(threading.Thread):
    """Sends numbered events until the server is gone; the one without an answer is sent again to the next server."""

    def __init__(self, name: str, url: str, first: int, enough: threading.Barrier) -> None:
        super().__init__(name=name)
        self.url, self.number, self.enough = url, first, enough
        self.acknowledged: list[str] = []

    def run(self) -> None:
        with httpx.Client(base_url=self.url, timeout=60) as http:
            while True:
                event_id = f"{self.name}-{self.number}"
                try:
                    response = http.post("/v1/events", json=[click("q", "a", event_id)])
                except httpx.TransportError:
                    return
                assert response.status_code == 202, response.text
                self.acknowledged.append(event_id)
                self.number += 1
                if len(self.acknowledged) == AT_LEAST:
                    self.enough.wait(timeout=60)


def test_thirty_kills_lose_no_acknowledged_event_and_repeat_none(servers: Servers, workspace: Workspace) -> None:
    acknowledged: list[str] = []
    numbers = dict.fromkeys((f"s{each}" for each in range(SENDERS)), 0)
    for _ in range(KILLS):
        (pid, url), enough = servers.start(), threading.Barrier(SENDERS + 1)
        senders = [Sender(name, url, first, enough) for name, first in numbers.items()]
        for sender in senders:
            sender.start()
        enough.wait(timeout=60)
        assert servers.end(pid, signal.SIGKILL) == -signal.SIGKILL
        for sender in senders:
            sender.join()
            acknowledged += sender.acknowledged
            numbers[sender.name] = sender.number
    pid, _ = servers.start()
    assert servers.end(pid, signal.SIGTERM) == 0

    ids = [row["event_id"] for row in lines_of(workspace.logs, "ubi_events-*.jsonl")]
    sent = {f"{name}-{number}" for name, last in numbers.items() for number in range(last + 1)}
    assert len(acknowledged) == len(set(acknowledged)) >= KILLS * SENDERS * AT_LEAST
    assert set(acknowledged) <= set(ids) <= sent
    assert len(ids) == len(set(ids))
