"""The bucket lets callers through at its rate, checked with a clock that only sleeping moves."""

from hypothesis import given
from hypothesis import strategies as st

from mangaassist.encoders.token_bucket import TokenBucket


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
