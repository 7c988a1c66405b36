"""A log file is either being written, under a name that ingest passes over, or closed and whole."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from served_shop import Clock

from mangaassist.data import kind_of
from mangaassist.serving.log_files import LogFile, close_orphans


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def log_in(folder: Path, *, limit: int = 10_000) -> LogFile:
    return LogFile(folder, "ubi_queries", limit=limit, clock=Clock())


def test_an_open_file_is_not_told_by_its_name_and_a_closed_one_is(logs: Path) -> None:
    log = log_in(logs)
    log.write(["one", "two"])
    (opened,) = logs.iterdir()
    log.close()
    (closed,) = logs.iterdir()

    assert kind_of(opened) is None
    assert kind_of(closed) == "queries"
    assert closed.read_text() == "one\ntwo\n"
    assert closed.stat().st_mode & 0o077 == 0


def test_a_log_that_was_never_written_leaves_no_file(logs: Path) -> None:
    log_in(logs).close()

    assert list(logs.iterdir()) == []


def test_a_killed_process_leaves_whole_lines_and_a_living_one_keeps_its_file(logs: Path) -> None:
    child = (
        "import os, sys; from pathlib import Path; from mangaassist.serving.log_files import LogFile;"
        "log = LogFile(Path(sys.argv[1]), 'ubi_queries', limit=10**6, clock=lambda: 1.8e9);"
        "log.write(['whole']); os.write(log._handle, b'half a li'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", child, str(logs)], check=False)
    living = log_in(logs)
    living.write(["mine"])

    closed = close_orphans(logs)

    assert [path.read_text() for path in closed] == ["whole\n"]
    assert kind_of(closed[0]) == "queries"
    living.write(["mine too"])
    living.close()
    assert sorted(path.read_text() for path in logs.iterdir()) == ["mine\nmine too\n", "whole\n"]


def test_what_a_full_disk_cut_short_is_taken_back(logs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = log_in(logs)
    log.write(["before"])
    write = os.write

    def half(handle: int, content: bytes) -> int:
        if len(content) < 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, content[: len(content) // 2])

    with monkeypatch.context() as patch:
        patch.setattr("mangaassist.serving.log_files.os.write", half)
        with pytest.raises(OSError, match="No space"):
            log.write(["a line that does not fit"])
    log.write(["after"])
    log.close()

    assert next(logs.iterdir()).read_text() == "before\nafter\n"
