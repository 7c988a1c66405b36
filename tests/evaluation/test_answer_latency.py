import gc

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from mangaassist.core.errors import DataError
from mangaassist.core.types import Vectors
from mangaassist.evaluation import Percentiles, ServiceLatency, TimedParts, service_latency
from mangaassist.evaluation.answer_latency import FEWEST_TIMED
from mangaassist.evaluation.latency import WARM_UP

MS = 1_000_000
BASE = np.ones(3, dtype=np.float32)
TEXTS = ("cozy", "dark", "brisk")


class Service:
    """A clock that only the calls move. Encoding takes 2 ms; `slow` candidate answers of a round take 30 ms, not 3."""

    def __init__(self, *, slow: int = 0) -> None:
        self.now, self.calls, self.texts = 0, list[str](), list[str]()
        self._slow, self._in_round = slow, -2 * WARM_UP

    def __call__(self) -> int:
        return self.now

    def encode(self, text: str) -> Vectors:
        self.texts.append(text)
        return self._done("encode", 2.0, BASE)

    def route(self, base: Vectors) -> Vectors:
        return self._done("route", 0.5, base)

    def adapt(self, base: Vectors) -> Vectors:
        assert base.shape == (1, 3)
        return self._done("adapt", 0.25, base)

    def candidate(self, text: str, base: Vectors) -> Vectors:
        assert (text, id(base)) == (self.texts[-1], id(BASE))
        return self._done("candidate", 30.0 if 0 <= self._next() < self._slow else 3.0, base)

    def live(self, text: str, base: Vectors) -> Vectors:
        assert (text, id(base)) == (self.texts[-1], id(BASE))
        return self._done("live", 4.0, base)

    @property
    def parts(self) -> TimedParts:
        return TimedParts(self.encode, self.route, self.adapt, self.candidate, self.live)

    def _done(self, what: str, milliseconds: float, base: Vectors) -> Vectors:
        self.calls.append(what)
        self.now += round(milliseconds * MS)
        return base

    def _next(self) -> int:
        place = self._in_round
        self._in_round += 1
        return place


def measured(
    service: Service,
    monkeypatch: pytest.MonkeyPatch,
    *,
    queries: int = 100,
    rounds: int = 1,
    budget_s: float | None = None,
) -> ServiceLatency:
    monkeypatch.setattr("mangaassist.evaluation.answer_latency.own_time_ns", service)
    return service_latency(
        service.parts,
        TEXTS,
        seed=0,
        queries=queries,
        rounds=rounds,
        budget_s=budget_s,
    )


def test_routing_is_encoding_and_classifying_and_an_answer_is_encoding_and_all_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = measured(Service(), monkeypatch)

    assert found == ServiceLatency(
        addon=Percentiles(0.25, 0.25),
        routing=Percentiles(2.5, 2.5),
        response=Percentiles(5.0, 5.0),
        live_response=Percentiles(6.0, 6.0),
        queries=100,
        rounds=1,
    )


@pytest.mark.parametrize(("slow", "p99_ms"), [(9, 5.0), (10, 32.0), (11, 32.0)])
def test_the_p99_is_that_of_the_slowest_hundredth(monkeypatch: pytest.MonkeyPatch, slow: int, p99_ms: float) -> None:
    response = measured(Service(slow=slow), monkeypatch, queries=1_000).response

    assert response == Percentiles(5.0, p99_ms)


def test_both_answer_every_query_and_each_goes_first_every_other_time(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service()

    measured(service, monkeypatch)

    timed = [call for call in service.calls if call not in {"route", "adapt"}][3 * 2 * WARM_UP :]
    assert timed == ["encode", "candidate", "live", "encode", "live", "candidate"] * 50


def test_every_text_comes_as_often_as_every_other_and_in_another_order_each_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Service()

    measured(service, monkeypatch, queries=102, rounds=5)

    timed = service.texts[2 * WARM_UP :]
    assert {timed.count(text) for text in TEXTS} == {170}
    assert len({tuple(timed[102 * number : 102 * number + 3]) for number in range(5)}) > 1


def test_the_median_round_counts_and_not_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = iter([1.0, 9.0, 2.0])
    monkeypatch.setattr("mangaassist.evaluation.answer_latency._one_round", lambda *_: np.full((4, 100), next(rounds)))

    assert measured(Service(), monkeypatch, rounds=3).response == Percentiles(2.0, 2.0)


@pytest.mark.parametrize(("budget_s", "queries"), [(None, 2_000), (97.6, 2_000), (48.76, 1_000), (0.001, FEWEST_TIMED)])
def test_a_budget_asks_fewer_queries_but_never_too_few(
    monkeypatch: pytest.MonkeyPatch, budget_s: float | None, queries: int
) -> None:
    """9.75 milliseconds a query, five rounds."""
    found = measured(Service(), monkeypatch, queries=2_000, rounds=5, budget_s=budget_s)

    assert found.queries == queries


def test_it_runs_on_one_thread_with_garbage_collection_on() -> None:
    threads, collecting = set[int](), set[bool]()

    def answer(_text: str, _base: Vectors) -> None:
        collecting.add(gc.isenabled())
        if not threads:
            threads.update(pool["num_threads"] for pool in threadpool_info())

    parts = TimedParts(lambda _: BASE, lambda base: base, lambda base: base, answer, answer)
    service_latency(parts, TEXTS, seed=0, queries=100, rounds=1)

    assert threads == {1}
    assert collecting == {True}


@pytest.mark.parametrize(("texts", "queries", "rounds"), [((), 100, 1), (TEXTS, 99, 1), (TEXTS, 100, 0)])
def test_too_little_to_time_is_refused(texts: tuple[str, ...], queries: int, rounds: int) -> None:
    service = Service()

    with pytest.raises(DataError, match=f"{len(texts)} texts, {queries} queries in {rounds} rounds; give"):
        service_latency(service.parts, texts, seed=0, queries=queries, rounds=rounds)
