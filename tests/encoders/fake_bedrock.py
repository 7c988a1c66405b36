"""A Bedrock on loopback: real HTTP, deterministic Titan vectors, and faults by plan."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

PATH = "/model/amazon.titan-embed-text-v2%3A0/invoke"


@dataclass(frozen=True)
class Answer:
    """What to send instead of a vector. missing_bytes: announced but never sent, so that the body breaks off."""

    status: int = 200
    body: bytes = b"{}"
    error: str = ""
    after_s: float = 0.0
    missing_bytes: int = 0


@dataclass(frozen=True)
class Received:
    text: str
    dimension: int
    at: float


def refusal(status: int, error: str, message: str) -> Answer:
    return Answer(status, json.dumps({"message": message}).encode(), error)


def embedding_of(text: str, dimension: int) -> list[float]:
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).normal(size=dimension)
    return [float(value) for value in vector / np.linalg.norm(vector)]


class FakeBedrock(ThreadingHTTPServer):
    """Answers `POST PATH` as Titan V2 does. `plan(text, times asked before)` may give another answer.

    received: every request in order, retries included.  answered: texts that were given a vector, in order.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.plan: Callable[[str, int], Answer | None] = lambda _text, _times: None
        self.received: list[Received] = []
        self.answered: list[str] = []
        self.closing = threading.Event()
        self.lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up and closed its connection is what a timeout test is about."""

    def answer_to(self, body: dict[str, Any]) -> Answer:
        text, dimension = body["inputText"], body["dimensions"]
        with self.lock:
            times = sum(request.text == text for request in self.received)
            self.received.append(Received(text, dimension, time.monotonic()))
        planned = self.plan(text, times) or self._wrong_with(body)
        if planned is None:
            with self.lock:
                self.answered.append(text)
            answer = {"embedding": embedding_of(text, dimension), "inputTextTokenCount": len(text) // 4}
            return Answer(body=json.dumps(answer).encode())
        return planned

    def _wrong_with(self, body: dict[str, Any]) -> Answer | None:
        if set(body) != {"inputText", "dimensions", "normalize", "embeddingTypes"} or body["normalize"] is not True:
            return refusal(400, "ValidationException", f"extraneous or missing key in {sorted(body)}")
        if body["dimensions"] not in {256, 512, 1024}:
            return refusal(400, "ValidationException", "dimensions is not supported")
        if not 1 <= len(body["inputText"]) <= 50_000:
            return refusal(400, "ValidationException", "expected minLength: 1, maxLength: 50000")
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeBedrock

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == PATH and self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256"):
            answer = self.server.answer_to(body)
        else:
            answer = refusal(404, "ResourceNotFoundException", f"no such path, or not signed: {self.path}")
        self.server.closing.wait(answer.after_s)
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer.body) + answer.missing_bytes))
        if answer.error:
            self.send_header("x-amzn-ErrorType", answer.error)
        self.end_headers()
        self.wfile.write(answer.body)
        self.close_connection = self.close_connection or bool(answer.missing_bytes)

    def log_message(self, *_: Any) -> None:
        """Tests read `received` instead."""


@contextmanager
def running_bedrock() -> Iterator[FakeBedrock]:
    """A fake that serves, with AWS's variables pointing at it and away from this machine's own credentials."""
    server = FakeBedrock()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as environment:
            for name, value in _variables(server.url).items():
                environment.setenv(name, value)
            environment.delenv("AWS_PROFILE", raising=False)
            yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _variables(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": url,
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/nonexistent/config",
        "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
