"""Cells of any text in, a Markdown table out whose columns no text can break.

Queries and titles are written by strangers. So each cell is one line, and every character that Markdown or HTML would
read as more than itself is an entity: unlike a backslash before it, that means the same to every reader of Markdown.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST_TEXT = 160
"""A query may have 10,000 letters; a table shows the first of them."""

TOO_SMALL = "too small"

_SPECIAL = re.compile(r"[&<>|`\\*\[\]~$]|(?<![^\W_])_|_(?![^\W_])")
"""An underscore within a word, as in `faq_grounding`, is only itself."""

_LINE_ENDS = frozenset({"Cc", "Cs", "Zl", "Zp"})
_INVISIBLE = "Cf"
"""Among these are marks that turn the direction of the text after them."""


def cell(text: str) -> str:
    """A text as one line of plain text in Markdown.

    >>> cell("a|b <script>")
    'a&#124;b &#60;script&#62;'
    """
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", one_line(text))


def one_line(text: str) -> str:
    """A text without line ends, control characters and marks that turn the direction of what follows."""
    return " ".join("".join(_visible(letter) for letter in text).split())


def shortened(text: str) -> str:
    """At most `LONGEST_TEXT` letters of a text."""
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table, every cell escaped."""
    return [_row(header), f"| {' | '.join('---' for _ in header)} |", *(_row(row) for row in rows)]


def number(value: float | None) -> str:
    """A rate or a number of milliseconds; a dash for what is not there."""
    return "–" if value is None else f"{value:.3f}"


def mean(summary: Mapping[str, Any] | None, metric: str) -> str:
    """One metric of a summary, or that there are too few queries for it."""
    return TOO_SMALL if summary is None else number(summary[metric])


def with_interval(summary: Mapping[str, Any] | None, metric: str) -> str:
    """One metric with its 95 % interval."""
    if summary is None:
        return TOO_SMALL
    low, high = summary[f"{metric}_interval"]
    return f"{summary[metric]:.3f} ({low:.3f} to {high:.3f})"


def difference(found: Sequence[float] | None) -> str:
    """A paired difference with its 95 % interval."""
    if found is None:
        return TOO_SMALL
    return f"{found[0]:+.3f} ({found[1]:+.3f} to {found[2]:+.3f})"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell(each) for each in cells)} |"


def _visible(letter: str) -> str:
    category = unicodedata.category(letter)
    return " " if category in _LINE_ENDS else "" if category == _INVISIBLE else letter
