"""More than the service can do is refused quickly and said so; slow bodies and clients that leave cost little."""

import socket
import threading
from collections.abc import Callable

import httpx
from served_shop import ServedShop
from small_engine import SmallEngine

from mangaassist.serving import Answer, RetrieveRequest

Serve = Callable[..., ServedShop]


class Gated(SmallEngine):
    """Answers nothing until the gate opens."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.gate = threading.Semaphore(0), threading.Event()
        self.expected: list[str] = []

    def expect(self, request: RetrieveRequest) -> None:
        self.expected.append(request.query)

    def answer(self, request: RetrieveRequest, *, query_id: str) -> Answer:
        self.entered.release()
        assert self.gate.wait(60)
        return super().answer(request, query_id=query_id)


def ask_beside(shop: ServedShop, answers: list[int]) -> threading.Thread:
    def ask() -> None:
        answers.append(httpx.post(f"{shop.running.url}/v1/retrieve", json={"query": "cozy"}, timeout=60).status_code)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def test_a_full_queue_is_said_so_and_embeddings_and_health_have_their_own_way(serve: Serve) -> None:
    answers: list[int] = []
    engine = Gated()
    shop = serve(engine=engine, engine_threads=1, waiting=1)
    threads = [ask_beside(shop, answers)]
    engine.entered.acquire()
    threads.append(ask_beside(shop, answers))
    while shop.metric('mangaassist_queue_depth{queue="answers"}') < 1:
        pass

    refused = shop.http.post("/v1/retrieve", json={"query": "one too many"})
    vectors = shop.http.post("/v1/embeddings", json={"input": "cozy", "model": "mangaassist"})

    assert (refused.status_code, refused.json()["error"]["type"]) == (503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    assert vectors.status_code == shop.http.get("/health").status_code == 200
    assert engine.expected == ["cozy", "cozy"]  # also the one that waits for a thread, not the one refused
    engine.gate.set()
    for thread in threads:
        thread.join()
    assert answers == [200, 200]


def connected(shop: ServedShop) -> socket.socket:
    port = int(shop.running.url.rsplit(":", 1)[1])
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def test_a_body_that_does_not_arrive_is_given_up(serve: Serve) -> None:
    shop = serve(body_s=0.2)

    with connected(shop) as line:
        line.sendall(b'POST /v1/retrieve HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\n{"query"')
        answer = b""
        while not answer.endswith(b"}}"):
            answer += line.recv(4096)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"did not arrive within 0.2 s" in answer


def test_a_client_that_leaves_in_the_middle_is_counted_and_no_error(serve: Serve) -> None:
    shop = serve()

    with connected(shop) as line:
        line.sendall(b'POST /v1/retrieve HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\n{"query"')
    while shop.metric('mangaassist_requests_total{route="/v1/retrieve",status="499"}') < 1:
        pass

    assert not any(line["level"] == "error" for line in shop.said())


def test_many_requests_at_once_are_all_answered(serve: Serve) -> None:
    answers: list[int] = []
    shop = serve()
    threads = [ask_beside(shop, answers) for _ in range(30)]
    for thread in threads:
        thread.join()

    assert answers == [200] * 30
