"""An encoder and two engines in, what a query waits for each of them out: candidate and live, side by side.

encode ──► route                     the routing path, which both share
encode ──► … adapt … ──► answer      the complete answer, of the candidate and of what is live
"""

import gc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from mangaassist.core.errors import DataError
from mangaassist.core.types import Progress, Vectors, no_progress
from mangaassist.evaluation.latency import FEWEST_QUERIES, WARM_UP, Adapt
from mangaassist.evaluation.own_time import own_time_ns

FEWEST_TIMED: Final = 100
"""Queries of a round, however slow the encoder is: below this the 99th percentile is the slowest query."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds: the medians over rounds of each round's percentile, each the time of a query that took place."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class ServiceLatency:
    """What a query waits for. routing: encoding and intent classification.  addon: the candidate's adapter step alone.

    response, live_response: the complete answer of the candidate and of the live release, encoding included.
    queries: of each of the `rounds`.
    """

    addon: Percentiles
    routing: Percentiles
    response: Percentiles
    live_response: Percentiles
    queries: int
    rounds: int

    def as_json(self) -> dict[str, Any]:
        """All of it, as the report has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class TimedParts:
    """What is timed. encode: query text → base vector (d,).  route: base vector → where to search.

    adapt: the candidate's step, (1, d) base vector → (1, d) unit vector.
    candidate, live: query text and base vector → the answer, routing included.
    """

    encode: Callable[[str], Vectors]
    route: Callable[[Vectors], object]
    adapt: Adapt
    candidate: Callable[[str, Vectors], object]
    live: Callable[[str, Vectors], object]


def service_latency(
    parts: TimedParts,
    texts: Sequence[str],
    *,
    seed: int,
    queries: int = FEWEST_QUERIES,
    rounds: int = 5,
    budget_s: float | None = None,
    progress: Progress = no_progress,
) -> ServiceLatency:
    """What queries wait for, one at a time on one thread, in another order each round.

    Each query is encoded once and answered by both engines, the one right after the other and each first every other
    time: so both meet the same texts, the same machine and the same encoder, whose time is part of both responses.
    texts: of queries, taken in turn.  queries: of a round.
    budget_s: as many fewer queries are asked as its seconds demand, FEWEST_TIMED at least; None asks all.
    Garbage collection stays on, and is run once before each round, as for `latency_addon`; time is `own_time_ns`.
    Raises DataError for no texts, too few queries or no round.
    """
    if not texts or queries < FEWEST_TIMED or rounds < 1:
        raise DataError(
            f"{len(texts)} texts, {queries} queries in {rounds} rounds; give a text, "
            f"{FEWEST_TIMED} queries or more and a round"
        )
    rng = np.random.default_rng(seed)
    with threadpool_limits(limits=1):
        per_query_s = _warmed_up(parts, texts)
        if budget_s is not None:
            queries = min(queries, max(FEWEST_TIMED, int(budget_s / rounds / per_query_s)))
        found = []
        for number in range(rounds):
            progress("timing", number, rounds)
            order = np.resize(rng.permutation(len(texts)), queries).tolist()
            found.append(_one_round(parts, [texts[place] for place in order]))
        progress("timing", rounds, rounds)
    addon, routing, response, live_response = (_medians([each[row] for each in found]) for row in range(4))
    return ServiceLatency(addon, routing, response, live_response, queries, rounds)


def _warmed_up(parts: TimedParts, texts: Sequence[str]) -> float:
    """Seconds of a query, after some that only fill caches."""
    first, last = ([texts[step * number % len(texts)] for number in range(WARM_UP)] for step in (1, -1))
    for text in first:
        _one_query(parts, text, is_candidate_first=True)
    started = own_time_ns()
    for text in last:
        _one_query(parts, text, is_candidate_first=False)
    return max(own_time_ns() - started, 1) / WARM_UP / 1e9


def _one_round(parts: TimedParts, texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """(4, queries) milliseconds: add-on, routing, response and live response of every query."""
    gc.collect()
    spent = np.empty((4, len(texts)))
    for place, text in enumerate(texts):
        spent[:, place] = _one_query(parts, text, is_candidate_first=place % 2 == 0)
    return spent


def _one_query(parts: TimedParts, text: str, *, is_candidate_first: bool) -> tuple[float, float, float, float]:
    encoded_ms, base = _timed(lambda: parts.encode(text))
    addon_ms, _ = _timed(lambda: parts.adapt(base[None, :]))
    routed_ms, _ = _timed(lambda: parts.route(base))
    both = (parts.candidate, parts.live) if is_candidate_first else (parts.live, parts.candidate)
    first_ms, second_ms = (_timed(partial(each, text, base))[0] for each in both)
    response_ms, live_ms = (first_ms, second_ms) if is_candidate_first else (second_ms, first_ms)
    return addon_ms, encoded_ms + routed_ms, encoded_ms + response_ms, encoded_ms + live_ms


def _timed(call: Callable[[], Any]) -> tuple[float, Any]:
    started = own_time_ns()
    result = call()
    return (own_time_ns() - started) / 1e6, result


def _medians(rounds: Sequence[npt.NDArray[np.float64]]) -> Percentiles:
    p50s, p99s = zip(*(np.percentile(each, (50, 99), method="higher") for each in rounds), strict=True)
    return Percentiles(float(np.median(p50s)), float(np.median(p99s)))
