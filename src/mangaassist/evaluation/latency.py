"""An adapter and its base call in, the time that the adapter adds to one query out."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from mangaassist.core.errors import DataError, ShapeError
from mangaassist.core.types import Vectors
from mangaassist.evaluation.own_time import own_time_ns

FEWEST_QUERIES = 2_000
"""Below this a 99th percentile rests on fewer than twenty slow queries."""

WARM_UP = 20
"""Untimed queries before each round: first-call set-up is paid once per process, not per query."""

Adapt: TypeAlias = Callable[[Vectors], npt.NDArray[Any]]
"""(1, d) base vector in, (1, d) unit vector out."""


@dataclass(frozen=True, slots=True)
class LatencyAddon:
    """Milliseconds that the adapter step adds to one query: the medians over `rounds` of each round's percentile.

    A percentile here is the time of a query that took place, the slower one where it falls between two.
    """

    p50_ms: float
    p99_ms: float
    rounds: int


def latency_addon(
    base_call: Callable[[], object],
    adapter_call: Adapt,
    vectors: Vectors,
    *,
    queries: int = FEWEST_QUERIES,
    rounds: int = 5,
) -> LatencyAddon:
    """What the adapter step alone costs, at batch 1 and on one thread, with base calls in between.

    base_call: what a query does before the adapter (encode, as a rule); untimed, it leaves the caches as in service.
    adapter_call: from (1, d) base vector to (1, d) unit vector, normalising included.  vectors: (n, d), taken in turn.
    queries: per round, at least 2,000.
    Garbage collection stays on, since it is on in service: a pause that falls into the adapter step is counted. It is
    run once before each round, so that what earlier rounds and the caller left behind is not. Time is `own_time_ns`.
    Raises ShapeError where the adapter does not give back one unit vector, DataError for too few queries or rounds.
    """
    if queries < FEWEST_QUERIES or rounds < 1:
        raise DataError(
            f"{queries} queries in {rounds} rounds; a p99 needs {FEWEST_QUERIES} queries or more and a round"
        )
    if vectors.ndim != 2 or not vectors.size:
        raise ShapeError(f"vectors have shape {vectors.shape}; give base vectors as (n, d) with n of 1 or more")
    singles = [vectors[i : i + 1] for i in range(len(vectors))]
    _need_unit_vector(adapter_call(singles[0]), singles[0])
    with threadpool_limits(limits=1):
        timed = [_one_round(base_call, adapter_call, singles, queries) for _ in range(rounds)]
    p50s, p99s = zip(*(np.percentile(each, (50, 99), method="higher") / 1e6 for each in timed), strict=True)
    return LatencyAddon(p50_ms=float(np.median(p50s)), p99_ms=float(np.median(p99s)), rounds=rounds)


def _one_round(
    base_call: Callable[[], object], adapter_call: Adapt, singles: list[Vectors], queries: int
) -> npt.NDArray[np.int64]:
    """Nanoseconds of each adapter step of one round."""
    for i in range(WARM_UP):
        base_call()
        adapter_call(singles[i % len(singles)])
    gc.collect()
    elapsed = np.empty(queries, dtype=np.int64)
    for i in range(queries):
        base_call()
        single = singles[i % len(singles)]
        start = own_time_ns()
        adapter_call(single)
        elapsed[i] = own_time_ns() - start
    return elapsed


def _need_unit_vector(adapted: npt.NDArray[Any], base: Vectors) -> None:
    """Raise ShapeError where a step was left out, so that nobody times half an adapter."""
    if adapted.ndim != 2 or len(adapted) != 1 or not abs(float(np.linalg.norm(adapted)) - 1) < 1e-3:
        raise ShapeError(
            f"the adapter made shape {adapted.shape}, length {np.linalg.norm(adapted):.4f} of base shape {base.shape}; "
            "time the whole step: one base vector in, one unit vector out"
        )
