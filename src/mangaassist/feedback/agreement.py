"""Two reviewers' votes on the same items in, how far they agree beyond chance out: Cohen's kappa."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two reviewers on the items that both voted on. observed: share of equal votes.

    kappa: (observed - by chance) / (1 - by chance); None where chance alone explains everything (both always said
    the same one thing), or where there is no common item.
    """

    reviewers: tuple[str, str]
    items: int
    observed: float
    kappa: float | None


def cohens_kappa(first: Sequence[bool], second: Sequence[bool]) -> float | None:
    """Kappa of two lists of votes on the same items; None where it is undefined.

    Source: Cohen 1960.

    >>> cohens_kappa([True, True, False, False], [True, False, False, False])
    0.5
    """
    count = len(first)
    if not count:
        return None
    observed = sum(a == b for a, b in zip(first, second, strict=True)) / count
    yes_first, yes_second = sum(first) / count, sum(second) / count
    by_chance = yes_first * yes_second + (1 - yes_first) * (1 - yes_second)
    return None if by_chance >= 1 else (observed - by_chance) / (1 - by_chance)


def agreements(votes: Mapping[str, Mapping[str, bool]]) -> list[Agreement]:
    """The agreement of every two reviewers who voted on common items. votes: reviewer → item → whether they took it."""
    found = []
    for one, other in combinations(sorted(votes), 2):
        common = sorted(votes[one].keys() & votes[other].keys())
        if common:
            first, second = [votes[one][item] for item in common], [votes[other][item] for item in common]
            observed = sum(a == b for a, b in zip(first, second, strict=True)) / len(common)
            found.append(Agreement((one, other), len(common), observed, cohens_kappa(first, second)))
    return found
