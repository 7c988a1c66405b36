"""The durable home of events: group commit, once each, and files that a kill between two steps does not double."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
from served_shop import KEY, NOON, Clock, lines_of

from mangaassist.core.files import write_atomic
from mangaassist.core.service_settings import ServiceSettings
from mangaassist.data import UbiEvent
from mangaassist.serving import Refused
from mangaassist.serving.event_journal import EventJournal
from mangaassist.serving.events_wire import event_line


def journal_in(
    folder: Path, complaints: list[Exception] | None = None, *, clock: Clock | None = None, **settings: Any
) -> EventJournal:
    return EventJournal(
        folder,
        lambda event: event_line(event, KEY),
        ServiceSettings(**settings),
        clock=clock or Clock(),
        complain=(complaints if complaints is not None else []).append,
    )


def event(event_id: str) -> UbiEvent:
    return UbiEvent.model_validate({"action_name": "click", "timestamp": "2026-11-05T12:00:00Z", "event_id": event_id})


def ids_in(folder: Path) -> list[str]:
    return [row["event_id"] for row in lines_of(folder, "ubi_events-*.jsonl")]


def test_calls_that_wait_together_share_one_commit_that_reaches_the_disk(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    statements: list[str] = []
    journal._db.set_trace_callback(statements.append)
    waiting = [journal.submit([event(f"e{number}"), event("shared")]) for number in range(20)]

    journal._thread.start()
    stored = [each.result(timeout=60) for each in waiting]

    assert statements.count("COMMIT") == 1
    assert [sum(each) for each in stored] == [2] + [1] * 19
    journal._db.set_trace_callback(None)
    assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
    journal.close()
    assert len(ids_in(tmp_path)) == 21


def test_a_caller_who_went_away_does_not_stop_the_others(tmp_path: Path) -> None:
    journal = journal_in(tmp_path)
    gone, there = journal.submit([event("e1")]), journal.submit([event("e2")])
    gone.cancel()

    journal.start()

    assert there.result(timeout=60) == [True]
    journal.close()
    assert ids_in(tmp_path) == ["e1", "e2"]


def test_more_calls_than_may_wait_are_told_to_come_back(tmp_path: Path) -> None:
    journal = journal_in(tmp_path, event_calls=1)
    journal.submit([event("e1")])

    with pytest.raises(Refused, match="too many events wait for the disk; send again") as refused:
        journal.submit([event("e2")])

    assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
    journal.start()
    journal.close()


@pytest.mark.parametrize("step", ["before-the-file", "after-the-file"])
def test_a_stop_between_the_steps_of_closing_a_file_writes_the_same_file_again(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mangaassist.serving import event_journal

    write = write_atomic
    complaints: list[Exception] = []

    def interrupted(path: Path, content: bytes) -> None:
        if step == "after-the-file":
            write(path, content)
        raise OSError(errno.ENOSPC, "No space left on device")

    first = journal_in(tmp_path, complaints)
    first.start()
    first.submit([event("e1"), event("e2")]).result(timeout=60)
    with monkeypatch.context() as patch:
        patch.setattr(event_journal, "write_atomic", interrupted)
        first.close()
    assert len(complaints) == 1
    assert len(ids_in(tmp_path)) == (2 if step == "after-the-file" else 0)

    second = journal_in(tmp_path)
    second.start()
    assert second.submit([event("e2"), event("e3")]).result(timeout=60) == [False, True]
    second.close()

    assert ids_in(tmp_path) == ["e1", "e2", "e3"]
    assert len(list(tmp_path.glob("ubi_events-*.jsonl"))) == 2


def test_files_of_a_journal_that_was_lost_are_not_written_over(tmp_path: Path) -> None:
    for number in range(2):
        clock = Clock()
        clock.now = NOON + number
        journal = journal_in(tmp_path, clock=clock)
        journal.start()
        journal.submit([event(f"e{number}")]).result(timeout=60)
        journal.close()
        for path in tmp_path.glob("service.sqlite*"):
            path.unlink()

    assert ids_in(tmp_path) == ["e0", "e1"]


def test_a_line_says_only_what_the_event_says(tmp_path: Path) -> None:
    assert json.loads(event_line(event("e1"), KEY)) == {
        "action_name": "click",
        "timestamp": "2026-11-05T12:00:00Z",
        "event_id": "e1",
        "event_attributes": {"object": {}, "position": {}},
    }
