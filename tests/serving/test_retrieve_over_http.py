"""`POST /v1/retrieve` over real HTTP: answers, refusals, and nothing that makes it fall over."""

import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from served_shop import ServedShop
from small_engine import SmallEngine

from mangaassist.core.errors import ArtifactError, DataError
from mangaassist.data import Workspace
from mangaassist.serving import Answer, RetrieveRequest
from mangaassist.serving.retrieve_wire import AnswerBody

Serve = Callable[..., ServedShop]


REFUSALS: list[tuple[Any, int, str, str]] = [
    (b"", 400, "empty_body", "the body is empty"),
    (b"{", 400, "malformed_json", "is not JSON"),
    (b"[]", 400, "malformed_json", "no object"),
    (b'"text"', 400, "malformed_json", "no object"),
    (b'{"query": "\xff"}', 400, "malformed_json", "not UTF-8 at byte 12"),
    (b'{"query": "a", "k": NaN}', 400, "malformed_json", "finite"),
    (b'{"query": "a", "k": ' + b"9" * 5000 + b"}", 400, "malformed_json", "finite"),
    (b"[" * 30_000, 400, "malformed_json", "nested too deeply"),
    ({"query": ""}, 400, "empty_query", "what the user wrote"),
    ({"query": " \u3000\n"}, 400, "empty_query", "what the user wrote"),
    ({}, 422, "invalid_field", "query: Field required; add the field"),
    ({"query": 7}, 422, "invalid_field", "query: Input should be a valid string; give a text"),
    ({"query": None}, 422, "invalid_field", "query: "),
    ({"query": "a\0b"}, 422, "invalid_field", "query: holds a NUL character; remove it"),
    (b'{"query": "a\\ud800"}', 422, "invalid_field", "query: holds half a character"),
    (b'{"query": "a", "\\udfff": 1}', 422, "invalid_field", "row: Input should be a valid string"),
    ({"query": "x" * 2001}, 422, "invalid_field", "query: has 2,001 characters, the limit is 2,000; send the part"),
    ({"query": "a", "k": 0}, 422, "invalid_field", "k: "),
    ({"query": "a", "k": 101}, 422, "invalid_field", "k: is 101, the limit is 100; ask for fewer"),
    ({"query": "a", "k": 10**30}, 422, "invalid_field", "k: "),
    ({"query": "a", "intent": "chat"}, 422, "invalid_field", "intent: "),
    ({"query": "a", "intent_confidence": 1.5}, 422, "invalid_field", "intent_confidence: "),
    ({"query": "a", "filters": {"tone": ["dark"]}}, 422, "invalid_field", "filters.tone: "),
    ({"query": "a", "filters": {"kinds": ["book"]}}, 422, "invalid_field", "filters.kinds.0: "),
    ({"query": "a", "session": "s"}, 422, "invalid_field", "session: Extra inputs are not permitted; remove"),
    ({"query": "a", "client_id": "c" * 101}, 422, "invalid_field", "client_id: "),
    ({"query": "x" * 70_000}, 413, "body_too_large", "larger than 65,536 bytes"),
    ({"query": "x" * 3_000_000}, 413, "body_too_large", "larger than 65,536 bytes"),
]


@pytest.fixture
def shop(serve: Serve) -> ServedShop:
    return serve()


@pytest.fixture(scope="module")
def lasting_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedShop]:
    """One server for the tests that leave nothing behind."""
    started = ServedShop.start(Workspace.create(tmp_path_factory.mktemp("served") / "shop"), io.StringIO())
    yield started
    started.stop()


