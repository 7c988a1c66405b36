"""Promotions and rollbacks while questions come in over HTTP: nothing fails, and no answer mixes two releases."""

import json
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from live_world import RELEASE, evaluated, promote, queries_of, rollback

from mangaassist.data import Workspace
from mangaassist.promotion import IDENTITY

SWITCHES = 50
WITHIN_S = 2.0
"""How soon a promotion is served, as a rule, with the look's real interval; a busy test machine may be late once."""

CLIENTS = 3


class Clients:
    """Threads that ask until they are told to stop, and hold each answer to the release that it names."""

    def __init__(self, url: str, workspace: Workspace) -> None:
        self._queries = queries_of(workspace)[:20]
        self._expected = {name: evaluated(workspace, name, self._queries, 5) for name in (IDENTITY, RELEASE)}
        self._http = httpx.Client(base_url=url, timeout=30)
        self._stop = threading.Event()
        self.wrong: list[str] = []
        self.answers: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._http.close()

    def release(self) -> str:
        """The release of an answer now."""
        response = self._http.post("/v1/retrieve", json={"query": "pirates"})
        return str(response.json()["release"])

    def _ask(self) -> None:
        while not self._stop.is_set():
            for query in self._queries:
                response = self._http.post("/v1/retrieve", json={"query": query.text, "intent": query.intent, "k": 5})
                self._check(query.query_id, response)

    def _check(self, query_id: str, response: httpx.Response) -> None:
        if response.status_code != 200:
            self.wrong.append(f"{query_id}: {response.text}")
            return
        answer: dict[str, Any] = response.json()
        self.answers[answer["release"]] += 1
        ids = [result["id"] for result in answer["results"]]
        if ids != self._expected[answer["release"]][query_id] or answer["degraded"]:
            self.wrong.append(f"{query_id}: {answer['release']} answered {ids}")


@pytest.fixture
def served(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a `mangaassist serve` in a process of its own; it must end by itself when told to."""
    monkeypatch.setenv("MANGAASSIST_SERVICE__REQUESTS_PER_MINUTE", "1000000000")
    monkeypatch.setenv("MANGAASSIST_SERVICE__BURST", "1000000000")
    words = [sys.executable, str(Path(__file__).with_name("small_serve.py")), str(released.root)]
    with (released.root.parent / "said").open("w+") as said:
        server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=said, text=True)
        assert server.stdout is not None
        told = "".join(iter(server.stdout.readline, "}\n")) + "}"
        yield str(json.loads(told)["url"])
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=120)
        said.seek(0)
        assert server.returncode == 0, said.read()


@pytest.mark.slow
def test_fifty_switches_reach_a_busy_server_and_no_answer_mixes_releases(served: str, released: Workspace) -> None:
    took: list[float] = []

    with Clients(served, released) as clients:
        for switch in range(SWITCHES):
            if switch % 2 == 0:
                rollback(released)
            else:
                promote(released, RELEASE)
            wanted, started = (IDENTITY, RELEASE)[switch % 2], time.monotonic()
            while clients.release() != wanted and time.monotonic() - started < 10 * WITHIN_S:
                pass
            took.append(time.monotonic() - started)

    assert clients.wrong == []
    assert min(clients.answers[IDENTITY], clients.answers[RELEASE]) > SWITCHES
    assert statistics.median(took) < WITHIN_S
    assert max(took) < 10 * WITHIN_S
