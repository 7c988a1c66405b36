"""A ranking and what the shop prefers in, the results' final order out, each with what the shop had to say to it.

No part of evaluation: what is learnt and judged is the ranking before these rules.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final

from mangaassist.core.shop_settings import ShopSettings
from mangaassist.core.types import DocId

IN_PRINT_BONUS: Final = 0.002
"""In units of cosine: titles that lie closer than this count as equals, and those out of print go behind."""

REACH: Final = 50
"""So many documents more than asked for are ranked: among these the rules work."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A document in its final place. score: the ranking's.  said: which rules moved it, for a person to read."""

    doc_id: DocId
    score: float
    said: tuple[str, ...] = ()


def placed(found: Mapping[DocId, float], shop: ShopSettings, k: int, *, out_of_print: Set[DocId]) -> list[Placed]:
    """The first `k` of what was found, best first, once the shop's rules have moved them.

    out_of_print: titles known to be so; anything else counts as available.
    """
    order = list(found)
    moved: set[DocId] = set()
    if shop.prefer_in_print:
        preferred = sorted(order, key=lambda doc_id: -found[doc_id] - IN_PRINT_BONUS * (doc_id not in out_of_print))
        before = {doc_id: place for place, doc_id in enumerate(order)}
        moved = {doc_id for place, doc_id in enumerate(preferred) if place < before[doc_id]}
        order = preferred
    pinned = [DocId(doc_id) for doc_id in shop.pin if doc_id in found]
    buried = [doc_id for doc_id in order if doc_id in shop.bury and doc_id not in pinned]
    middle = [doc_id for doc_id in order if doc_id not in pinned and doc_id not in buried]

    def said(doc_id: DocId) -> tuple[str, ...]:
        if doc_id in pinned:
            return ("pinned by the shop",)
        if doc_id in buried:
            return ("placed last by the shop",)
        return ("available: preferred by the shop among equals",) if doc_id in moved else ()

    return [Placed(doc_id, found[doc_id], said(doc_id)) for doc_id in [*pinned, *middle, *buried][:k]]
