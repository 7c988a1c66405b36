"""Encoding by several processes: the same vectors, in order, and an error that says what to do if one dies."""

from pathlib import Path

import numpy as np
import pytest

from mangaassist.core.errors import EncoderError
from mangaassist.encoders import CachedEncoder, LocalEncoder
from mangaassist.encoders import local as local_encoder
from mangaassist.encoders.processes import encoded_by

TEXTS = [f"{word} manga number {number}\ud800" for number in range(6) for word in ("cozy", "癒し系", "dark\n")]


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> LocalEncoder:
    """A local encoder whose two processes share even a few texts."""
    monkeypatch.setattr(local_encoder, "SHARED_FROM", 2)
    return LocalEncoder(processes=2)


def test_several_processes_give_the_vectors_of_one(shared: LocalEncoder, tmp_path: Path) -> None:
    alone = LocalEncoder(processes=1).encode(TEXTS)

    assert np.abs(shared.encode(TEXTS) - alone).max() < 1e-5
    assert np.abs(CachedEncoder(shared, tmp_path).encode(TEXTS) - alone).max() < 1e-5


def test_batches_come_back_in_order(shared: LocalEncoder) -> None:
    batches = [TEXTS[:1], TEXTS[1:9], TEXTS[9:]]

    each = list(shared.encode_each(batches))

    assert [len(vectors) for vectors in each] == [1, 8, 9]
    assert np.abs(np.vstack(each) - LocalEncoder(processes=1).encode(TEXTS)).max() < 1e-5


def test_a_process_that_dies_is_an_error_with_a_remedy() -> None:
    with pytest.raises(EncoderError, match="kept in the cache"):
        list(encoded_by("mangaassist.nowhere", [["a"], ["b"]], 4, processes=2))