def post(shop: ServedShop, body: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return shop.http.post("/v1/retrieve", content=content)


def test_an_answer_has_the_fields_of_the_contract(shop: ServedShop) -> None:
    answer = shop.retrieve("dark fantasy like Berserk", intent="recommendation", intent_confidence=0.9, k=3)

    assert list(answer) == [
        "query_id",
        "release",
        "intent",
        "intent_confidence",
        "degraded",
        "results",
        "shelves",
        "latency_ms",
    ]
    assert (answer["release"], answer["intent"], answer["intent_confidence"]) == (
        "embed-adapter-v00",
        "recommendation",
        0.9,
    )
    assert list(answer["results"][0]) == ["id", "kind", "title", "text", "url", "facts", "score", "why"]
    found = [result["id"] for result in answer["results"]]
    assert found[0] == "claymore"
    assert len(found) == 3
    assert "berserk" not in found


def test_a_shelf_has_the_fields_of_the_contract(shop: ServedShop) -> None:
    shelves = shop.retrieve("dark fantasy", intent="recommendation")["shelves"]

    assert shelves
    for shelf in shelves:
        assert list(shelf) == ["id", "name", "facets", "score", "titles"]
        assert [type(shelf[name]) for name in shelf] == [str, str, list, float, list]
        assert all(list(title) == ["id", "title", "url"] for title in shelf["titles"])
    assert shop.retrieve("why was my order split", intent="faq")["shelves"] == []


def test_the_examples_of_the_openapi_document_are_whole_answers_with_shelves(shop: ServedShop) -> None:
    schema = shop.http.get("/openapi.json").json()["components"]["schemas"]["AnswerBody"]

    (example,) = schema["examples"]
    assert list(AnswerBody.model_validate(example).model_dump()) == list(shop.retrieve("dark fantasy"))
    assert example["shelves"][0]["titles"]


def test_intent_and_filters_reach_the_engine(shop: ServedShop) -> None:
    faq = shop.retrieve("why was my order split", intent="faq")
    filtered = shop.retrieve("order", filters={"kinds": ["title"]})

    assert faq["results"][0]["id"] == "split"
    assert {result["kind"] for result in filtered["results"]} == {"title"}


def test_every_query_has_an_id_of_its_own(shop: ServedShop) -> None:
    assert len({shop.retrieve("cozy")["query_id"] for _ in range(5)}) == 5


@pytest.mark.parametrize(
    "query", ["癒し系の日常漫画", "🐙🎉" * 50, "a", "'; DROP TABLE titles; --", "\u202e" * 9, "e\u0301" * 500]
)
def test_any_text_gets_an_answer(query: str, lasting_shop: ServedShop) -> None:
    assert lasting_shop.retrieve(query)["results"]


@pytest.mark.parametrize(("body", "status", "kind", "said"), REFUSALS, ids=range(len(REFUSALS)))
def test_what_cannot_be_answered_is_refused_with_the_reason(
    body: Any, status: int, kind: str, said: str, lasting_shop: ServedShop
) -> None:
    response = post(lasting_shop, body)

    error = response.json()["error"]
    assert (response.status_code, error["type"]) == (status, kind)
    assert said in error["message"]
    assert error["request_id"] == response.headers["x-request-id"]
    if kind == "invalid_field":
        assert all(set(field) == {"field", "reason", "remedy"} for field in error["fields"])


def test_all_wrong_fields_are_named_at_once(shop: ServedShop) -> None:
    error = post(shop, {"query": "a", "k": "many", "intent": "chat"}).json()["error"]

    assert [field["field"] for field in error["fields"]] == ["intent", "k"]


def test_a_body_without_a_length_is_limited_as_well(shop: ServedShop) -> None:
    response = shop.http.post("/v1/retrieve", content=(b" " * 1000 for _ in range(100)))

    assert response.status_code == 413


def test_unknown_routes_and_methods_are_refused_in_the_same_form(shop: ServedShop) -> None:
    missing, method = shop.http.get("/v2/nothing"), shop.http.get("/v1/retrieve")

    assert (missing.status_code, missing.json()["error"]["type"]) == (404, "not_found")
    assert (method.status_code, method.json()["error"]["type"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "POST"


def test_a_harmless_request_id_is_kept_and_any_other_replaced(shop: ServedShop) -> None:
    kept = shop.http.get("/health", headers={"x-request-id": "chat-17"})
    replaced = shop.http.get("/health", headers={"x-request-id": 'evil"{}'})

    assert kept.headers["x-request-id"] == "chat-17"
    assert len(replaced.headers["x-request-id"]) == 32


class Failing(SmallEngine):
    """Fails in the way that the query names."""

    def answer(self, request: RetrieveRequest, *, query_id: str) -> Answer:
        errors = {
            "caller": DataError("max_age_rating: there is no rating 'x'; use all, teen or mature"),
            "engine": ArtifactError("the release is damaged; publish it again"),
        }
        raise errors.get(request.query, ZeroDivisionError(f"it was {request.query!r}"))


def test_the_engines_own_refusals_are_shown_and_its_failures_are_not(serve: Serve) -> None:
    shop = serve(engine=Failing())

    caller, engine, bug = (post(shop, {"query": query}) for query in ("caller", "engine", "my secret"))

    assert (caller.status_code, caller.json()["error"]["type"]) == (422, "invalid_request")
    assert "use all, teen or mature" in caller.json()["error"]["message"]
    assert (engine.status_code, engine.headers["retry-after"]) == (503, "5")
    assert (bug.status_code, bug.json()["error"]["type"]) == (500, "internal")
    failed = next(line for line in shop.said() if line["event"] == "failed")
    assert failed["error"] == "ZeroDivisionError"
    assert failed["request_id"] == bug.json()["error"]["request_id"]
    assert "my secret" not in shop.stream.getvalue() + bug.text


def test_the_structured_log_names_the_request_but_not_the_text(shop: ServedShop) -> None:
    shop.http.post("/v1/retrieve", json={"query": "cozy manga", "client_id": "c-1"}, headers={"x-request-id": "r-1"})
    shop.stop()

    line = next(line for line in shop.said() if line.get("request_id") == "r-1")
    assert (line["route"], line["status"], line["level"]) == ("/v1/retrieve", 200, "info")
    assert "cozy" not in shop.stream.getvalue()
    assert "c-1" not in shop.stream.getvalue()


def test_metrics_count_requests_stages_and_lines(shop: ServedShop) -> None:
    shop.retrieve("cozy")
    post(shop, b"{")
    shop.after(0)

    assert shop.metric('mangaassist_requests_total{route="/v1/retrieve",status="200"}') == 1
    assert shop.metric('mangaassist_requests_total{route="/v1/retrieve",status="400"}') == 1
    for stage, count in (("encode", 1), ("search", 1), ("total", 1), ("http", 2)):
        assert shop.metric(f'mangaassist_stage_latency_ms_count{{stage="{stage}"}}') == count
    assert shop.metric('mangaassist_telemetry_written_total{log="retrieval_eval"}') == 1
    text = shop.http.get("/metrics").text
    assert 'mangaassist_stage_latency_ms_bucket{le="0.25",stage="total"}' in text
    assert 'mangaassist_stage_latency_ms_bucket{le="25.0",stage="total"}' in text
    assert 'mangaassist_queue_depth{queue="telemetry"} 0.0' in text


def test_degraded_answers_are_counted(serve: Serve) -> None:
    class Degraded(SmallEngine):
        def answer(self, request: RetrieveRequest, *, query_id: str) -> Answer:
            whole = super().answer(request, query_id=query_id)
            return Answer(**{name: getattr(whole, name) for name in Answer.__slots__} | {"degraded": True})

    shop = serve(engine=Degraded())

    assert shop.retrieve("cozy")["degraded"] is True
    assert shop.metric("mangaassist_degraded_answers_total") == 1


def test_two_apps_count_for_themselves(serve: Serve) -> None:
    one, other = serve(), serve()
    one.retrieve("cozy")

    assert one.metric('mangaassist_stage_latency_ms_count{stage="total"}') == 1
    assert other.metric('mangaassist_stage_latency_ms_count{stage="total"}') == 0


def test_an_engine_that_is_not_ready_is_told_apart_from_a_dead_process(serve: Serve) -> None:
    class Loading(SmallEngine):
        def is_ready(self) -> bool:
            return False

    shop = serve(engine=Loading())

    assert shop.http.get("/health").status_code == 200
    for response in (shop.http.get("/ready"), post(shop, {"query": "cozy"})):
        assert (response.status_code, response.json()["error"]["type"]) == (503, "not_ready")
        assert response.headers["retry-after"] == "5"


def test_info_says_what_is_served(shop: ServedShop) -> None:
    info = shop.http.get("/info").json()

    assert (info["release"], info["documents"]) == ("embed-adapter-v00", 10)
    assert info["version"]


def test_the_openapi_document_describes_the_routes_with_examples(shop: ServedShop) -> None:
    document = shop.http.get("/openapi.json").json()

    assert set(document["paths"]) == {
        "/v1/retrieve",
        "/v1/events",
        "/v1/embeddings",
        "/health",
        "/ready",
        "/info",
        "/metrics",
    }
    schemas = document["components"]["schemas"]
    assert schemas["RetrieveBody"]["examples"][0]["k"] == 5
    references = {word.split('"')[0] for word in json.dumps(document).split("#/components/schemas/")[1:]}
    assert references <= set(schemas)
