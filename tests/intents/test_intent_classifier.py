from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from message_world import DIMENSION, centred, unit

from mangaassist.core.errors import ShapeError
from mangaassist.core.types import INTENTS, Vectors

VECTORS = arrays(np.float32, (3, DIMENSION), elements=st.floats(-1, 1, width=32))
TEMPERATURES = st.floats(0.05, 20)


def on_axis(place: int) -> Vectors:
    return np.eye(DIMENSION, dtype=np.float32)[[place]]


@pytest.mark.parametrize("place", range(5))
def test_a_vector_on_the_axis_of_an_intent_has_that_intent(place: int) -> None:
    [(intent, confidence)] = centred(temperature=0.2).classify(on_axis(place))

    assert intent == INTENTS[place]
    assert confidence == pytest.approx(np.exp(5) / (np.exp(5) + 4))


def test_no_vectors_have_no_intents() -> None:
    empty = np.empty((0, DIMENSION), dtype=np.float32)

    assert centred().classify(empty) == []
    assert centred().routes(empty) == []


def test_several_vectors_at_once_have_the_intents_that_each_has_alone() -> None:
    vectors = unit(np.random.default_rng(0).normal(size=(20, DIMENSION)))

    together = centred().classify(vectors)

    alone = [centred().classify(vector[None, :])[0] for vector in vectors]
    assert [intent for intent, _ in together] == [intent for intent, _ in alone]
    assert [sure for _, sure in together] == pytest.approx([sure for _, sure in alone], abs=1e-6)


@given(VECTORS, TEMPERATURES)
def test_probabilities_sum_to_one(vectors: Vectors, temperature: float) -> None:
    probabilities = centred(temperature=temperature).probabilities(vectors)

    assert (probabilities >= 0).all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(3))


@given(VECTORS, TEMPERATURES, TEMPERATURES)
def test_a_higher_temperature_is_never_surer_and_gives_the_same_intent(
    vectors: Vectors, one: float, other: float
) -> None:
    cold, hot = sorted((one, other))
    sure, doubtful = (centred(temperature=each).probabilities(vectors) for each in (cold, hot))

    assert (doubtful.max(axis=1) <= sure.max(axis=1) + 1e-9).all()
    likeliest = sure.argmax(axis=1)
    assert doubtful[np.arange(3), likeliest] == pytest.approx(doubtful.max(axis=1))


def test_an_intent_without_an_example_has_probability_zero_even_on_its_own_axis() -> None:
    bias = np.zeros(5, dtype=np.float32)
    bias[INTENTS.index("faq")] = -np.inf
    without_faq = replace(centred(), bias=bias)

    probabilities = without_faq.probabilities(on_axis(INTENTS.index("faq")))

    assert probabilities[0, INTENTS.index("faq")] == 0
    assert probabilities.sum() == pytest.approx(1)
    assert without_faq.untrained == ("faq",)


def test_routes_carry_the_intent_and_what_to_search() -> None:
    [faq] = centred().routes(on_axis(INTENTS.index("faq")))
    [undecided] = centred().routes(unit([[1, 0, 0, 1] + [0] * 12]))

    assert (faq.intent, faq.kinds) == ("faq", ("article",))
    assert (undecided.intent, undecided.kinds) == ("recommendation", ("title", "article"))


@pytest.mark.parametrize("shape", [(DIMENSION,), (2, DIMENSION + 1)])
def test_vectors_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"intents-v01 reads \(n, 16\) vectors of 'words@1'"):
        centred().classify(np.zeros(shape, dtype=np.float32))


def test_a_classifier_that_lacks_an_intent_or_a_temperature_is_refused() -> None:
    with pytest.raises(ShapeError, match="for each of 5 intents"):
        replace(centred(), weights=np.zeros((4, DIMENSION), dtype=np.float32))
    with pytest.raises(ShapeError, match="temperature is 0"):
        replace(centred(), temperature=0)
