"""An intent in, the kinds of documents that answer it out: the same for routing, reading and training."""

from collections.abc import Mapping
from typing import Final

from mangaassist.core.types import DocumentKind, Intent

BOTH: Final[tuple[DocumentKind, ...]] = ("title", "article")

KINDS_OF: Final[Mapping[Intent, tuple[DocumentKind, ...]]] = {
    "recommendation": ("title",),
    "product_discovery": ("title",),
    "product_question": BOTH,
    "faq": ("article",),
    "other": BOTH,
}
"""Where the answers to an intent lie.

A question about a product is answered by its catalogue entry ("is Drifters finished?") as often as by a help article
("is 3 in 1 worth it?"), so both are searched. Nothing answers `other`; who searches all the same is not shut out.
"""
