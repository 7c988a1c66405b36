"""A live release and the encoder that queries meet now in; out, whether both still speak of the same space.

The id alone does not tell: behind one name a hosted model may change. So a few documents, whose base vectors the
release's index was made of, are encoded again and held against those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mangaassist.adapter import read_manifest
from mangaassist.core.errors import EncoderError
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.encoders import CachedEncoder
from mangaassist.loop import Settings, load_catalogue, texts_of_release, workspace_encoder
from mangaassist.promotion import IDENTITY

PROBES: Final = 8
LEAST_COSINE: Final = 0.999
"""Between two vectors of one text by one encoder; other machines' rounding stays far above."""


@dataclass(frozen=True, slots=True)
class EncoderCheck:
    """What was found. expected: the id that the release was made with, None of the identity.

    least_cosine: of the probes with what is stored; None where nothing is stored yet, or the ids differ.
    """

    status: Literal["ok", "alarm", "unchecked"]
    expected: str | None
    found: str
    least_cosine: float | None
    because: str


def check_encoder(workspace: Workspace, settings: Settings, release: str) -> EncoderCheck:
    """The check of the live release; an encoder that cannot be reached leaves it unchecked."""
    encoder = workspace_encoder(workspace, settings, no_progress)
    expected = None if release == IDENTITY else str(read_manifest(workspace.releases / release)["encoder_id"])
    if expected not in (None, encoder.encoder_id):
        because = f"{release} was made with {expected}, queries are encoded with {encoder.encoder_id}"
        return EncoderCheck("alarm", expected, encoder.encoder_id, None, because)
    texts = _probes(workspace, settings, release, encoder)
    if not texts:
        return EncoderCheck("unchecked", expected, encoder.encoder_id, None, "no document's base vector is stored")
    try:
        now = encoder.wrapped.encode(texts)
    except EncoderError as error:
        return EncoderCheck("unchecked", expected, encoder.encoder_id, None, f"the encoder cannot be asked: {error}")
    cosine = float(np.min(np.sum(now * encoder.encode(texts), axis=1)))
    if cosine < LEAST_COSINE:
        because = f"under one name, {encoder.encoder_id}, it gives other vectors than those that the index is made of"
        return EncoderCheck("alarm", expected, encoder.encoder_id, cosine, because)
    return EncoderCheck("ok", expected, encoder.encoder_id, cosine, f"{len(texts)} documents have the same vectors")


def _probes(workspace: Workspace, settings: Settings, release: str, encoder: CachedEncoder) -> Sequence[str]:
    """Texts of documents, spread over the catalogue, whose base vectors are stored."""
    documents = load_catalogue(workspace, settings, texts_of_release(workspace, release, settings)).documents
    spread = [documents[place].text for place in np.linspace(0, len(documents) - 1, PROBES).astype(int)]
    distinct = list(dict.fromkeys(spread))
    missing = set(encoder.uncached(distinct))
    return [text for text in distinct if text not in missing]
