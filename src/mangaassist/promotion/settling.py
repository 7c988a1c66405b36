"""Open rules in, the number of queries that would settle them out.

Were the present estimate the truth, an estimate on n queries would be normal around it with a standard error of
se(n) = se * √(present / n): groups are supposed to grow in step with queries. From that follow the chances that a rule
promotes, and that it rejects, on n queries; the number named is the smallest that settles with a chance of POWER.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from mangaassist.promotion.evidence import Measured, PairedGain

Numbers = npt.NDArray[np.float64]

POWER = 0.80
MOST_QUERIES = 10_000_000
"""What needs more than anybody could collect is settled by no number."""

Z_TWO_SIDED_95 = NormalDist().inv_cdf(0.975)
Z_ONE_SIDED_99 = NormalDist().inv_cdf(0.99)
Z_ONE_SIDED_95 = NormalDist().inv_cdf(0.95)

CORRELATION = 0.7
"""The correlation over queries of any two metrics of one system, or of its gains in them.

Between .6 and .8 for recall@3, ndcg@10 and 1 - bad top-1 on the sample's train and dev queries, as in the simulated
populations (docs/gate.md). Estimates over the same queries err together by that much; those of disjoint slices do not.
"""

_EXACT = 1e-12
"""In place of a standard error of nothing."""

_STEPS = 40
_COMMON: Numbers = ndtri((np.arange(_STEPS) + 0.5) / _STEPS)
"""Equally likely values of the error that estimates over the same queries have in common."""


@dataclass(frozen=True, slots=True)
class OpenRule:
    """A rule that more queries may settle, either way.

    It promotes an estimate from  promote_from + promote_z * se  on, and rejects one below  reject_below - reject_z * se
    even where that lies higher.  queries: of the whole test set at present, to which standard_error belongs.
    correlation: the share of its variance that it has in common with other rules over all queries.
    least: queries of the whole test set under which the rule decides nothing.
    """

    estimate: float
    standard_error: float
    queries: int
    promote_from: float
    promote_z: float
    reject_below: float
    reject_z: float
    correlation: float = CORRELATION
    least: int = 0

    def chances(self, queries: int, *, common: Numbers | None = None) -> tuple[Numbers, Numbers]:
        """(that it promotes, that it rejects) on so many queries, were the present estimate the truth.

        common: values of the error in common with other rules, in standard errors, each of which has its own chances;
        None: it may be any.
        """
        if queries < self.least:
            return np.zeros(1), np.zeros(1)
        error = max(_EXACT, self.standard_error * math.sqrt(self.queries / queries))
        rejected_to = (self.reject_below - self.estimate) / error - self.reject_z
        promoted_from = max((self.promote_from - self.estimate) / error + self.promote_z, rejected_to)
        shared = 0.0 if common is None else self.correlation
        shift = np.zeros(1) if common is None else math.sqrt(shared) * common
        own = math.sqrt(1 - shared)
        return ndtr((shift - promoted_from) / own), ndtr((rejected_to - shift) / own)


def chance_settled(rules: Sequence[OpenRule], queries: int, *, others_stay_open: bool = False) -> float:
    """The chance that the rules are settled together: any one rejects, or all promote.

    others_stay_open: something that no query settles is open too, so that only a rejection would decide.
    """
    err_together = sum(rule.correlation > 0 for rule in rules) > 1
    none_rejects, all_promote = np.ones(1), np.ones(1)
    for rule in rules:
        promotes, rejects = rule.chances(queries, common=_COMMON if err_together else None)
        none_rejects, all_promote = none_rejects * (1 - rejects), all_promote * promotes
    return float(np.mean(1 - none_rejects + (0.0 if others_stay_open else all_promote)))


def queries_to_settle(rules: Sequence[OpenRule], *, others_stay_open: bool = False) -> int | None:
    """The fewest queries that settle these rules together with a chance of POWER; None where no number does.

    At least one query more than there are, since the rules are open.
    """
    if not rules:
        return None

    def settles(queries: int) -> bool:
        return chance_settled(rules, queries, others_stay_open=others_stay_open) >= POWER

    too_few = max(rule.queries for rule in rules)
    enough = too_few + 1
    while not settles(enough):
        too_few, enough = enough, 2 * enough
        if too_few >= MOST_QUERIES:
            return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if settles(middle) else (middle, enough)
    return enough if enough <= MOST_QUERIES else None


def open_floor(measured: Measured, floor: float, *, queries: int) -> OpenRule:
    """A missed floor inside the two-sided 95 % interval."""
    error = (measured.high - measured.low) / (2 * Z_TWO_SIDED_95)
    return OpenRule(measured.value, error, queries, floor, 0.0, floor, Z_TWO_SIDED_95)


def open_gain(gain: PairedGain, *, fewest_groups: int) -> OpenRule:
    """A gain whose one-sided 99 % interval has 0 inside, or rests on too few groups."""
    error = (gain.high99 - gain.low99) / (2 * Z_ONE_SIDED_99)
    least = math.ceil(gain.queries * fewest_groups / gain.groups)
    return OpenRule(gain.mean, error, gain.queries, 0.0, Z_ONE_SIDED_99, 0.0, Z_ONE_SIDED_99, least=least)


def open_no_harm(gain: PairedGain, margin: float, *, at_least: int, queries: int) -> OpenRule:
    """A slice that is neither surely harmed nor surely within the margin; the slice keeps its share of the queries.

    at_least: queries from which the slice is judged by its interval at all.  queries: those of the whole test set.
    """
    error = (gain.high95 - gain.low95) / (2 * Z_ONE_SIDED_95)
    least = math.ceil(queries * at_least / gain.queries)
    z = Z_ONE_SIDED_95
    return OpenRule(gain.mean, error, queries, -margin, z, 0.0, z, correlation=0.0, least=least)
