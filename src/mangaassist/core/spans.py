"""A text and places in it in, the text with something else in these places out."""

from collections.abc import Iterable

Span = tuple[int, int]
"""Where something stands in a text: its first letter, and the one behind its last."""


def replaced(text: str, spans: Iterable[Span], placeholder: str) -> str:
    """The text with the placeholder in place of each span; spans in ascending order, apart from each other."""
    pieces, end = [], 0
    for start, stop in spans:
        pieces += [text[end:start], placeholder]
        end = stop
    return "".join([*pieces, text[end:]])
