"""Harm per query and its groups in, mean harm with an interval out, and the status that follows.

The interval is a t interval over groups with a cluster-robust standard error, not the report's bootstrap: it must hold
far out in its tail, where resamples are few. Means of two sets of queries that share no group are compared after Welch.
Sources: Liang & Zeger 1986 for the standard error; Welch 1947 and Satterthwaite 1946 for two samples.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mangaassist.core.types import Groups, QueryId
from mangaassist.evaluation.diagnoses.diagnosis import Level
from mangaassist.evaluation.intervals import group_numbers


@dataclass(frozen=True, slots=True)
class Harm:
    """A mean with what its interval is made of; above 0 is worse."""

    mean: float
    error: float
    freedom: float
    queries: int
    groups: int

    def interval(self, tail: float) -> tuple[float, float]:
        """(low, high), each end leaving `tail` outside; everything a rate can be where groups are too few."""
        if self.groups < 2:
            return -1.0, 1.0
        reach = float(-stats.t.ppf(tail, self.freedom)) * self.error if self.error else 0.0
        return self.mean - reach, self.mean + reach

    def minus(self, other: "Harm") -> "Harm":
        """The difference of two means that rest on different groups."""
        error = float(np.hypot(self.error, other.error))
        parts = [each.error**4 / each.freedom for each in (self, other) if each.freedom and each.error]
        freedom = error**4 / sum(parts) if parts else min(self.freedom, other.freedom)
        groups = min(self.groups, other.groups)
        return Harm(self.mean - other.mean, error, freedom, self.queries + other.queries, groups)


def mean_harm(values: Mapping[QueryId, float], groups: Groups) -> Harm:
    """The mean over queries with the error that its groups give it; 0 over no query."""
    query_ids = sorted(values)
    if not query_ids:
        return Harm(0.0, 0.0, 0.0, 0, 0)
    count, numbers = group_numbers(query_ids, groups)
    ordered = np.array([values[query_id] for query_id in query_ids], dtype=np.float64)
    mean = float(ordered.mean())
    residuals = np.bincount(numbers, weights=ordered - mean, minlength=count)
    error = float(np.sqrt(count / (count - 1) * (residuals**2).sum())) / len(ordered) if count > 1 else 0.0
    return Harm(mean, error, count - 1.0, len(ordered), count)


def status_of(value: float, low: float, *, tolerated: float, threshold: float) -> Level:
    """`ok` unless the interval lies wholly above what is tolerated; then `fail` from the threshold on."""
    if low <= tolerated:
        return "ok"
    return "fail" if value >= threshold else "warn"
