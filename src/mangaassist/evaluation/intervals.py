"""Values per query and their groups in, means with intervals out.

Queries of one group (a reference title, an FAQ, near-duplicates, a session) are not independent, so groups are
resampled, never single queries. The mean is over queries; a group with more queries weighs more, as in the data.

Source: percentile bootstrap over clusters, its tail probabilities widened as in Hesterberg 2015, "What Teachers Should
Know About the Bootstrap", §3.3, because plain percentiles are too narrow when groups are few.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtrit

from mangaassist.core.types import GroupId, Groups, QueryId

RESAMPLES = 4000


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over queries with the ends of its interval; `groups` is what the interval rests on."""

    mean: float
    low: float
    high: float
    queries: int
    groups: int

    def as_list(self) -> list[float]:
        """[mean, low, high], as reports print it."""
        return [self.mean, self.low, self.high]


class Resampler:
    """Draws the same resamples of groups for every metric of one set of queries, so that their intervals match."""

    def __init__(self, query_ids: list[QueryId], groups: Groups, *, seed: int, resamples: int = RESAMPLES) -> None:
        self.query_ids = query_ids
        self.groups, self._group_of = group_numbers(query_ids, groups)
        self._sizes = np.bincount(self._group_of, minlength=self.groups).astype(np.float64)
        shares = np.full(max(1, self.groups), 1 / max(1, self.groups))
        draws = np.random.default_rng(seed).multinomial(self.groups, shares, size=resamples)
        self._draws = draws.astype(np.float64)

    def interval(self, values: Mapping[QueryId, float], *, tail: float = 0.025) -> Interval:
        """Mean of `values`; each end leaves `tail` of the probability outside (0.025: two-sided 95 %)."""
        ordered = np.array([values[query_id] for query_id in self.query_ids], dtype=np.float64)
        if not len(ordered):
            return Interval(0.0, 0.0, 0.0, 0, 0)
        if self.groups < 2:
            # One group says nothing about how groups differ: all that any rate or difference can be.
            return Interval(float(ordered.mean()), -1.0, 1.0, len(ordered), self.groups)
        low, high = self.ends(ordered[:, None], [tail])[0, :, 0]
        return Interval(float(ordered.mean()), float(low), float(high), len(ordered), self.groups)

    def ratio(
        self, parts: Mapping[QueryId, float], wholes: Mapping[QueryId, float], *, tail: float = 0.025
    ) -> Interval:
        """Sum of `parts` over sum of `wholes`, each of which must be above 0; the ends as for `interval`."""
        columns = np.array([[parts[query_id], wholes[query_id]] for query_id in self.query_ids], dtype=np.float64)
        if not len(columns):
            return Interval(0.0, 0.0, 0.0, 0, 0)
        found = float(columns[:, 0].sum() / columns[:, 1].sum())
        if self.groups < 2:
            return Interval(found, -1.0, 1.0, len(columns), self.groups)
        means = self._means(columns)
        low, high = np.quantile(means[:, 0] / means[:, 1], self._widened(tail))
        return Interval(found, float(low), float(high), len(columns), self.groups)

    def ends(self, columns: npt.NDArray[np.float64], tails: Sequence[float]) -> npt.NDArray[np.float64]:
        """(tails, 2, columns): lower and upper ends of many metrics at once, as `interval` has them.

        columns: (queries, metrics), rows in the order of `query_ids`, which must form two groups or more.
        """
        percentiles = [percentile for tail in tails for percentile in self._widened(tail)]
        found = np.quantile(self._means(columns), percentiles, axis=0)
        return found.reshape(len(tails), 2, columns.shape[1])

    def standard_error(self, values: Mapping[QueryId, float]) -> float:
        """The spread of the resampled means; infinite where one group is all there is."""
        if self.query_ids and self.groups < 2:
            return float("inf")
        ordered = np.array([values[query_id] for query_id in self.query_ids], dtype=np.float64)
        return float(self._means(ordered[:, None]).std()) if len(ordered) else 0.0

    def _means(self, columns: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """(resamples, columns): the mean of every column in every resample."""
        totals = np.zeros((self.groups, columns.shape[1]))
        np.add.at(totals, self._group_of, columns)
        means: npt.NDArray[np.float64] = (self._draws @ totals) / (self._draws @ self._sizes)[:, None]
        return means

    def _widened(self, tail: float) -> list[float]:
        """The percentiles to read so that a mean of few groups is covered as a t interval would cover it."""
        deviation = stdtrit(self.groups - 1, tail) * np.sqrt(self.groups / (self.groups - 1))
        outside = float(ndtr(deviation))
        return [outside, 1 - outside]


def group_numbers(query_ids: Sequence[QueryId], groups: Groups) -> tuple[int, npt.NDArray[np.intp]]:
    """How many groups the queries form, and the number of each query's group; one that is in none is its own."""
    names = [groups.get(query_id, GroupId(f"query:{query_id}")) for query_id in query_ids]
    distinct, numbers = np.unique(np.array(names, dtype=str), return_inverse=True)
    return len(distinct), numbers


def paired_differences(candidate: Mapping[QueryId, float], baseline: Mapping[QueryId, float]) -> dict[QueryId, float]:
    """Candidate minus baseline, query by query, over the queries both scored."""
    return {query_id: value - baseline[query_id] for query_id, value in candidate.items() if query_id in baseline}
