"""A record of the catalogue in, what it can be filtered by out: written one way, whatever way the shop writes it."""

import re
from collections.abc import Mapping
from typing import Final

from mangaassist.data import Article, Title

FACETS: Final = ("kind", "age_rating", "availability", "demographic", "language")
OF_TITLES_ONLY: Final = FACETS[1:]
"""An article has no field for these, so that a filter on them does not shut it out."""


def facet_value(text: str) -> str:
    """A value as it is compared: `In Print`, `in_print` and `in-print` are one.

    >>> facet_value("In Print")
    'inprint'
    """
    return re.sub(r"[\W_]", "", text).casefold()


def facet_values(record: Title | Article) -> Mapping[str, str]:
    """The value of every facet; "" where there is none."""
    if isinstance(record, Article):
        return {"kind": "article", **dict.fromkeys(OF_TITLES_ONLY, "")}
    return {"kind": "title", **{name: facet_value(getattr(record, name) or "") for name in OF_TITLES_ONLY}}
