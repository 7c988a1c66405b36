"""Pairs of every source in, the weights that train out: balanced by popularity, no client or source over its share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mangaassist.core.errors import DataError
from mangaassist.core.types import PAIR_SOURCES, DocId, Pair, PairSource
from mangaassist.pairs.limits import cap_client_share, cap_document_share, cap_repeats, largest_client_share
from mangaassist.pairs.rules import PairRules

_JUST_UNDER = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class BalancedPairs:
    """What trains: the weighted pairs, with each source's share of the summed weight.

    repeats: pairs dropped because their client already had as many for that query and document, from any source.
    """

    pairs: list[Pair]
    share_by_source: Mapping[PairSource, float]
    largest_client_share: float
    repeats: int


def balance_pairs(pairs: Iterable[Pair], rules: PairRules) -> BalancedPairs:
    """The pairs of all sources with the weights they train with.

    The caps are measured without the corpus pairs, so they hold however much weight those are given later; the client
    cap also without the synthetic ones, which may be scaled down after it. Judgements keep their grades' weights: a
    person who judges, unlike one who clicks, is shown no best sellers first.
    """
    pairs = list(pairs)
    corpus = [pair for pair in pairs if pair.source == "corpus"]
    synthetic = [pair for pair in pairs if pair.source == "synthetic"]
    judged = [pair for pair in pairs if pair.source == "judgement"]
    people = [pair for pair in pairs if pair.source not in ("corpus", "synthetic", "judgement")]
    kept, repeats = cap_repeats(people, max_repeats=rules.max_repeats)
    spread = cap_document_share(kept, max_share=rules.max_document_share)
    levelled = cap_client_share(
        [*balance_popularity(spread, exponent=rules.popularity_exponent), *judged], max_share=rules.max_client_share
    )
    capped = cap_synthetic_share(
        [*levelled, *balance_popularity(synthetic, exponent=rules.popularity_exponent)],
        max_share=rules.max_synthetic_share,
    )
    balanced = [*capped, *corpus]
    return BalancedPairs(balanced, source_shares(balanced), largest_client_share(capped), len(repeats))


def balance_popularity(pairs: Sequence[Pair], *, exponent: float) -> list[Pair]:
    """The pairs with popular positives weighed down, and every source's sum unchanged.

    weight' = weight * n ** -exponent * c, where n is the weight that the source gives to the positive in all its pairs,
    and c restores the source's sum. Exponent 0 changes nothing; 1 gives every document of a source the same weight.
    """
    if not exponent:
        return list(pairs)
    on_document: dict[tuple[PairSource, DocId], float] = {}
    for pair in pairs:
        key = (pair.source, pair.positive)
        on_document[key] = on_document.get(key, 0.0) + pair.weight
    damped = [pair.weight * on_document[pair.source, pair.positive] ** -exponent for pair in pairs]
    before, after = _weight_by_source(pairs), dict.fromkeys(PAIR_SOURCES, 0.0)
    for pair, weight in zip(pairs, damped, strict=True):
        after[pair.source] += weight
    return [
        replace(pair, weight=weight * before[pair.source] / after[pair.source])
        for pair, weight in zip(pairs, damped, strict=True)
    ]


def cap_synthetic_share(pairs: Sequence[Pair], *, max_share: float) -> list[Pair]:
    """The pairs with synthetic ones scaled down, if needed, to strictly less than `max_share` of the summed weight.

    Raises DataError if synthetic pairs are all there is: then no weight obeys.
    """
    weights = _weight_by_source(pairs)
    synthetic = weights.pop("synthetic", 0.0)
    others = sum(weights.values())
    if synthetic < max_share * (synthetic + others) or not synthetic:
        return list(pairs)
    if not others or not max_share:
        raise DataError(
            f"synthetic pairs weigh {synthetic:g} and all others {others:g}, so the synthetic share cannot stay below "
            f"{max_share:.0%}; add pairs from clicks, carts or editors, or leave the synthetic ones out"
        )
    scale = _JUST_UNDER * others * max_share / (1 - max_share) / synthetic
    return [replace(pair, weight=pair.weight * scale) if pair.source == "synthetic" else pair for pair in pairs]


def source_shares(pairs: Iterable[Pair]) -> dict[PairSource, float]:
    """Each source's share of the summed weight, in the order the sources are always named; empty without pairs."""
    weights = _weight_by_source(pairs)
    total = sum(weights.values())
    return {source: weights[source] / total for source in PAIR_SOURCES if source in weights}


def _weight_by_source(pairs: Iterable[Pair]) -> dict[PairSource, float]:
    weights: dict[PairSource, float] = {}
    for pair in pairs:
        weights[pair.source] = weights.get(pair.source, 0.0) + pair.weight
    return weights
