import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from small_engine import DIMENSION, hashed_words

from mangaassist.core.errors import EncoderError
from mangaassist.core.types import Vectors
from mangaassist.encoders import PartlyEncoded
from mangaassist.serving import ServiceSettings
from mangaassist.serving.query_encoder import EXPECTED, QueryEncoder

SETTINGS = ServiceSettings(encoder_wait_s=30.0, encoder_failures=3, encoder_rest_s=10.0, queries_kept=2)


class CountedEncoder:
    """Encodes, or fails while it is broken, or waits at a door; remembers what it was asked."""

    encoder_id, dimension = "counted@1", DIMENSION

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: Exception | None = None
        self.door: threading.Event | None = None

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        if self.door is not None:
            self.door.wait()
        if self.error is not None:
            raise self.error
        return hashed_words(texts)


class World:
    """A query encoder whose clock the test moves, and what it complained of."""

    def __init__(self, settings: ServiceSettings = SETTINGS) -> None:
        self.now, self.complaints = 100.0, list[Exception]()
        self.encoder = CountedEncoder()
        self.queries = QueryEncoder(
            self.encoder, settings, complain=self.complaints.append, calls_at_once=4, clock=lambda: self.now
        )


def test_a_query_is_encoded_as_the_encoder_does() -> None:
    world = World()

    assert np.array_equal(world.queries.vector("dark fantasy"), hashed_words(["dark fantasy"])[0])  # type: ignore[arg-type]


def test_a_query_that_was_asked_lately_is_not_encoded_again() -> None:
    world = World()
    for text in ("a", "b", "a", "c", "a", "b"):
        world.queries.vector(text)

    assert world.encoder.asked == ["a", "b", "c", "b"]


@pytest.mark.parametrize("error", [EncoderError("away"), TimeoutError("slow"), OSError("no network")])
def test_a_failure_is_no_vector_and_is_complained_of(error: Exception) -> None:
    world = World()
    world.encoder.error = error

    assert world.queries.vector("a") is None
    assert world.complaints == [error]


def test_a_bug_in_an_encoder_is_not_covered_up() -> None:
    world = World()
    world.encoder.error = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        world.queries.vector("a")


def test_an_encoder_that_takes_too_long_is_not_waited_for() -> None:
    world = World(ServiceSettings(encoder_wait_s=0.01))
    world.encoder.door = threading.Event()

    assert world.queries.vector("a") is None
    assert [type(error) for error in world.complaints] == [TimeoutError]
    world.encoder.door.set()


def test_after_failures_in_a_row_the_encoder_is_left_alone_then_tried_once() -> None:
    world = World()
    world.encoder.error = EncoderError("away")
    for text in "abcdef":
        assert world.queries.vector(text) is None

    assert world.encoder.asked == ["a", "b", "c"]
    assert world.queries.is_resting
    world.now += SETTINGS.encoder_rest_s
    assert world.queries.vector("g") is None
    assert world.queries.vector("h") is None
    assert world.encoder.asked == ["a", "b", "c", "g"]


def test_an_encoder_that_came_back_is_used_again() -> None:
    world = World()
    world.encoder.error = EncoderError("away")
    for text in "abc":
        world.queries.vector(text)
    world.encoder.error = None
    world.now += SETTINGS.encoder_rest_s

    assert world.queries.vector("d") is not None
    assert world.queries.vector("e") is not None
    assert not world.queries.is_resting


def test_failures_that_are_not_in_a_row_stop_nothing() -> None:
    world = World()
    for text in "abcdefgh":
        world.encoder.error = None if text in "bdfh" else EncoderError("away")
        world.queries.vector(text)

    assert world.encoder.asked == list("abcdefgh")


def test_what_is_kept_is_given_while_the_encoder_rests() -> None:
    world = World()
    world.queries.vector("kept")
    world.encoder.error = EncoderError("away")
    for text in "abc":
        world.queries.vector(text)

    assert world.queries.vector("kept") is not None


