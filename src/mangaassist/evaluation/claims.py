"""Paired differences of several slices in, claims of gain or loss out that hold together.

Per slice a two-sided sign-flip test over groups: were candidate and live interchangeable, the total difference of any
group (a reference title, an FAQ) could as well have had the other sign. So signs are flipped at random, a whole group
at a time and never a single query, and p is the share of flips whose mean is at least as far from zero as the one seen,
that one counted in. It needs no normal distribution, and few groups cannot claim anything: with five, p is never below
2 / 2⁵ = 0.06. Over the slices of one family (all languages, say) the p-values are corrected after Holm, so that of
families in which nothing differs at most 5 % make any claim.

Sources: Fisher 1935, "The Design of Experiments", §21, for the flips; Phipson and Smyth 2010 for counting the observed
one in; Holm 1979 for the correction. Flipping whole groups is ours.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from mangaassist.core.types import Groups, QueryId
from mangaassist.evaluation.intervals import group_numbers

Claim = Literal["gain", "loss"]

FLIPS = 9999
"""The smallest p is 1 / (FLIPS + 1): small enough for families of hundreds of slices."""

SIGNIFICANCE = 0.05
"""The share of families without any difference that may make a claim."""

_ROUNDING = 1e-9
"""Sums of the same numbers in another order differ by this little; such a flip is as far as the observed one."""


def sign_flip_p(differences: Mapping[QueryId, float], groups: Groups, *, seed: int, flips: int = FLIPS) -> float:
    """The two-sided p-value of the mean difference; 1 where nothing differs."""
    query_ids = sorted(differences)
    count, numbers = group_numbers(query_ids, groups)
    values = np.array([differences[query_id] for query_id in query_ids], dtype=np.float64)
    totals = np.bincount(numbers, weights=values, minlength=count)
    signs = np.random.default_rng(seed).integers(0, 2, size=(flips, count), dtype=np.int8)
    flipped = np.abs((2.0 * signs - 1.0) @ totals)
    observed = abs(float(totals.sum()))
    return float(1 + np.count_nonzero(flipped >= observed - _ROUNDING)) / (1 + flips)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """The p-values corrected for their number: the k-th smallest of n times n - k + 1, none below a smaller one's.

    >>> holm({"tone": 0.01, "support": 0.04, "phrasing": 0.03})
    {'tone': 0.03, 'phrasing': 0.06, 'support': 0.06}
    """
    corrected, highest = {}, 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda each: (p_values[each], each))):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[name]))
        corrected[name] = highest
    return corrected


def claim_of(mean_difference: float, corrected_p: float) -> Claim | None:
    """What may be claimed of a slice; None is "nothing"."""
    if corrected_p > SIGNIFICANCE:
        return None
    return "gain" if mean_difference > 0 else "loss"
