import gc

import numpy as np
import numpy.typing as npt
import pytest
from threadpoolctl import threadpool_info

from mangaassist.core.errors import DataError, ShapeError
from mangaassist.core.types import Vectors
from mangaassist.evaluation import latency
from mangaassist.evaluation.latency import WARM_UP, LatencyAddon, latency_addon

VECTORS = np.eye(3, dtype=np.float32)
MS = 1_000_000


class FakeClock:
    """A clock that only the calls move; `slow` says which of a round's timed adapter calls takes 5 ms, not 1."""

    def __init__(self, slow: int = 0) -> None:
        self.now = 0
        self.calls: list[str] = []
        self.seen: list[int] = []
        self._slow = slow

    def __call__(self) -> int:
        return self.now

    def base(self) -> None:
        self.calls.append("base")
        self.now += 40 * MS

    def adapt(self, vectors: Vectors) -> npt.NDArray[np.float32]:
        self.calls.append("adapt")
        self.seen.append(int(vectors.argmax()))
        in_round = (len(self.seen) - 2) % (2000 + WARM_UP) - WARM_UP
        self.now += 5 * MS if 0 <= in_round < self._slow else 1 * MS
        return vectors


def measure(clock: FakeClock, monkeypatch: pytest.MonkeyPatch, rounds: int = 1) -> LatencyAddon:
    monkeypatch.setattr(latency, "own_time_ns", clock)
    return latency_addon(clock.base, clock.adapt, VECTORS, rounds=rounds)


def test_only_the_adapter_step_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert measure(FakeClock(), monkeypatch, rounds=5) == LatencyAddon(p50_ms=1.0, p99_ms=1.0, rounds=5)


@pytest.mark.parametrize(("slow", "p99_ms"), [(19, 1.0), (20, 5.0), (21, 5.0)])
def test_the_p99_is_that_of_the_slowest_hundredth(monkeypatch: pytest.MonkeyPatch, slow: int, p99_ms: float) -> None:
    addon = measure(FakeClock(slow), monkeypatch)

    assert (addon.p50_ms, addon.p99_ms) == (1.0, p99_ms)


def test_adapter_and_base_calls_alternate_and_vectors_come_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeClock()

    measure(clock, monkeypatch)

    after_the_check = clock.calls[1:]
    assert after_the_check == ["base", "adapt"] * (2000 + WARM_UP)
    assert clock.seen[-2000:][:4] == [0, 1, 2, 0]


def test_the_median_round_counts_and_not_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = iter([[1.0] * 2000, [9.0] * 2000, [2.0] * 2000])
    monkeypatch.setattr(latency, "_one_round", lambda *_: np.array(next(rounds)) * MS)

    addon = latency_addon(lambda: None, lambda vectors: vectors, VECTORS, rounds=3)

    assert addon == LatencyAddon(p50_ms=2.0, p99_ms=2.0, rounds=3)


def test_the_step_runs_on_one_thread_with_garbage_collection_on() -> None:
    threads: set[int] = set()
    collecting: set[bool] = set()

    def adapt(vectors: Vectors) -> Vectors:
        collecting.add(gc.isenabled())
        return vectors

    def base() -> None:
        if not threads:
            threads.update(pool["num_threads"] for pool in threadpool_info())

    latency_addon(base, adapt, VECTORS, rounds=1)

    assert threads == {1}
    assert collecting == {True}


@pytest.mark.parametrize(("queries", "rounds"), [(1999, 5), (2000, 0)])
def test_too_few_queries_or_rounds_are_refused(queries: int, rounds: int) -> None:
    with pytest.raises(DataError, match=f"{queries} queries in {rounds} rounds"):
        latency_addon(lambda: None, lambda vectors: vectors, VECTORS, queries=queries, rounds=rounds)


@pytest.mark.parametrize("scale", [0.0, 0.99, 2.0, np.nan])
def test_an_adapter_that_leaves_out_the_normalising_is_refused(scale: float) -> None:
    with pytest.raises(ShapeError, match="one unit vector out"):
        latency_addon(lambda: None, lambda vectors: vectors * np.float32(scale), VECTORS)


def test_an_adapter_that_drops_the_batch_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"shape \(3,\)"):
        latency_addon(lambda: None, lambda vectors: vectors[0], VECTORS)


@pytest.mark.parametrize("vectors", [VECTORS[0], VECTORS[:0]])
def test_vectors_that_are_no_table_are_refused(vectors: Vectors) -> None:
    with pytest.raises(ShapeError, match="base vectors as"):
        latency_addon(lambda: None, lambda each: each, vectors)
