"""Any string in, a text out that an encoder can take: normalised, printable, bounded and never empty."""

import unicodedata


def clean_text(text: str, *, limit: int) -> str:
    """NFKC, control characters and lone surrogates as spaces, runs of spaces as one, at most `limit` characters.

    An empty text becomes a full stop, so that every string has a vector. A cleaned text stays the same if it is
    cleaned again.
    """
    normal = unicodedata.normalize("NFKC", text[:limit])
    printable = "".join(" " if unicodedata.category(char) in {"Cc", "Cs"} else char for char in normal)
    return " ".join(printable.split())[:limit].rstrip() or "."
