"""The bucket lets callers through at its rate, checked with a clock that only sleeping moves."""

from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.token_bucket import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def bucket_of(per_minute: float, clock: Clock) -> TokenBucket:
    return TokenBucket(per_minute, clock=lambda: clock.now, sleep=clock.sleep)


def test_the_first_caller_does_not_wait_and_the_next_ones_are_a_second_apart() -> None:
    clock = Clock()
    bucket = bucket_of(60, clock)

    for _ in range(4):
        bucket.take()

    assert clock.slept == [1.0, 1.0, 1.0]


def test_an_idle_hour_saves_up_one_turn_and_no_more() -> None:
    clock = Clock()
    bucket = bucket_of(60, clock)
    clock.now += 3600

    bucket.take()
    bucket.take()

    assert clock.slept == [1.0]


def test_a_caller_who_comes_late_enough_does_not_wait() -> None:
    clock = Clock()
    bucket = bucket_of(60, clock)
    bucket.take()
    clock.now += 1.0

    bucket.take()

    assert clock.slept == []


@given(st.lists(st.floats(0, 30), min_size=2, max_size=60), st.integers(1, 50))
def test_no_minute_holds_more_turns_than_the_rate(pauses: list[float], per_minute: int) -> None:
    clock = Clock()
    bucket = bucket_of(per_minute, clock)
    turns = []
    for pause in pauses:
        clock.now += pause
        bucket.take()
        turns.append(clock.now)

    for start in turns:
        assert sum(start <= turn < start + 60 - 1e-6 for turn in turns) <= per_minute


def test_a_burst_is_let_through_at_once_and_then_the_rate_counts() -> None:
    clock = Clock()
    bucket = TokenBucket(60, burst=3, clock=lambda: clock.now)

    assert [bucket.try_take() for _ in range(4)] == [0, 0, 0, 1.0]
    clock.now += 1.0
    assert [bucket.try_take() for _ in range(2)] == [0, 1.0]


def test_who_is_turned_away_uses_up_no_turn() -> None:
    clock = Clock()
    bucket = TokenBucket(60, clock=lambda: clock.now)
    bucket.try_take()

    assert {bucket.try_take() for _ in range(50)} == {1.0}


@given(st.lists(st.floats(0, 5), min_size=1, max_size=80), st.integers(1, 60), st.integers(1, 10))
def test_no_minute_lets_more_through_than_rate_and_burst_together(
    pauses: list[float], per_minute: int, burst: int
) -> None:
    clock = Clock()
    bucket = TokenBucket(per_minute, burst=burst, clock=lambda: clock.now)
    turns = []
    for pause in pauses:
        clock.now += pause
        if bucket.try_take() == 0:
            turns.append(clock.now)

    for start in turns:
        assert sum(start <= turn < start + 60 - 1e-6 for turn in turns) <= per_minute + burst
