import multiprocessing
import os
import subprocess
import sys
import threading
import time

import pytest

from mangaassist.evaluation import own_time
from mangaassist.evaluation.own_time import own_time_ns

BUSY = "while True: pass"
CLOCKS_APART_NS = 1_000_000
"""The kernel books the time on a core and the time waiting for one at different moments: up to a tick apart."""


def spun_ns(nanoseconds: int) -> tuple[int, int]:
    """Own and wall time of a loop that uses the processor for this long."""
    own, wall, until = own_time_ns(), time.perf_counter_ns(), time.thread_time_ns() + nanoseconds
    while time.thread_time_ns() < until:
        pass
    return own_time_ns() - own, time.perf_counter_ns() - wall


@pytest.mark.skipif(not os.path.exists("/proc/thread-self/schedstat"), reason="the system does not tell")
def test_the_time_that_other_processes_hold_the_core_is_not_ours() -> None:
    """Four busy processes on this very core take most of the wall clock, and none of our time."""
    core = {min(os.sched_getaffinity(0))}
    others = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(4)]
    for other in others:
        os.sched_setaffinity(other.pid, core)
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, core)
        own_ns, wall_ns = spun_ns(100_000_000)
    finally:
        os.sched_setaffinity(0, before)
        for other in others:
            other.kill()
            other.wait()

    assert wall_ns > 200_000_000
    assert own_ns == pytest.approx(100_000_000, rel=0.1)


def test_waiting_for_something_else_than_a_core_is_ours() -> None:
    own = own_time_ns()
    threading.Event().wait(0.05)

    assert own_time_ns() - own >= 45_000_000


def test_where_the_system_does_not_tell_it_is_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_time, "_SCHEDULING", "/nowhere")
    monkeypatch.setattr(own_time, "_own", own_time._OfThread())
    before = time.perf_counter_ns()

    assert before <= own_time_ns() <= time.perf_counter_ns()


def test_a_thread_has_a_time_of_its_own() -> None:
    found: list[tuple[int, int]] = []
    thread = threading.Thread(target=lambda: found.append(spun_ns(20_000_000)))
    thread.start()
    thread.join()

    own_ns, wall_ns = found[0]
    assert 20_000_000 - CLOCKS_APART_NS <= own_ns <= wall_ns + CLOCKS_APART_NS


def test_a_forked_process_has_a_time_of_its_own() -> None:
    own_time_ns()

    with multiprocessing.get_context("fork").Pool(1) as pool:
        own_ns, wall_ns = pool.apply(spun_ns, (20_000_000,))

    assert 20_000_000 - CLOCKS_APART_NS <= own_ns <= wall_ns + CLOCKS_APART_NS
