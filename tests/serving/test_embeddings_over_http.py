"""`POST /v1/embeddings` over real HTTP, also with OpenAI's own client."""

import base64
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import openai
import pytest
from served_shop import ServedShop
from small_engine import DIMENSION, SmallEngine, hashed_words

from mangaassist.core.types import Vectors
from mangaassist.data import Workspace
from mangaassist.serving import Client

Serve = Callable[..., ServedShop]
TEXTS = ["iyashikei manga", "癒し系", "why was my order split"]


class ToldApart(SmallEngine):
    """Maps queries and documents differently, so that a mix-up shows."""

    def embed(self, texts: Sequence[str], kind: str) -> tuple[Vectors, str, str]:
        vectors, release, encoder = super().embed(texts, kind)
        return (-vectors if kind == "query" else vectors), release, encoder


@pytest.fixture
def shop(serve: Serve) -> ServedShop:
    return serve(engine=ToldApart())


@pytest.fixture(scope="module")
def lasting_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedShop]:
    """One server for the refusals, which leave nothing behind."""
    started = ServedShop.start(Workspace.create(tmp_path_factory.mktemp("served") / "shop"), io.StringIO())
    yield started
    started.stop()


@pytest.fixture
def openai_client(shop: ServedShop) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{shop.running.url}/v1", api_key="none needed", max_retries=0) as client:
        yield client


@pytest.mark.parametrize("choice", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}], ids=str)
def test_openais_client_gets_the_vectors_in_order(choice: Any, openai_client: openai.OpenAI) -> None:
    answer = openai_client.embeddings.create(input=TEXTS, model="mangaassist", **choice)

    assert [row.index for row in answer.data] == [0, 1, 2]
    rows = [row.embedding for row in answer.data]
    if choice.get("encoding_format") == "base64":
        rows = [np.frombuffer(base64.b64decode(row), dtype="<f4").tolist() for row in rows]  # type: ignore[arg-type]
    np.testing.assert_array_equal(np.array(rows, dtype=np.float32), hashed_words(TEXTS))
    assert answer.model == "embed-adapter-v00"
    assert answer.usage.prompt_tokens == answer.usage.total_tokens == 12


def test_queries_are_adapted_as_queries_if_the_caller_says_so(openai_client: openai.OpenAI) -> None:
    answer = openai_client.embeddings.create(input="cozy", model="mangaassist", extra_body={"kind": "query"})

    np.testing.assert_array_equal(np.array([answer.data[0].embedding], dtype=np.float32), -hashed_words(["cozy"]))


def test_openais_client_shows_our_refusal(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="ask for 'embed-adapter-v00', or 'mangaassist' for what is live"):
        openai_client.embeddings.create(input="cozy", model="text-embedding-3-small")


def test_our_client_gets_the_same_vectors(shop: ServedShop) -> None:
    with Client(shop.running.url) as client:
        np.testing.assert_array_equal(client.embeddings(TEXTS), hashed_words(TEXTS))
        np.testing.assert_array_equal(client.embeddings(TEXTS, kind="query"), -hashed_words(TEXTS))


def test_a_large_call_is_answered_and_a_larger_one_refused(shop: ServedShop) -> None:
    full = shop.http.post("/v1/embeddings", json={"input": ["word"] * 2048, "model": "mangaassist"})
    over = shop.http.post("/v1/embeddings", json={"input": ["word"] * 2049, "model": "mangaassist"})

    assert len(full.json()["data"]) == 2048
    assert (over.status_code, over.json()["error"]["type"]) == (413, "too_many_texts")


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"input": []}, 400, "input: is empty"),
        ({"input": ""}, 400, "input.0: is empty"),
        ({"input": ["a", " "]}, 400, "input.1: is empty; leave it out"),
        ({"input": [[1, 2]]}, 422, "input: holds token numbers; send texts"),
        ({"input": [1, 2]}, 422, "input: holds token numbers; send texts"),
        ({"input": ["a", 2]}, 422, "input.1: "),
        ({"input": "a\0"}, 422, "input.0: holds a NUL character"),
        ({"input": ["a", "\ud800"]}, 422, "input.1: holds half a character"),
        ({"input": "x" * 50_001}, 422, "input.0: has 50,001 characters, the limit is 50,000"),
        ({"model": None}, 422, "model: "),
        ({"model": "embed-adapter-v09"}, 404, "there is no 'embed-adapter-v09' here"),
        ({"model": "\ud800"}, 404, "ask for"),
        ({"encoding_format": "hex"}, 422, "encoding_format: "),
        ({"dimensions": 256}, 422, f"dimensions: is 256, but the vectors of embed-adapter-v00 have {DIMENSION}"),
        ({"kind": "passage"}, 422, "kind: "),
    ],
    ids=range(15),
)
def test_what_cannot_be_embedded_is_refused_with_the_reason(
    change: dict[str, Any], status: int, said: str, lasting_shop: ServedShop
) -> None:
    body = json.dumps({"input": "cozy", "model": "mangaassist"} | change)

    response = lasting_shop.http.post("/v1/embeddings", content=body)

    assert response.status_code == status
    assert said in response.json()["error"]["message"]


def test_the_dimension_there_is_may_be_asked_for_and_foreign_fields_are_passed_over(shop: ServedShop) -> None:
    body = {"input": "cozy", "model": "embed-adapter-v00", "dimensions": DIMENSION, "user": "u-1"}

    answer = shop.http.post("/v1/embeddings", json=body).json()

    assert len(answer["data"][0]["embedding"]) == DIMENSION
    assert answer["encoder_id"] == "hashed-words@1"
