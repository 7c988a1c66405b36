"""An encoder and two engines in, what a query waits for each of them out: candidate and live, side by side.

encode ──► route                     the routing path, which both share
encode ──► … adapt … ──► answer      the complete answer, of the candidate and of what is live
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter_ns
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from mangaassist.core.errors import DataError
from mangaassist.core.types import Progress, Vectors, no_progress
from mangaassist.evaluation.latency import FEWEST_QUERIES, WARM_UP

FEWEST_TIMED: Final = 100
"""Queries of a round, however slow the encoder is: below this the 99th percentile is the slowest query."""

Encode: TypeAlias = Callable[[str], Vectors]
"""Query text in, base vector (d,) out."""

Answers: TypeAlias = Callable[[str, Vectors], Mapping[str, float]]
"""Query text and base vector in; the answer is made, its stages' milliseconds come out, `route` and `adapt` too."""


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


def service_latency(
    encode: Encode,
    candidate: Answers,
    live: Answers,
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
    Garbage collection stays on, and is run once before each round, as for `latency_addon`.
    Raises DataError for no texts, too few queries or no round.
    """
    if not texts or queries < FEWEST_TIMED or rounds < 1:
        raise DataError(
            f"{len(texts)} texts, {queries} queries in {rounds} rounds; give a text, "
            f"{FEWEST_TIMED} queries or more and a round"
        )
    rng, timed = np.random.default_rng(seed), _Timed(encode, candidate, live, texts)
    with threadpool_limits(limits=1):
        per_query_s = timed.warm_up()
        if budget_s is not None:
            queries = min(queries, max(FEWEST_TIMED, int(budget_s / rounds / per_query_s)))
        found = []
        for number in range(rounds):
            progress("timing", number, rounds)
            found.append(timed.round(np.resize(rng.permutation(len(texts)), queries).tolist()))
        progress("timing", rounds, rounds)
    addon, routing, response, live_response = (_medians([each[row] for each in found]) for row in range(4))
    return ServiceLatency(addon, routing, response, live_response, queries, rounds)


@dataclass(frozen=True, slots=True)
class _Timed:
    """What is timed, and on which texts."""

    encode: Encode
    candidate: Answers
    live: Answers
    texts: Sequence[str]

    def warm_up(self) -> float:
        """Seconds of a query, after some that only fill caches."""
        for number in range(WARM_UP):
            self.query(self.texts[number % len(self.texts)], is_candidate_first=True)
        started = perf_counter_ns()
        for number in range(WARM_UP):
            self.query(self.texts[-1 - number % len(self.texts)], is_candidate_first=False)
        return max(perf_counter_ns() - started, 1) / WARM_UP / 1e9

    def round(self, order: Sequence[int]) -> npt.NDArray[np.float64]:
        """(4, queries) milliseconds: add-on, routing, response and live response of every query."""
        gc.collect()
        spent = np.empty((4, len(order)))
        for place, number in enumerate(order):
            spent[:, place] = self.query(self.texts[number], is_candidate_first=place % 2 == 0)
        return spent

    def query(self, text: str, *, is_candidate_first: bool) -> tuple[float, float, float, float]:
        """Milliseconds of one query."""
        started = perf_counter_ns()
        base = self.encode(text)
        encoded_ms = (perf_counter_ns() - started) / 1e6
        if is_candidate_first:
            stages, response_ms = _answered(self.candidate, text, base)
            _, live_ms = _answered(self.live, text, base)
        else:
            _, live_ms = _answered(self.live, text, base)
            stages, response_ms = _answered(self.candidate, text, base)
        return stages["adapt"], encoded_ms + stages["route"], encoded_ms + response_ms, encoded_ms + live_ms


def _answered(answers: Answers, text: str, base: Vectors) -> tuple[Mapping[str, float], float]:
    started = perf_counter_ns()
    stages = answers(text, base)
    return stages, (perf_counter_ns() - started) / 1e6


def _medians(rounds: Sequence[npt.NDArray[np.float64]]) -> Percentiles:
    p50s, p99s = zip(*(np.percentile(each, (50, 99), method="higher") for each in rounds), strict=True)
    return Percentiles(float(np.median(p50s)), float(np.median(p99s)))
