"""The cache encodes each text once ever, whatever happens in between."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from mangaassist.core.errors import EncoderError, EncoderMismatch
from mangaassist.core.types import Vectors
from mangaassist.encoders import CachedEncoder


class CountingEncoder:
    """Gives each text a fixed vector and remembers what it was asked."""

    encoder_id = "counting@1"
    dimension = 4

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        rows = [
            np.random.default_rng(list(text.encode("utf-8", "surrogatepass")) or 0).normal(size=4) for text in texts
        ]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, 4)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_a_text_is_encoded_once_over_calls_repeats_and_restarts(tmp_path: Path) -> None:
    encoder = CountingEncoder()
    first = CachedEncoder(encoder, tmp_path).encode(["a", "b", "a"])
    again = CachedEncoder(encoder, tmp_path).encode(["b", "c", "a"])

    assert encoder.asked == ["a", "b", "c"]
    assert (first[0] == first[2]).all()
    assert (again[2] == first[0]).all()


def test_vectors_from_the_cache_are_bit_for_bit_those_of_the_encoder(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(200)]
    CachedEncoder(CountingEncoder(), tmp_path).encode(texts)

    assert (CachedEncoder(CountingEncoder(), tmp_path).encode(texts) == CountingEncoder().encode(texts)).all()


def test_a_failure_in_the_middle_keeps_what_was_encoded_before(tmp_path: Path) -> None:
    class Failing(CountingEncoder):
        def encode(self, texts: Sequence[str]) -> Vectors:
            if len(self.asked) >= 128:
                raise EncoderError("throttled; try again later")
            return super().encode(texts)

    texts = [f"text {number}" for number in range(300)]
    with pytest.raises(EncoderError):
        CachedEncoder(Failing(), tmp_path).encode(texts)
    second = CachedEncoder(CountingEncoder(), tmp_path)
    second.encode(texts)

    assert second.encoded == 300 - 128


def test_another_encoder_under_the_same_file_is_refused(tmp_path: Path) -> None:
    class Other(CountingEncoder):
        encoder_id = "counting/1"  # the same file name, another id

    class Same(CountingEncoder):
        encoder_id = "counting_1"

    CachedEncoder(Same(), tmp_path)

    with pytest.raises(EncoderMismatch, match="delete the file"):
        CachedEncoder(Other(), tmp_path)


def test_a_damaged_file_is_reported_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "counting@1.sqlite").write_bytes(b"not a database at all" * 100)

    with pytest.raises(EncoderError, match="delete the file"):
        CachedEncoder(CountingEncoder(), tmp_path)


_SLOW_JOB = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_cache import CountingEncoder
from mangaassist.encoders import CachedEncoder

class Slow(CountingEncoder):
    def encode(self, texts):
        with open({log!r}, "a") as log:
            log.writelines(text + "\\n" for text in texts)
        vectors = super().encode(texts)
        time.sleep(0.05)
        return vectors

encoder = CachedEncoder(Slow(), Path({folder!r}))
vectors = encoder.encode([f"text {{number}}" for number in range(1000)])
import numpy as np
np.save({out!r}, vectors)
"""


def test_kill_nine_in_the_middle_of_encoding_encodes_nothing_finished_twice(tmp_path: Path) -> None:
    """Killed after some batches, then run again: the same vectors, and only the batch in flight is done again."""
    log, out, folder = tmp_path / "log", tmp_path / "out.npy", tmp_path / "cache"
    job = _SLOW_JOB.format(tests=str(Path(__file__).parent), log=str(log), folder=str(folder), out=str(out))
    process = subprocess.Popen([sys.executable, "-c", job])
    deadline = time.monotonic() + 60
    while (not log.exists() or len(log.read_text().splitlines()) < 300) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not out.exists()

    subprocess.run([sys.executable, "-c", job], check=True)

    asked = log.read_text().splitlines()
    assert len(asked) - len(set(asked)) <= 64
    assert set(asked) == {f"text {number}" for number in range(1000)}
    assert (np.load(out) == CountingEncoder().encode([f"text {number}" for number in range(1000)])).all()
