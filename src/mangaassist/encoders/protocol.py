"""Texts in, base vectors out: what every frozen encoder promises."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from mangaassist.core.errors import EncoderError
from mangaassist.core.types import Vectors


class Encoder(Protocol):
    """A frozen encoder. The contract, held by one test suite for every implementation:

    - `encode` gives (n, dimension) float32 rows of unit length, in the order of the texts; no texts give no rows;
    - a text's vector does not depend on the texts beside it (batch equals one by one, to 1e-5);
    - any string is encoded: empty, NUL, emoji, 100 kB; equal strings give equal vectors;
    - `encoder_id` changes whenever the vectors could;
    - an encoder that can fail on some texts of a call, and was paid for the others, raises PartlyEncoded.
    """

    @property
    def encoder_id(self) -> str:
        """Name and version, e.g. `use-multilingual-v3@0.2.1`; vectors and adapters carry it."""
        ...

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Base vectors of the texts, (n, dimension), unit length."""
        ...


@runtime_checkable
class EncodesEach(Protocol):
    """An encoder that works on several batches at a time."""

    def encode_each(self, batches: Sequence[Sequence[str]]) -> Iterator[Vectors]:
        """The vectors of each batch, as `encode` gives them, in order and as soon as they are there."""
        ...


class PartlyEncoded(EncoderError):
    """Some texts of a call could not be encoded; `vectors` holds those that could, by text, so that none is lost."""

    def __init__(self, message: str, vectors: Mapping[str, Vectors]) -> None:
        super().__init__(message)
        self.vectors = vectors


def unit_rows(vectors: Vectors) -> Vectors:
    """Each row over its length; a row without length (no encoder should give one) is refused."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        bad = int(np.flatnonzero(~np.isfinite(lengths[:, 0]) | (lengths[:, 0] == 0))[0])
        raise EncoderError(
            f"the encoder gave a zero or non-finite vector for text number {bad} of the batch; "
            "look at that text, or report it with the encoder's version"
        )
    return np.asarray(vectors / lengths, dtype=np.float32)
