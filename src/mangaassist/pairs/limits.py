"""Pairs in, pairs that no single client dominates out: the caps that every source and their sum obey.

Repeats beyond the cap are dropped, the earliest kept. A client above its share is scaled down, not dropped: its pairs
keep the variety of what it asked, and only lose weight.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from mangaassist.core.types import DocId, Pair
from mangaassist.pairs.near_duplicates import normalise

_JUST_UNDER = 1 - 1e-9


def cap_repeats(pairs: Iterable[Pair], *, max_repeats: int) -> tuple[list[Pair], list[Pair]]:
    """(kept, dropped): at most `max_repeats` pairs per client, query text (NFKC, casefold) and document.

    Carts stay before clicks, because they say more, then the earliest. Pairs that no client stands behind repeat nobody
    and all stay.
    """
    kept: list[Pair] = []
    dropped: list[Pair] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for pair in sorted(pairs, key=lambda pair: (pair.source != "cart", in_time_order(pair))):
        key = (pair.client, normalise(pair.query_text), pair.positive)
        seen[key] += 1
        (kept if not pair.client or seen[key] <= max_repeats else dropped).append(pair)
    return sorted(kept, key=in_time_order), sorted(dropped, key=in_time_order)


def cap_client_share(pairs: Sequence[Pair], *, max_share: float) -> list[Pair]:
    """The pairs with heavy clients scaled down, so that none has more than `max_share` of what is then the sum.

    With fewer than 1 / `max_share` clients and nothing else in the sum no weights can obey; then every client is
    levelled to the lightest one, which is as near as it gets, and `largest_client_share` tells.
    """
    weights = client_weights(pairs)
    free = sum(pair.weight for pair in pairs if not pair.client)
    level = client_level(sorted(weights.values(), reverse=True), free, max_share)
    return [
        replace(pair, weight=pair.weight * level / weights[pair.client])
        if pair.client and weights[pair.client] > level
        else pair
        for pair in pairs
    ]


def cap_document_share(pairs: Sequence[Pair], *, max_share: float) -> list[Pair]:
    """The pairs with clients scaled down that gave one document more than `max_share` of the weight clients gave it.

    A document of fewer than 1 / `max_share` clients has all of them levelled to the lightest. So a few clients cannot
    carry a document, however small their share of everything is.
    """
    if max_share >= 1:
        return list(pairs)
    of_document: dict[DocId, list[int]] = {}
    for place, pair in enumerate(pairs):
        if pair.client:
            of_document.setdefault(pair.positive, []).append(place)
    capped = list(pairs)
    for places in of_document.values():
        for place, pair in zip(
            places, cap_client_share([pairs[each] for each in places], max_share=max_share), strict=True
        ):
            capped[place] = pair
    return capped


def client_weights(pairs: Iterable[Pair]) -> dict[str, float]:
    """The summed weight of every client."""
    weights: dict[str, float] = {}
    for pair in pairs:
        if pair.client:
            weights[pair.client] = weights.get(pair.client, 0.0) + pair.weight
    return weights


def largest_client_share(pairs: Sequence[Pair]) -> float:
    """The heaviest client's part of the summed weight; 0 where there is no client."""
    return max(client_weights(pairs).values(), default=0.0) / (sum(pair.weight for pair in pairs) or 1.0)


def in_time_order(pair: Pair) -> tuple[float, str, str, str, str]:
    """A sort key: when a pair was seen, with ties that never depend on the order of arrival."""
    return (pair.at.timestamp() if pair.at else 0.0, pair.query_id or "", pair.query_text, pair.positive, pair.source)


def client_level(weights: Sequence[float], free: float, max_share: float) -> float:
    """The weight down to which clients are scaled: the largest that obeys `max_share`. `weights` are heaviest first.

    With the k heaviest at level t the sum is `rest` + k t, so t = max_share (rest + k t) gives t; it is the level if
    the next client is no heavier than it.
    """
    lightest_first = list(accumulate(reversed(weights), initial=free))
    if not weights or weights[0] <= max_share * lightest_first[-1]:
        return float("inf")
    for levelled, rest in enumerate(reversed(lightest_first[:-1]), start=1):
        if levelled * max_share >= 1:
            break
        level = max_share * rest / (1 - levelled * max_share)
        if level > 0 and (levelled == len(weights) or level >= weights[levelled]):
            return level * _JUST_UNDER
    return weights[-1]
