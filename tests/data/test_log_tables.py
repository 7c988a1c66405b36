"""The search log as SQL tables is the search log as frames."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mangaassist.core.errors import WorkspaceError
from mangaassist.data import Workspace, ingest, log_tables, ubi_events, ubi_queries
from mangaassist.data.sql import frame

WriteJsonl = Callable[[str, Sequence[Mapping[str, Any]]], Path]
AT = "2026-11-03T12:00:00Z"


def rows_of(workspace: Workspace, scratch: Path, *, table: str, order: str) -> pl.DataFrame:
    with log_tables(workspace) as db:
        return frame(db, f"FROM {table} ORDER BY {order}", scratch)


def check_alike(workspace: Workspace, scratch: Path) -> None:
    assert rows_of(workspace, scratch, table="queries", order="query_id").equals(ubi_queries(workspace))
    assert rows_of(workspace, scratch, table="events", order="timestamp, event_id").equals(ubi_events(workspace))


def test_without_a_log_both_tables_are_empty(workspace: Workspace, tmp_path: Path) -> None:
    check_alike(workspace, tmp_path)


def test_every_column_is_there(workspace: Workspace, write_jsonl: WriteJsonl, tmp_path: Path) -> None:
    query = {"query_id": "q1", "user_query": "cozy", "timestamp": AT, "query_response_hit_ids": ["a", "b"]}
    ingest(workspace, "queries", write_jsonl("q.jsonl", [query]))
    ingest(workspace, "events", write_jsonl("e.jsonl", [{"action_name": "click", "timestamp": AT, "query_id": "q1"}]))

    check_alike(workspace, tmp_path)


def test_a_log_that_cannot_be_read_to_the_end_says_where_room_is_needed(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match=r"\(.*No space left on device\).*name another folder in TMPDIR"):  # noqa: SIM117
        with log_tables(workspace) as db:
            db.execute("SELECT error('No space left on device')")


@pytest.mark.parametrize("again", [["e1", "e2"], ["e1", "e1"], ["e3"]], ids=["all", "twice in a file", "none"])
def test_of_repeated_ids_one_row_counts_the_same_as_anywhere(
    workspace: Workspace, write_jsonl: WriteJsonl, tmp_path: Path, again: list[str]
) -> None:
    first = [{"event_id": each, "action_name": "click", "timestamp": AT} for each in ("e1", "e2", "e0")]
    later = [{"event_id": each, "query_id": "q1", "action_name": "view", "timestamp": AT} for each in again]
    for number, rows in enumerate((first, later)):
        ingest(workspace, "events", write_jsonl(f"e{number}.jsonl", rows))
    for text in ("old", "new"):
        ingest(workspace, "queries", write_jsonl(f"{text}.jsonl", [{"query_id": "q1", "user_query": text}]))

    check_alike(workspace, tmp_path)
