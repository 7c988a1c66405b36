"""Pairs of known clients in, pairs of what they liked before out: diverse positives within a client's taste.

Taste: the tones and themes that recur in what the same hashed client bought, wishlisted or clicked in the 90 days
before, once that is three titles: those of a third of them, and of two at least. A diverse positive of a search: a
title that the client bought or wishlisted then, that has a tone of the taste, and is of another subgenre than the one
found now (shares no genre). It need not share a tone with the one found: where pages are narrow, that one says least.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from mangaassist.core.types import DocId, Pair

TASTE_WINDOW = timedelta(days=90)
FEWEST_TITLES = 3
RECURS = 1 / 3
MOST_PER_PAIR = 3
"""Diverse positives of one pair at most, the newest first: one keen client must not drown a query."""


@dataclass(frozen=True, slots=True)
class TasteFacets:
    """What taste reads of a title."""

    genres: frozenset[str]
    tones: frozenset[str]
    themes: frozenset[str] = frozenset()


def taste_pairs(pairs: Sequence[Pair], facets: Mapping[DocId, TasteFacets], *, weight: float = 2.0) -> list[Pair]:
    """For every click or cart pair of a client with a taste, pairs of its text with diverse positives.

    weight: of a diverse positive, where the pair it comes from counts 1; it is shared among those of one pair.
    """
    history = _histories(pairs)
    found = []
    for pair in pairs:
        if pair.source not in ("click", "cart") or not pair.client or pair.at is None or pair.positive not in facets:
            continue
        before = _before(history[pair.client], pair)
        if len({past.positive for past in before}) < FEWEST_TITLES:
            continue
        tones = _tastes(before, facets)
        liked = [
            past.positive
            for past in reversed(before)
            if past.source == "cart" and _is_diverse(facets.get(past.positive), facets[pair.positive], tones)
        ]
        chosen = [doc_id for doc_id in dict.fromkeys(liked) if doc_id != pair.positive][:MOST_PER_PAIR]
        share = weight * pair.weight / max(1, len(chosen))
        found += [replace(pair, positive=doc_id, source="cart", weight=share) for doc_id in chosen]
    return found


def _histories(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """Client → its click and cart pairs, oldest first."""
    histories: dict[str, list[Pair]] = {}
    for pair in pairs:
        if pair.client and pair.at is not None and pair.source in ("click", "cart"):
            histories.setdefault(pair.client, []).append(pair)
    return {client: sorted(each, key=_seen_at) for client, each in histories.items()}


def _before(history: Sequence[Pair], pair: Pair) -> Sequence[Pair]:
    """The part of a history that lies in the window before a pair."""
    assert pair.at is not None
    at = pair.at.timestamp()
    return history[
        bisect_left(history, at - TASTE_WINDOW.total_seconds(), key=_seen_at) : bisect_left(history, at, key=_seen_at)
    ]


def _seen_at(pair: Pair) -> float:
    return pair.at.timestamp() if pair.at else 0.0


def _tastes(before: Sequence[Pair], facets: Mapping[DocId, TasteFacets]) -> frozenset[str]:
    """The tones and themes that recur in a history; a title counts once."""
    titles = sorted({past.positive for past in before if past.positive in facets})
    counts = Counter(name for doc_id in titles for name in facets[doc_id].tones | facets[doc_id].themes)
    fewest = max(2.0, RECURS * len(titles))
    return frozenset(name for name, count in counts.items() if count >= fewest)


def _is_diverse(other: TasteFacets | None, found: TasteFacets, taste: frozenset[str]) -> bool:
    """Whether a liked title has a tone of the client's taste and shares no genre with the found one."""
    return other is not None and bool(other.tones & taste) and not other.genres & found.genres
