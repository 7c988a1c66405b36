import json
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import openai
import pytest
from live_world import RELEASE, asked, evaluated, found, promote, queries_of, rollback
from loop_world import DIMENSION, WordsEncoder, write_rows

from mangaassist.core.errors import DataError, EncoderError
from mangaassist.core.types import Vectors, no_progress
from mangaassist.data import PrivacyKey, Workspace, ingest
from mangaassist.loop import (
    adapter_of_release,
    read_settings,
    train_intent_classifier,
    update_index,
    workspace_encoder,
)
from mangaassist.promotion import IDENTITY
from mangaassist.serving import (
    Filters,
    LiveEngine,
    RetrieveRequest,
    ServiceSettings,
    create_app,
    service_log,
    start_server,
)

Open = Callable[..., LiveEngine]


class BrokenEncoder(WordsEncoder):
    """Fails on every text while it is broken, and counts how often it was asked."""

    def __init__(self) -> None:
        self.is_broken, self.asked = True, 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += 1
        if self.is_broken:
            raise EncoderError("the encoder is away; come back")
        return super().encode(texts)


@pytest.mark.parametrize("is_released", [False, True])
def test_it_ranks_as_the_retriever_that_was_evaluated(released: Workspace, opened: Open, is_released: bool) -> None:
    if not is_released:
        rollback(released)
    queries = queries_of(released)
    expected = evaluated(released, RELEASE if is_released else IDENTITY, queries, 10)

    engine = opened(released)

    assert {query.query_id: found(engine, asked(query)) for query in queries} == expected


def test_the_two_releases_of_the_small_shop_answer_differently(released: Workspace) -> None:
    queries = queries_of(released)

    assert evaluated(released, RELEASE, queries, 5) != evaluated(released, IDENTITY, queries, 5)


def test_an_answer_says_release_intent_stages_and_why(released: Workspace, opened: Open) -> None:
    answer = opened(released).answer(RetrieveRequest("tall pirates", "recommendation", 0.9, k=3), query_id="q-7")

    assert (answer.query_id, answer.release, answer.degraded) == ("q-7", RELEASE, False)
    assert (answer.intent, answer.intent_confidence) == ("recommendation", 0.9)
    assert list(answer.stages_ms) == ["encode", "route", "compose", "adapt", "search", "rules", "shelves"]
    assert answer.latency_ms == pytest.approx(sum(answer.stages_ms.values()))
    assert len(answer.results) == 3
    assert all(result.why and result.kind == "title" for result in answer.results)


def test_a_certain_intent_shuts_the_other_kind_out_and_an_uncertain_one_does_not(
    released: Workspace, opened: Open
) -> None:
    engine = opened(released)

    def kinds(confidence: float) -> set[str]:
        request = RetrieveRequest("pirates refund", "faq", confidence, k=20)
        return {result.kind for result in engine.answer(request, query_id="q").results}

    assert kinds(0.99) == {"article"}
    assert kinds(0.1) == {"article", "title"}


def test_without_the_callers_intent_the_classifier_routes(released: Workspace, opened: Open) -> None:
    train_intent_classifier(released, read_settings(released.root), seed=0, progress=no_progress)
    engine = opened(released)

    answer = engine.answer(RetrieveRequest("krattle amber brisk", k=5), query_id="q")

    assert answer.intent == "faq"
    assert answer.intent_confidence is not None
    assert engine.info()["intents"] == "intents-v01"


def test_a_filter_leaves_only_what_passes_it(released: Workspace, opened: Open) -> None:
    request = RetrieveRequest("pirates refund", k=20, filters=Filters(kinds=("article",)))

    assert {result.kind for result in opened(released).answer(request, query_id="q").results} == {"article"}


def test_a_rating_that_nobody_knows_is_the_callers_mistake(released: Workspace, opened: Open) -> None:
    request = RetrieveRequest("pirates", filters=Filters(max_age_rating="x"))

    with pytest.raises(DataError, match="max_age_rating: there is no rating 'x'; use all, teen"):
        opened(released).answer(request, query_id="q")


def test_the_shops_rules_move_results_and_say_so(released: Workspace, opened: Open) -> None:
    settings = read_settings(released.root)
    first, second, third, *_ = found(opened(released), RetrieveRequest("pirates", k=10))
    shop = replace(settings.shop, pin=(third,), never_show=(first,))

    answer = opened(released, settings=settings.model_copy(update={"shop": shop})).answer(
        RetrieveRequest("pirates", k=10), query_id="q"
    )

    assert [result.id for result in answer.results][:2] == [third, second]
    assert answer.results[0].why[-1] == "pinned by the shop"
    assert first not in [result.id for result in answer.results]


def test_while_the_encoder_is_away_words_rank_and_the_answer_is_degraded(released: Workspace, opened: Open) -> None:
    engine = opened(released, encoder=BrokenEncoder())

    answer = engine.answer(RetrieveRequest("tall stories about pirates", k=3), query_id="q")

    assert answer.degraded
    assert answer.results[0].title == "Tall Pirates"
    assert answer.results[0].why == ("your words: pirate",)
    assert engine.info()["degraded_answers"] == 1


def test_nothing_is_found_while_the_encoder_is_away_and_no_word_is_known(released: Workspace, opened: Open) -> None:
    answer = opened(released, encoder=BrokenEncoder()).answer(RetrieveRequest("xyzzy"), query_id="q")

    assert (answer.degraded, answer.results) == (True, ())


