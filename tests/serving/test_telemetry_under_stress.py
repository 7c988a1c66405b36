"""The log never holds an answer back: a slow or full disk costs lines, which are counted, and nothing else."""

import errno
import threading
from collections.abc import Callable, Sequence

import pytest
from served_shop import ServedShop, click

from mangaassist.serving.telemetry import EVAL_LOG, QUERY_LOG

Serve = Callable[..., ServedShop]
DROPPED = f'mangaassist_telemetry_dropped_total{{log="{EVAL_LOG}"}}'
WRITTEN = f'mangaassist_telemetry_written_total{{log="{EVAL_LOG}"}}'


class Memory:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, lines: Sequence[str]) -> None:
        self.lines += lines

    def close(self) -> None:
        """Nothing to close."""


class Stuck(Memory):
    """A sink that takes nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.is_entered, self.may_go = threading.Event(), threading.Event()

    def write(self, lines: Sequence[str]) -> None:
        self.is_entered.set()
        assert self.may_go.wait(60)
        super().write(lines)


class Full(Memory):
    """A sink on a disk without space."""

    def write(self, lines: Sequence[str]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_stuck_disk_holds_no_answer_back_and_what_does_not_fit_the_queue_is_counted(serve: Serve) -> None:
    stuck = Stuck()
    shop = serve(sinks={EVAL_LOG: stuck, QUERY_LOG: Memory()}, log_queue=3)
    shop.retrieve("the one that gets stuck")
    assert stuck.is_entered.wait(60)

    answers = [shop.retrieve(f"query {number}") for number in range(8)]

    assert all(answer["results"] for answer in answers)
    assert shop.metric(DROPPED) == 5
    assert shop.metric('mangaassist_queue_depth{queue="telemetry"}') == 3
    assert shop.send(click("q", "a"))["accepted"] == 1
    stuck.may_go.set()
    shop.after(0)
    assert len(stuck.lines) == 4
    assert (shop.metric(WRITTEN), shop.metric(DROPPED)) == (4, 5)


def test_a_full_disk_costs_lines_and_no_answer_and_the_operator_is_told_without_the_text(serve: Serve) -> None:
    memory = Memory()
    shop = serve(sinks={EVAL_LOG: Full(), QUERY_LOG: memory})

    shop.retrieve("a private wish")
    shop.after(0)

    assert (shop.metric(DROPPED), shop.metric(WRITTEN)) == (1, 0)
    assert len(memory.lines) == 1
    assert any((line["event"], line.get("error")) == ("log trouble", "OSError") for line in shop.said())
    assert "private" not in shop.stream.getvalue()


def test_one_answer_that_cannot_be_written_does_not_end_the_log(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    from mangaassist.serving import served_lines as made
    from mangaassist.serving import telemetry

    def fail_once(*words: object) -> object:
        monkeypatch.setattr(telemetry, "served_lines", made.served_lines)
        raise ValueError("an odd answer")

    monkeypatch.setattr(telemetry, "served_lines", fail_once)
    memory = Memory()
    shop = serve(sinks={EVAL_LOG: memory, QUERY_LOG: Memory()})

    shop.retrieve("first")
    shop.after(0)
    shop.retrieve("second")
    shop.after(0)

    assert len(memory.lines) == 1
    assert shop.metric(DROPPED) == 1


def test_what_waits_is_written_before_the_server_ends(serve: Serve) -> None:
    memory = Memory()
    shop = serve(sinks={EVAL_LOG: memory, QUERY_LOG: Memory()})

    for number in range(20):
        shop.retrieve(f"query {number}")
    shop.stop()

    assert len(memory.lines) == 20
