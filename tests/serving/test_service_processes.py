"""Server processes really stopped, killed and starved of disk: what was acknowledged is there afterwards, once."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from served_shop import click, lines_of

from mangaassist.data import Workspace

CHILD = Path(__file__).with_name("service_child.py")
LOOKS = 20_000


class Process:
    """One server process and the address it printed."""

    def __init__(self, workspace: Workspace, door: Path) -> None:
        words = [sys.executable, str(CHILD), str(workspace.root), str(door)]
        self.popen = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.url = self.next_line()

    def next_line(self) -> str:
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline().strip()
        assert line, self.popen.communicate()[1]
        return line

    def end(self, number: int) -> tuple[int, list[dict[str, Any]]]:
        """Its exit status after this signal, and what it logged."""
        self.popen.send_signal(number)
        _, said = self.popen.communicate(timeout=120)
        return self.popen.returncode, [json.loads(line) for line in said.splitlines()]


@pytest.fixture
def door(tmp_path: Path) -> Path:
    path = tmp_path / "door"
    os.mkfifo(path)
    return path


@pytest.fixture
def launch(workspace: Workspace, door: Path) -> Iterator[Callable[[], Process]]:
    launched: list[Process] = []

    def start() -> Process:
        launched.append(Process(workspace, door))
        return launched[-1]

    yield start
    for process in launched:
        process.popen.kill()
        process.popen.communicate()


def held_request(url: str, answers: list[httpx.Response]) -> threading.Thread:
    def ask() -> None:
        answers.append(httpx.post(f"{url}/v1/retrieve", json={"query": "hold"}, timeout=120))

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def looked_until_draining(url: str) -> httpx.Response:
    """The first answer of /ready that is not 200."""
    for _ in range(LOOKS):
        response = httpx.get(f"{url}/ready")
        if response.status_code != 200:
            return response
    raise AssertionError("the server never said that it is stopping")


def test_sigterm_lets_running_requests_finish_refuses_new_ones_closes_the_logs_and_ends_with_0(
    launch: Callable[[], Process], workspace: Workspace, door: Path
) -> None:
    answers: list[httpx.Response] = []
    process = launch()
    asking = held_request(process.url, answers)
    assert process.next_line() == "holding"
    httpx.post(f"{process.url}/v1/events", json=click("q", "a", "e1"))

    process.popen.send_signal(signal.SIGTERM)
    ready = looked_until_draining(process.url)
    refused = httpx.post(f"{process.url}/v1/retrieve", json={"query": "cozy"})
    event = httpx.post(f"{process.url}/v1/events", json=click("q", "a", "e2"))
    door.write_bytes(b"go")
    asking.join()
    status, said = process.end(0)

    for response in (ready, refused, event):
        assert (response.status_code, response.json()["error"]["type"]) == (503, "draining")
        assert response.headers["retry-after"] == "1"
    assert answers[0].status_code == 200
    assert status == 0
    assert said[-1]["event"] == "stopped"
    assert [line["query"] for line in lines_of(workspace.logs, "retrieval_eval-*.jsonl")] == ["hold"]
    assert [row["event_id"] for row in lines_of(workspace.logs, "ubi_events-*.jsonl")] == ["e1"]
    assert not list(workspace.logs.glob("*.open"))


def test_a_second_signal_does_not_wait_for_a_request_that_never_ends(
    launch: Callable[[], Process], workspace: Workspace
) -> None:
    answers: list[int] = []
    process = launch()
    httpx.post(f"{process.url}/v1/events", json=click("q", "a", "e1"))

    def ask() -> None:
        try:
            answers.append(httpx.post(f"{process.url}/v1/retrieve", json={"query": "hold"}, timeout=120).status_code)
        except httpx.TransportError:
            answers.append(0)

    asking = threading.Thread(target=ask)
    asking.start()
    process.next_line()
    process.popen.send_signal(signal.SIGTERM)
    looked_until_draining(process.url)
    status, _ = process.end(signal.SIGINT)
    asking.join()

    assert status == 0
    assert answers != [200]
    assert [row["event_id"] for row in lines_of(workspace.logs, "ubi_events-*.jsonl")] == ["e1"]


def test_a_full_disk_refuses_events_says_so_and_loses_none_that_were_acknowledged(
    launch: Callable[[], Process], workspace: Workspace
) -> None:
    process = launch()
    with httpx.Client(base_url=process.url, timeout=60) as http:
        assert http.post("/v1/events", json=click("q", "a", "before")).status_code == 202
        limits = resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, (1, limits[1]))

        refused = http.post("/v1/events", json=[click("q", "a", "during")])
        answer = http.post("/v1/retrieve", json={"query": "cozy"})
        resource.prlimit(process.popen.pid, resource.RLIMIT_FSIZE, limits)
        again = http.post("/v1/events", json=[click("q", "a", "during")])

    assert (refused.status_code, refused.json()["error"]["type"]) == (507, "disk_full")
    assert "free disk space and send it again" in refused.json()["error"]["message"]
    assert answer.status_code == 200
    assert again.json() == {"accepted": 1, "repeated": 0, "rejected": []}
    assert process.end(signal.SIGTERM)[0] == 0
    assert [row["event_id"] for row in lines_of(workspace.logs, "ubi_events-*.jsonl")] == ["before", "during"]