def test_embeddings_are_those_of_the_live_release(released: Workspace, opened: Open) -> None:
    engine = opened(released)
    vectors, release, encoder_id = engine.embed(["pirates", "zorbil"], "query")

    assert (release, encoder_id, vectors.shape) == (RELEASE, WordsEncoder.encoder_id, (2, DIMENSION))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_promotion_and_a_rollback_are_served_at_the_next_look(released: Workspace, opened: Open) -> None:
    engine = opened(released)
    rollback(released)

    assert engine.info()["release"] == RELEASE
    assert engine.look()
    assert engine.info()["release"] == IDENTITY
    promote(released, RELEASE)
    assert engine.look()
    assert engine.info()["release"] == RELEASE
    assert not engine.look()


def test_a_new_title_is_served_once_the_index_has_it(released: Workspace, opened: Open) -> None:
    engine = opened(released)
    new = {"title_id": "moon", "title": "Moon Base Zephyr", "description": "a base on the moon"}
    ingest(released, "titles", write_rows(released.root / "more" / "catalogue.jsonl", [new]))

    assert not engine.look()
    assert update_index(released, read_settings(released.root), RELEASE, progress=no_progress).action == "changed"
    assert engine.look()
    assert found(engine, RetrieveRequest("a base on the moon"))[0] == "moon"


def test_a_release_that_cannot_be_opened_is_not_served_and_said_so(released: Workspace, opened: Any) -> None:
    rollback(released)
    engine = opened(released)
    promote(released, RELEASE)
    adapter = released.releases / RELEASE / "adapter.safetensors"
    whole = adapter.read_bytes()
    adapter.chmod(0o644)
    adapter.write_bytes(b"damaged")

    assert not engine.look()
    assert not engine.look()
    assert engine.info()["release"] == IDENTITY
    assert engine.info()["not_served"]["release"] == RELEASE
    assert "was changed" in engine.info()["not_served"]["problem"]
    assert [line["release"] for line in opened.said() if line["level"] == "error"] == [RELEASE]
    assert found(engine, RetrieveRequest("pirates"))

    adapter.write_bytes(whole)
    rollback(released)
    assert not engine.look()
    promote(released, RELEASE)
    assert engine.look()
    assert engine.info()["not_served"] is None


def test_answers_of_many_threads_are_those_of_one(released: Workspace, opened: Open) -> None:
    engine, queries = opened(released), queries_of(released)
    expected = {query.query_id: found(engine, asked(query)) for query in queries}
    wrong: list[str] = []

    def ask() -> None:
        wrong.extend(query.query_id for query in queries if found(engine, asked(query)) != expected[query.query_id])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.fixture
def served(released: Workspace, opened: Open) -> Iterator[str]:
    """The address of the released shop over real HTTP."""
    settings = ServiceSettings(drain_notice_s=0.0)
    app = create_app(opened(released), settings, root=released.root, privacy=PrivacyKey(b"a key"), log=service_log())
    running = start_server(app)
    yield running.url
    running.drain()


def test_openais_client_gets_the_vectors_of_the_live_adapter_unchanged(released: Workspace, served: str) -> None:
    texts = ["pirates", "癒し", "a base on the moon"]
    encoder = workspace_encoder(released, read_settings(released.root), no_progress)
    adapter = adapter_of_release(released, RELEASE, encoder)
    base = encoder.encode(texts)

    with openai.OpenAI(base_url=f"{served}/v1", api_key="none needed", max_retries=0) as client:
        found = client.embeddings.create(input=texts, model="mangaassist")
        asked_as_query = client.embeddings.create(input=texts, model=RELEASE, extra_body={"kind": "query"})

    def vectors(answer: Any) -> Vectors:
        return np.array([row.embedding for row in answer.data], dtype=np.float32)

    assert found.model == RELEASE
    np.testing.assert_array_equal(vectors(found), adapter.adapt_documents(base))
    np.testing.assert_array_equal(vectors(asked_as_query), adapter.adapt_queries(base))
    assert not np.array_equal(vectors(found), base)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("🐙🎉👩‍👩‍👧" * 40, 200),
        ("no " * 600, 200),
        ("not, " * 400, 200),
        ("ない" * 1000, 200),
        ("like " * 400, 200),
        ("\u202e\u0301\ufeff" * 300, 200),
        ("x" * 100_000, 413),
        ("half a megabyte " * 30_000, 413),
        ("pirates\0", 422),
        (b'{"query": "\xff\xfe"}', 400),
        (b'{"query": "pirates"', 400),
    ],
    ids=range(11),
)
def test_odd_queries_get_an_answer_or_a_clear_refusal(body: str | bytes, status: int, served: str) -> None:
    content = body if isinstance(body, bytes) else json.dumps({"query": body}).encode()

    response = httpx.post(f"{served}/v1/retrieve", content=content, timeout=60)

    assert response.status_code == status
    assert response.json().get("results") if status == 200 else response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("encoder", "cores", "threads", "expected"),
    [("local", 1, None, 1), ("local", 2, None, 2), ("local", 64, None, 4), ("titan", 1, None, 16), ("local", 1, 3, 3)],
)
def test_as_many_answers_at_once_as_cores_work_or_as_wait_for_an_encoder_elsewhere(
    released: Workspace,
    opened: Open,
    monkeypatch: pytest.MonkeyPatch,
    encoder: str,
    cores: int,
    threads: int | None,
    expected: int,
) -> None:
    monkeypatch.setattr("mangaassist.serving.engine.own_cores", lambda: cores)
    given = read_settings(released.root)
    service = replace(given.service, engine_threads=threads)
    given = given.model_copy(update={"encoder": encoder, "service": service})

    assert opened(released, settings=given).answers_at_once == expected
