"""Many reviewers at once: in threads, in processes, and in any order that hypothesis finds."""

import multiprocessing
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from review_world import ADA, Clock, engine_of, item, queue
from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from mangaassist.core.errors import ReviewConflict
from mangaassist.feedback import Reviewer, ReviewStore

ITEMS = 40


def work_through(path: Path, name: str) -> list[str]:
    """Decide on whatever comes until nothing does; the ids decided on."""
    store, reviewer, decided = ReviewStore(engine_of(path)), Reviewer(name), []
    while items := store.next(reviewer, count=2):
        store.decide(items[0].id, reviewer, "accept")
        decided.append(items[0].id)
    return decided


def decide_in_a_process(path: str, name: str, results: "multiprocessing.Queue[list[str]]") -> None:
    results.put(work_through(Path(path), name))


def test_reviewers_in_threads_decide_each_item_once_and_lose_none(tmp_path: Path) -> None:
    queue(tmp_path, [item(f"i{number:02d}") for number in range(ITEMS)])
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda n: work_through(tmp_path / "queue.sqlite", f"r{n}"), range(4)))

    assert Counter(each for decided in done for each in decided) == Counter(f"i{n:02d}" for n in range(ITEMS))
    assert len(ReviewStore(engine_of(tmp_path / "queue.sqlite")).decisions()) == ITEMS


def test_reviewers_in_processes_decide_each_item_once_and_lose_none(tmp_path: Path) -> None:
    queue(tmp_path, [item(f"i{number:02d}") for number in range(ITEMS)])
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[str]] = context.Queue()
    workers = [
        context.Process(target=decide_in_a_process, args=(str(tmp_path / "queue.sqlite"), f"r{number}", results))
        for number in range(3)
    ]
    for worker in workers:
        worker.start()
    done = [results.get(timeout=240) for _ in workers]
    for worker in workers:
        worker.join()

    assert Counter(each for decided in done for each in decided) == Counter(f"i{n:02d}" for n in range(ITEMS))
    assert ReviewStore(engine_of(tmp_path / "queue.sqlite")).counts() == {"positive": {"accepted": ITEMS}}


class Reviewing(RuleBasedStateMachine):
    """Whatever several reviewers do in whatever order: who was shown an item, and for how long, is kept beside."""

    reviewers = st.sampled_from([Reviewer("ann"), Reviewer("ben"), Reviewer("cat"), ADA])

    @initialize()
    def begin(self) -> None:
        self.clock = Clock()
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self.store = ReviewStore(engine, clock=self.clock)
        self.store.add([item("one"), item("two", needs=2), item("three", is_private=True), item("four", needs=2)])
        self.held: dict[str, tuple[str, float]] = {}
        self.taken = 0

    def _is_held_by_another(self, item_id: str, reviewer: Reviewer) -> bool:
        who, until = self.held.get(item_id, (reviewer.name, 0.0))
        return who != reviewer.name and until > self.clock.now.timestamp()

    @rule(reviewer=reviewers, count=st.integers(1, 3))
    def look(self, reviewer: Reviewer, count: int) -> None:
        for each in self.store.next(reviewer, count=count, lease_s=100):
            assert not self._is_held_by_another(each.id, reviewer)
            assert reviewer.role == "admin" or not each.is_private
            self.held[each.id] = (reviewer.name, self.clock.now.timestamp() + 100)

    @rule(
        reviewer=reviewers,
        item_id=st.sampled_from(["one", "two", "three", "four"]),
        verdict=st.sampled_from(["accept", "reject", "skip"]),
    )
    def decide(self, reviewer: Reviewer, item_id: str, verdict: str) -> None:
        before = len(self.store.decisions())
        try:
            self.store.decide(item_id, reviewer, verdict)  # type: ignore[arg-type]
        except ReviewConflict:
            assert len(self.store.decisions()) == before
            return
        taken = len(self.store.decisions()) - before
        assert not (taken and self._is_held_by_another(item_id, reviewer))
        self.taken += taken
        if taken and self.held.get(item_id, ("", 0))[0] == reviewer.name:
            del self.held[item_id]

    @rule(reviewer=reviewers)
    def undo(self, reviewer: Reviewer) -> None:
        undone = self.store.undo(reviewer)
        self.taken += len(undone)
        for each in undone:
            if not self._is_held_by_another(each.item_id, reviewer):
                self.held[each.item_id] = (reviewer.name, self.clock.now.timestamp() + 300)

    @rule(seconds=st.integers(1, 200))
    def wait(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @invariant()
    def no_decision_is_lost(self) -> None:
        if hasattr(self, "store"):
            assert len(self.store.decisions()) == self.taken

    @invariant()
    def every_state_is_what_the_log_says(self) -> None:
        if not hasattr(self, "store"):
            return
        for each in self.store.items(with_private=True):
            standing: dict[str, str] = {}
            undone = {one.undoes for one in self.store.decisions() if one.undoes}
            for one in self.store.decisions(item_id=each.id):
                if one.action in ("accept", "reject") and one.sequence not in undone:
                    standing[one.reviewer] = one.action
            if not standing:
                assert each.state == "open"
            elif len(standing) < each.needs:
                assert each.state == "half"
            elif len(set(standing.values())) == 1:
                assert each.state == f"{next(iter(standing.values()))}ed"
            else:
                assert each.state in ("disputed", "accepted", "rejected")


Reviewing.TestCase.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
test_any_order_of_looks_decisions_and_undos_keeps_leases_and_log = Reviewing.TestCase
