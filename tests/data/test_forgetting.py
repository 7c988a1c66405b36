import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from mangaassist.core.errors import DataError, WorkspaceLocked
from mangaassist.data import (
    Entry,
    Workspace,
    all_entries,
    forget_file,
    ingest,
    ingested_files,
    quarantined,
    titles,
)
from mangaassist.data.ledger import entries

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
KEPT = [{"title_id": "m1", "title": "Monster"}]
ERASED = [{"title_id": "m2", "title": "Berserk"}, {"title_id": "m3"}]


@pytest.fixture
def files(workspace: Workspace, write_jsonl: Callable[..., Path]) -> dict[str, Entry]:
    """Two catalogues were taken in; of the second one row was refused."""
    for name, rows in (("kept.jsonl", KEPT), ("erased.jsonl", ERASED)):
        ingest(workspace, "titles", write_jsonl(name, rows))
    return {entry.file: entry for entry in all_entries(workspace.engine)}


def forget(workspace: Workspace, files: dict[str, Entry], *, at: datetime = NOON) -> Entry:
    return forget_file(workspace, "titles", files["erased.jsonl"].sha256, "asked to by the author", at=at)


def test_the_rows_go_accepted_and_refused_and_the_name_stays(workspace: Workspace, files: dict[str, Entry]) -> None:
    erased = forget(workspace, files)

    assert [title.title_id for title in titles(workspace)] == ["m1"]
    assert quarantined(workspace).height == 0
    assert not workspace.part("titles", erased.sha256).exists()
    assert not workspace.refused_part("titles", erased.sha256).exists()
    assert (erased.file, erased.rows, erased.accepted) == ("erased.jsonl", 2, 1)
    assert (erased.deleted_at, erased.deleted_why) == ("2026-11-03T12:00:00+00:00", "asked to by the author")


def test_the_tombstone_stands_in_the_ledger_but_the_file_no_longer_counts(
    workspace: Workspace, files: dict[str, Entry]
) -> None:
    erased = forget(workspace, files)

    assert all_entries(workspace.engine) == [files["kept.jsonl"], erased]
    assert entries(workspace.engine, "titles") == [files["kept.jsonl"]]
    assert ingested_files(workspace) == [("titles", files["kept.jsonl"].sha256)]


def test_the_moment_is_kept_in_one_zone(workspace: Workspace, files: dict[str, Entry]) -> None:
    tokyo = NOON.astimezone(timezone(timedelta(hours=9)))

    assert forget(workspace, files, at=tokyo).deleted_at == "2026-11-03T12:00:00+00:00"


def test_forgetting_twice_keeps_the_first_moment(workspace: Workspace, files: dict[str, Entry]) -> None:
    erased = forget(workspace, files)

    assert forget(workspace, files, at=NOON + timedelta(days=1)) == erased


def test_the_same_file_is_not_taken_in_again(
    workspace: Workspace, files: dict[str, Entry], write_jsonl: Callable[..., Path]
) -> None:
    erased = forget(workspace, files)

    with pytest.raises(DataError, match=r"'erased\.jsonl' that was deleted .* \(asked to by the author\)"):
        ingest(workspace, "titles", write_jsonl("under_another_name.jsonl", ERASED))

    assert all_entries(workspace.engine)[1] == erased
    assert [title.title_id for title in titles(workspace)] == ["m1"]


def test_the_same_bytes_as_another_kind_are_another_file(
    workspace: Workspace, files: dict[str, Entry], write_jsonl: Callable[..., Path]
) -> None:
    forget(workspace, files)

    assert ingest(workspace, "articles", write_jsonl("erased.jsonl", ERASED)).accepted == 0


@pytest.mark.parametrize(
    ("kind", "sha256", "why", "said"),
    [
        ("articles", None, "erased", "no file with sha256 .* was taken in as articles"),
        ("titles", "f00", "erased", "no file with sha256 f00 was taken in as titles"),
        ("titles", None, " ", "say why the file is deleted"),
    ],
)
def test_what_was_never_taken_in_or_has_no_reason_is_refused(
    workspace: Workspace, files: dict[str, Entry], kind: str, sha256: str | None, why: str, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        forget_file(workspace, kind, sha256 or files["erased.jsonl"].sha256, why, at=NOON)  # type: ignore[arg-type]

    assert all_entries(workspace.engine) == list(files.values())


def test_nothing_is_forgotten_while_another_writes(workspace: Workspace, files: dict[str, Entry]) -> None:
    with workspace.lock(), pytest.raises(WorkspaceLocked):
        forget(workspace, files)


KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from mangaassist.data import Workspace, forget_file, forgetting
forgetting.remove_leftovers = lambda _: os.kill(os.getpid(), 9)
forget_file(Workspace.open(Path(sys.argv[1])), "titles", sys.argv[2], "erased", at=datetime(2026, 1, 1, tzinfo=UTC))
"""


def test_a_kill_after_the_tombstone_leaves_rows_that_nothing_reads_and_the_next_writer_removes(
    workspace: Workspace, files: dict[str, Entry], write_jsonl: Callable[..., Path]
) -> None:
    sha256 = files["erased.jsonl"].sha256
    killed = subprocess.run([sys.executable, "-c", KILLED, str(workspace.root), sha256], env=os.environ, check=False)

    assert killed.returncode == -9
    assert workspace.part("titles", sha256).exists()
    assert [title.title_id for title in titles(workspace)] == ["m1"]

    ingest(workspace, "titles", write_jsonl("new.jsonl", [{"title_id": "m4", "title": "Pluto"}]))

    assert not workspace.part("titles", sha256).exists()
