"""Texts in, base vectors out: the frozen encoders and the cache in front of them."""

from mangaassist.core.errors import EncoderError
from mangaassist.encoders.cache import CachedEncoder
from mangaassist.encoders.local import LocalEncoder
from mangaassist.encoders.protocol import Encoder, unit_rows

ENCODERS = ("local",)
"""Names that `--encoder` takes."""


def load_encoder(name: str) -> Encoder:
    """The encoder of this name; raises EncoderError naming those there are."""
    if name == "local":
        return LocalEncoder()
    raise EncoderError(f"there is no encoder {name!r}; choose one of: {', '.join(ENCODERS)}")


__all__ = ["ENCODERS", "CachedEncoder", "Encoder", "LocalEncoder", "load_encoder", "unit_rows"]