class PickyEncoder(CountedEncoder):
    """Refuses one text; remembers which texts came together."""

    def __init__(self) -> None:
        super().__init__()
        self.together: list[list[str]] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.together.append(list(texts))
        vectors = super().encode(texts)
        if "refused" in texts:
            found = dict(zip(texts, vectors, strict=True))
            found.pop("refused")
            raise PartlyEncoded("a text was refused", found)
        return vectors


def test_queries_that_wait_go_together_and_one_that_is_refused_takes_no_other_with_it() -> None:
    encoder = PickyEncoder()
    encoder.door = threading.Event()
    queries = QueryEncoder(encoder, SETTINGS, complain=lambda _: None)
    found: dict[str, Vectors | None] = {}
    threads = []
    for number, text in enumerate(["first", "dark", "refused", "cosy"]):
        threads.append(threading.Thread(target=lambda text=text: found.update({text: queries.vector(text)})))
        threads[-1].start()
        while (len(encoder.asked), queries.waiting) != (1, number):
            time.sleep(0.001)

    encoder.door.set()
    for thread in threads:
        thread.join()

    assert encoder.together == [["first"], ["dark", "refused", "cosy"]]
    assert found.pop("refused") is None
    for text, vector in found.items():
        assert np.array_equal(vector, hashed_words([text])[0])  # type: ignore[arg-type]


def test_expected_queries_go_together_before_anybody_asks_for_their_vectors() -> None:
    encoder = PickyEncoder()
    encoder.door = threading.Event()
    queries = QueryEncoder(encoder, SETTINGS, complain=lambda _: None)
    queries.expect("first")
    while encoder.asked != ["first"]:
        time.sleep(0.001)
    for text in ("dark", "cosy", "dark"):
        queries.expect(text)

    encoder.door.set()

    assert np.array_equal(queries.vector("dark"), hashed_words(["dark"])[0])  # type: ignore[arg-type]
    assert encoder.together == [["first"], ["dark", "cosy"]]
    queries.expect("dark")
    assert queries.vector("dark") is not None
    assert len(encoder.together) == 2


def test_an_expected_query_that_fails_is_complained_of_once_it_is_asked_for() -> None:
    world = World()
    world.encoder.error = EncoderError("away")

    world.queries.expect("a")

    assert world.queries.vector("a") is None
    assert world.complaints == [world.encoder.error]
    assert world.encoder.asked == ["a"]


def test_nothing_is_begun_while_the_encoder_is_left_alone() -> None:
    world = World()
    world.encoder.error = EncoderError("away")
    for text in ("a", "b", "c"):
        world.queries.vector(text)

    world.queries.expect("d")

    assert world.queries.vector("d") is None
    assert world.encoder.asked == ["a", "b", "c"]


def test_many_expected_queries_that_nobody_asks_for_are_forgotten() -> None:
    world = World()
    for number in range(EXPECTED + 1):
        world.queries.expect(f"{number}")

    assert world.queries.vector("0") is not None
    assert world.queries.vector(f"{EXPECTED}") is not None
    assert sorted(world.encoder.asked).count("0") == 2
    assert sorted(world.encoder.asked).count(f"{EXPECTED}") == 1


@pytest.mark.parametrize("calls_at_once", [1, 3])
def test_closing_ends_its_threads_after_what_waits(calls_at_once: int) -> None:
    before = set(threading.enumerate())
    encoder = PickyEncoder()
    encoder.door = threading.Event()
    queries = QueryEncoder(encoder, SETTINGS, complain=lambda _: None, calls_at_once=calls_at_once)
    threads = set(threading.enumerate()) - before
    queries.expect("first")
    queries.expect("dark")

    queries.close()
    encoder.door.set()

    for thread in threads:
        thread.join(timeout=30)
    assert [thread.is_alive() for thread in threads] == [False] * calls_at_once
    assert sorted(encoder.asked) == ["dark", "first"]
