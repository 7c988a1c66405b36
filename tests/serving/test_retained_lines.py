"""What is retained in the logs: closed files, those being written, the journal; damaged lines are passed over."""

import io
from pathlib import Path

from served_shop import NOON, Clock, ServedShop, click

from mangaassist.data import Workspace
from mangaassist.serving import LogFile, retained_events, retained_lines


def test_closed_and_open_files_of_one_log_are_read_and_what_is_no_object_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "some_log-1.jsonl").write_text('{"n": 1}\nno JSON\n[2]\n\n{"n": 3')
    (tmp_path / "some_log-2.jsonl.open").write_bytes(b'{"n": 4}\n{"n": "\xff"}\n')
    (tmp_path / "other_log-1.jsonl").write_text('{"n": 5}\n')

    assert [line["n"] for line in retained_lines(tmp_path, "some_log")] == [1, 4, "\ufffd"]


def test_only_lines_that_hold_a_text_are_read(tmp_path: Path) -> None:
    (tmp_path / "some_log-1.jsonl").write_text('{"name": "a"}\n{"name": "b"}\n')

    assert list(retained_lines(tmp_path, "some_log", naming='"name": "b"')) == [{"name": "b"}]


def test_a_file_that_is_closed_while_the_folder_is_read_is_read_under_its_final_name(tmp_path: Path) -> None:
    log = LogFile(tmp_path, "some_log", limit=1 << 20, clock=Clock())
    (tmp_path / "some_log-0.jsonl").write_text('{"n": 0}\n')
    log.write(['{"n": 1}'])

    lines = retained_lines(tmp_path, "some_log")
    first = next(lines)
    log.close()

    assert [first["n"], *(line["n"] for line in lines)] == [0, 1]


def test_a_folder_without_logs_holds_nothing(tmp_path: Path) -> None:
    assert list(retained_lines(tmp_path, "some_log")) == []
    assert list(retained_events(tmp_path)) == []


def test_events_are_read_out_of_the_journal_and_after_it_was_closed_out_of_its_file(workspace: Workspace) -> None:
    shop = ServedShop.start(workspace, io.StringIO())
    assert shop.clock.now == NOON
    shop.send(click("q", "claymore", "e-1"))
    in_journal = [event["event_id"] for event in retained_events(workspace.logs)]

    shop.stop()

    assert in_journal == ["e-1"]
    assert [event["event_id"] for event in retained_events(workspace.logs)] == ["e-1"]
