"""Two rankings of one query in, how much they have in common out."""

from collections.abc import Sequence
from typing import Final

PERSISTENCE: Final = 0.9
"""How likely a reader of rank-biased overlap goes on to the next result: the first ten hold most of the weight."""


def overlap(one: Sequence[str], other: Sequence[str], *, k: int) -> float:
    """Share of the first `k` that both rankings have there; 1 where both are empty."""
    size = min(k, max(len(one), len(other)))
    return len(set(one[:k]) & set(other[:k])) / size if size else 1.0


def rank_biased_overlap(one: Sequence[str], other: Sequence[str], *, persistence: float = PERSISTENCE) -> float:
    """In [0, 1], 1 for the same ranking; the top counts most. Beyond the lists their agreement is taken to go on.

    Source: Webber, Moffat and Zobel 2010, "A similarity measure for indefinite rankings", eq. 32 (RBO_ext).
    """
    short, long = sorted((one, other), key=len)
    if not short:
        return 1.0 if not long else 0.0
    agreed = [len(set(one[:depth]) & set(other[:depth])) for depth in range(1, len(long) + 1)]
    at_short, at_long, s = agreed[len(short) - 1], agreed[-1], len(short)
    total = sum(found / depth * persistence**depth for depth, found in enumerate(agreed, start=1))
    total += sum(at_short * (depth - s) / (s * depth) * persistence**depth for depth in range(s + 1, len(long) + 1))
    beyond = ((at_long - at_short) / len(long) + at_short / s) * persistence ** len(long)
    return min(1.0, (1 - persistence) / persistence * total + beyond)
