"""Our own client against the real service, and against one that fails as services do."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from served_shop import ServedShop, click, lines_of

from mangaassist.core.errors import ServiceError
from mangaassist.serving import Answer, AnswerShelf, Client, Result, ShelfTitle, add_key
from mangaassist.serving.running import KEEP_ALIVE_S

Serve = Callable[..., ServedShop]


class Flaky(http.server.ThreadingHTTPServer):
    """Answers as scripted: a status, or 0 for a line cut after the request was read."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Scripted)
        self.script: list[int] = []
        self.bodies: list[Any] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Scripted(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Flaky)
        server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        status = server.script.pop(0)
        if not status:
            return
        said = {"accepted": 1, "repeated": 0, "rejected": []} if status == 202 else {"error": {"message": "no room"}}
        content = json.dumps(said).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words: object) -> None:
        """Say nothing."""


@pytest.fixture
def flaky() -> Iterator[Flaky]:
    with Flaky() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_answers_come_back_as_values(serve: Serve) -> None:
    shop = serve()

    with Client(shop.running.url) as client:
        answer = client.retrieve("why was my order split", intent="faq", k=2, filters={"kinds": ["article"]})

    assert isinstance(answer, Answer)
    assert isinstance(answer.results[0], Result)
    assert answer.results[0].id == "split"
    assert answer.results[0].why == ("vector",)
    assert len(answer.results) == 2


def test_shelves_come_back_as_values(serve: Serve) -> None:
    shop = serve()

    with Client(shop.running.url) as client:
        shelves = client.retrieve("dark fantasy", intent="recommendation").shelves

    assert shelves
    assert all(isinstance(shelf, AnswerShelf) and isinstance(shelf.facets, tuple) for shelf in shelves)
    assert all(isinstance(title, ShelfTitle) for shelf in shelves for title in shelf.titles)


def test_a_refusal_carries_the_services_words(serve: Serve) -> None:
    shop = serve()
    key = add_key(shop.workspace.root, "chat", ("events",), at=datetime(2026, 11, 5, tzinfo=UTC))[1]

    with Client(shop.running.url) as nobody, Client(shop.running.url, key=key) as known:
        with pytest.raises(ServiceError, match="401 key_missing: an API key is needed"):
            nobody.retrieve("cozy")
        with pytest.raises(ServiceError, match="403 scope_missing: key 'chat' may not retrieve"):
            known.retrieve("cozy")
        assert known.send_events([click("q", "a")]).accepted == 1


def test_half_a_character_is_refused_by_the_service_and_no_crash_here(serve: Serve) -> None:
    shop = serve()

    with Client(shop.running.url) as client, pytest.raises(ServiceError, match="422 invalid_field: query: holds half"):
        client.retrieve("a\ud800")


def test_events_are_sent_again_with_the_same_ids_until_they_are_acknowledged(flaky: Flaky) -> None:
    waited: list[float] = []
    flaky.script = [503, 0, 429, 507, 202]

    with Client(flaky.url, sleep=waited.append) as client:
        receipt = client.send_events([click("q", "a"), click("q", "b", "mine")])

    assert receipt.accepted == 1
    assert len(flaky.bodies) == 5
    assert all(body == flaky.bodies[0] for body in flaky.bodies)
    assert len(flaky.bodies[0][0]["event_id"]) == 32
    assert flaky.bodies[0][1]["event_id"] == "mine"
    assert waited[2] == 7
    assert all(0 < each < 2 for each in (waited[0], waited[1], waited[3]))


def test_a_refused_event_is_not_sent_again(flaky: Flaky) -> None:
    flaky.script = [422]

    with Client(flaky.url) as client, pytest.raises(ServiceError, match=r"422 .*no room"):
        client.send_events([{}])

    assert len(flaky.bodies) == 1


@pytest.mark.parametrize(("script", "said"), [([507] * 3, "507 : no room"), ([0] * 3, "cannot be reached")])
def test_after_several_tries_the_caller_is_told(script: list[int], said: str, flaky: Flaky) -> None:
    flaky.script = script

    with Client(flaky.url, attempts=3, sleep=lambda _s: None) as client, pytest.raises(ServiceError, match=said):
        client.send_events([click("q", "a")])


def test_nobody_there_is_said_so(flaky: Flaky) -> None:
    flaky.script = [0, 0]

    with Client(flaky.url) as client:
        with pytest.raises(ServiceError, match=r"cannot be reached .*check the address and the server"):
            client.retrieve("cozy")
        with pytest.raises(ServiceError, match="cannot be reached"):
            client.embeddings(["cozy"])


def test_an_event_repeated_by_the_client_counts_once(serve: Serve) -> None:
    shop = serve()

    with Client(shop.running.url) as client:
        receipts = [client.send_events([click("q", "a", "e1")]) for _ in range(2)]

    assert [(each.accepted, each.repeated) for each in receipts] == [(1, 0), (0, 1)]
    shop.stop()
    assert len(lines_of(shop.workspace.logs, "ubi_events-*.jsonl")) == 1


def test_the_server_hangs_up_later_than_clients_and_load_balancers_do() -> None:
    """Else a question sent at the moment of closing is lost, and nobody may ask it twice."""
    kept_s = httpx.Limits().keepalive_expiry
    assert kept_s is not None
    assert max(kept_s, 60) < KEEP_ALIVE_S
