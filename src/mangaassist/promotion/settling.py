"""An open rule in, the number of queries that would settle it out."""

import math
from statistics import NormalDist

from mangaassist.promotion.bounds import ROUNDING
from mangaassist.promotion.evidence import Measured, PairedGain

Z_TWO_SIDED_95 = NormalDist().inv_cdf(0.975)
Z_ONE_SIDED_99 = NormalDist().inv_cdf(0.99)
Z_ONE_SIDED_95 = NormalDist().inv_cdf(0.95)
Z_POWER = NormalDist().inv_cdf(0.80)
MOST_QUERIES = 10_000_000


def queries_to_settle(distance: float, width: float, *, z: float, queries: int) -> int | None:
    """Queries with which the rule would be decided four times in five, were the present estimate the truth.

        n' = n · ((z + z_power) · se / distance)²,   se = width / 2z,   z_power = 0.84 (80 %)

    distance: from the estimate to the bound, ≥ 0.  width: of the present interval, its ends z standard errors out.
    The standard error is taken to shrink with √n, so groups are supposed to grow in step with queries. The answer is at
    least one query more than there are, since the rule is open; None where the estimate sits on the bound, or so near
    that more than MOST_QUERIES would be needed: no number that anybody could collect settles it.
    """
    if distance <= ROUNDING:
        return None
    standard_error = width / (2 * z)
    needed = max(queries + 1, math.ceil(queries * ((z + Z_POWER) * standard_error / distance) ** 2))
    return needed if needed <= MOST_QUERIES else None


def to_settle_floor(measured: Measured, floor: float, *, queries: int) -> int | None:
    """Queries that would put a missed floor outside the two-sided 95 % interval."""
    distance = abs(floor - measured.value)
    return queries_to_settle(distance, measured.high - measured.low, z=Z_TWO_SIDED_95, queries=queries)


def to_settle_gain(gain: PairedGain, *, fewest_groups: int) -> int | None:
    """Queries that would move the one-sided 99 % interval to one side of 0, and that form enough groups."""
    needed = queries_to_settle(abs(gain.mean), gain.high99 - gain.low99, z=Z_ONE_SIDED_99, queries=gain.queries)
    return None if needed is None else max(needed, math.ceil(gain.queries * fewest_groups / gain.groups))


def to_settle_no_harm(gain: PairedGain, margin: float, *, at_least: int, queries: int) -> int | None:
    """Queries of the whole test set, in its present mix, that would settle the no-harm rule of one slice.

    The slice is settled by its lower end rising above -margin or by its upper end falling below 0, whichever is nearer.
    at_least: queries from which the slice is judged by its interval at all.  queries: those of the whole test set.
    """
    distance = max(gain.mean + margin, -gain.mean)
    in_slice = queries_to_settle(distance, gain.high95 - gain.low95, z=Z_ONE_SIDED_95, queries=gain.queries)
    return None if in_slice is None else math.ceil(queries * max(in_slice, at_least) / gain.queries)
