import errno
import gzip
import json
import os
import resource
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mangaassist.core.errors import DataError, SettingsError, WorkspaceError, WorkspaceLocked
from mangaassist.data import IngestReport, KindName, Workspace, ingest, quarantined, titles, ubi_events, ubi_queries

WriteJsonl = Callable[[str, Sequence[Mapping[str, Any]]], Path]
NOON = "2026-11-03T12:00:00Z"


def click(number: int, *, ordinal: int = 1, **more: object) -> dict[str, object]:
    attributes = {"object": {"object_id": f"m{number}"}, "position": {"ordinal": ordinal}}
    return {
        "action_name": "click",
        "timestamp": NOON,
        "event_id": f"e{number}",
        "event_attributes": attributes,
        **more,
    }


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_good_rows_are_accepted_and_bad_ones_quarantined_with_the_way_to_mend_them(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    path = write_jsonl("events.jsonl", [click(1), click(2, ordinal=0), click(3)])

    report = ingest(workspace, "events", path)

    assert report == IngestReport("events.jsonl", "events", 3, 2, 1, 0, already_ingested=False)
    assert ubi_events(workspace)["event_id"].to_list() == ["e1", "e3"]
    [row] = quarantined(workspace).to_dicts()
    assert (row["kind"], row["file"], row["line"]) == ("events", "events.jsonl", 2)
    assert (row["field"], row["reason"]) == ("event_attributes.position.ordinal", "is 0, but positions are 1-based")
    assert "add 1" in row["remedy"]
    assert json.loads(row["raw"])["event_id"] == "e2"


def test_the_same_file_again_does_nothing(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("events.jsonl", [click(1), click(2, ordinal=0)])
    first = ingest(workspace, "events", path)
    before = everything_in(workspace.root / "tables")

    again = ingest(workspace, "events", path)

    assert again == IngestReport("events.jsonl", "events", 2, 1, 1, 0, already_ingested=True)
    assert (first.rows, everything_in(workspace.root / "tables")) == (again.rows, before)
    assert ubi_events(workspace).height == 1
    assert quarantined(workspace).height == 1


def test_the_same_event_in_another_file_counts_once_and_is_reported_as_repeated(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    ingest(workspace, "events", write_jsonl("monday.jsonl", [click(1), click(2)]))

    report = ingest(workspace, "events", write_jsonl("tuesday.jsonl", [click(2), click(3), click(3)]))

    assert (report.accepted, report.repeated) == (3, 2)
    assert ubi_events(workspace)["event_id"].to_list() == ["e1", "e2", "e3"]


def test_events_without_an_id_that_say_the_same_count_once(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    event = {"action_name": "click", "timestamp": NOON, "query_id": "q1", "client_id": "alice"}
    same = {**event, "timestamp": "2026-11-03T21:00:00+09:00"}

    report = ingest(workspace, "events", write_jsonl("events.jsonl", [event, same, {**event, "client_id": "bob"}]))

    assert (report.accepted, report.repeated) == (3, 1)
    assert ubi_events(workspace).height == 2


def test_of_two_rows_with_one_title_id_the_latest_ingested_wins(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    ingest(
        workspace,
        "titles",
        write_jsonl("b.jsonl", [{"title_id": "m1", "title": "Old"}, {"title_id": "m2", "title": "X"}]),
    )

    ingest(
        workspace,
        "titles",
        write_jsonl("a.jsonl", [{"title_id": "m1", "title": "Newer"}, {"title_id": "m1", "title": "Newest"}]),
    )

    assert [(title.title_id, title.title) for title in titles(workspace)] == [("m1", "Newest"), ("m2", "X")]


def test_nothing_private_reaches_the_workspace(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    queries: list[dict[str, object]] = [
        {"query_id": "q1", "user_query": "mail hanako@example.jp", "client_id": "hanako-client", "timestamp": NOON},
        {"query_id": "q2", "user_query": "x", "client_id": "hanako-client", "timestamp": "2026-11-03T12:00:00"},
        {"query_id": "q3", "client_id": ["hanako-client"], "name": "hanako"},
    ]
    events = [click(1, client_id="hanako-client", user_id="hanako-user", message="call 090-1234-5678"), click(2)]
    path = write_jsonl("queries.jsonl", queries)
    path.write_bytes(path.read_bytes() + b'{"user_query": "x", "client_id": "hanako-client"\n')

    ingest(workspace, "queries", path)
    ingest(workspace, "events", write_jsonl("events.jsonl", events))

    assert ubi_queries(workspace)["user_query"].to_list() == ["mail [email]"]
    assert ubi_events(workspace)["message"].to_list() == ["call [phone]", None]
    tables = [pl.read_parquet(part).write_json() for part in workspace.root.rglob("*.parquet")]
    assert len(tables) == 3
    assert not any(word in table for table in tables for word in ("hanako", "090-1234"))
    assert b"hanako" not in everything_in(workspace.root)


def test_one_client_is_one_pseudonym_in_queries_and_events(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    ingest(workspace, "queries", write_jsonl("queries.jsonl", [{"user_query": "x", "client_id": "alice"}]))
    ingest(workspace, "events", write_jsonl("events.jsonl", [click(1, client_id="alice"), click(2, client_id="bob")]))

    [client] = ubi_queries(workspace)["client_id"].to_list()
    assert client != "alice"
    assert ubi_events(workspace)["client_id"].to_list()[0] == client
    assert ubi_events(workspace)["client_id"].n_unique() == 2


def test_another_privacy_key_is_refused_because_clients_would_no_longer_match(
    workspace: Workspace, write_jsonl: WriteJsonl, privacy_key: Path
) -> None:
    ingest(workspace, "queries", write_jsonl("queries.jsonl", [{"user_query": "x", "client_id": "alice"}]))
    privacy_key.unlink()

    with pytest.raises(SettingsError, match="not the privacy key"):
        ingest(workspace, "events", write_jsonl("events.jsonl", [click(1)]))
    assert ingest(workspace, "titles", write_jsonl("t.jsonl", [{"title_id": "m1", "title": "Monster"}])).accepted == 1


def test_the_catalogue_needs_no_privacy_key(workspace: Workspace, write_jsonl: WriteJsonl, privacy_key: Path) -> None:
    ingest(workspace, "titles", write_jsonl("t.jsonl", [{"title_id": "m1", "title": "Monster"}]))

    assert not privacy_key.exists()


def test_csv_and_parquet_say_the_same_as_jsonl(workspace: Workspace, tmp_path: Path, write_jsonl: WriteJsonl) -> None:
    attributes = {"object": {"object_id": "m1", "object_id_field": "title_id"}, "position": {"ordinal": 2}}
    rows: list[dict[str, Any]] = [
        {"event_id": "e1", "action_name": "click", "timestamp": NOON, "event_attributes": attributes},
        {"event_id": "e2", "action_name": "purchase", "timestamp": NOON, "event_attributes": None},
    ]
    flat = [
        {**row, "event_attributes": json.dumps(row["event_attributes"]) if row["event_attributes"] else ""}
        for row in rows
    ]
    timed = [{**row, "timestamp": datetime(2026, 11, 3, 12, tzinfo=UTC)} for row in rows]
    pl.DataFrame(flat).write_csv(tmp_path / "e.csv")
    (tmp_path / "e.csv.gz").write_bytes(gzip.compress((tmp_path / "e.csv").read_bytes()))
    pl.DataFrame(timed).write_parquet(tmp_path / "e.parquet")
    write_jsonl("e.jsonl", rows)

    frames = []
    for name in ("e.jsonl", "e.csv", "e.csv.gz", "e.parquet"):
        shop = Workspace.create(tmp_path / f"shop of {name}")
        assert ingest(shop, "events", tmp_path / name).quarantined == 0
        frames.append(ubi_events(shop))

    assert all(frame.equals(frames[0]) for frame in frames)
    assert frames[0]["ordinal"].to_list() == [2, None]


def test_more_rows_than_one_batch_keep_their_order_and_their_count(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    heard: list[tuple[str, int, int]] = []
    path = write_jsonl(
        "t.jsonl", [{"title_id": f"m{number:05d}", "title": f"Vol {number}"} for number in range(10_001)]
    )

    report = ingest(workspace, "titles", path, progress=lambda *told: heard.append(told))

    assert report.accepted == 10_001
    assert [title.title for title in titles(workspace)[-2:]] == ["Vol 9999", "Vol 10000"]
    assert heard == [("ingest t.jsonl", 10_000, 0), ("ingest t.jsonl", 10_001, 10_001)]


def test_an_empty_file_is_taken_in_once(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("events.jsonl", [])

    assert ingest(workspace, "events", path).rows == 0
    assert ingest(workspace, "events", path).already_ingested
    assert ubi_events(workspace).is_empty()


def test_a_truncated_file_leaves_nothing_behind(workspace: Workspace, tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(json.dumps(click(number)).encode() + b"\n" for number in range(500)))
    (tmp_path / "events.jsonl.gz").write_bytes(whole[:-20])

    with pytest.raises(DataError, match="gzip stream is broken"):
        ingest(workspace, "events", tmp_path / "events.jsonl.gz")

    assert ubi_events(workspace).is_empty()
    assert not list(workspace.root.rglob("*.parquet"))
    assert not workspace.scratch.exists()


def test_a_file_that_changes_while_it_is_read_is_refused(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("events.jsonl", [click(number) for number in range(10_001)])

    def append(*_told: object) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(click(99_999)) + "\n")

    with pytest.raises(DataError, match="changed while it was read"):
        ingest(workspace, "events", path, progress=append)
    assert ubi_events(workspace).is_empty()


@pytest.mark.parametrize("step", ["mangaassist.data.parts.os.fsync", "mangaassist.data.parts.os.replace"])
def test_a_full_disk_at_the_end_is_an_error_with_a_remedy_and_the_next_ingest_succeeds(
    workspace: Workspace, write_jsonl: WriteJsonl, step: str
) -> None:
    path = write_jsonl("titles.jsonl", [{"title_id": "m1", "title": "Monster"}])

    def full(*_paths: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(step, full)
        with pytest.raises(WorkspaceError, match="free some space and run the command again"):
            ingest(workspace, "titles", path)
    assert titles(workspace) == []
    assert not list(workspace.root.rglob("*.parquet"))

    assert ingest(workspace, "titles", path).accepted == 1


@pytest.mark.parametrize("limit", [1_000, 94_000])
def test_a_disk_that_fills_up_on_the_way_is_an_error_and_leaves_nothing(
    workspace: Workspace, write_jsonl: WriteJsonl, limit: int
) -> None:
    """A limit on the size of files stands for the full disk, wherever it is met: in a batch, in the part."""
    path = write_jsonl("titles.jsonl", [{"title_id": f"m{n}", "title": f"{n * n * n:x}"} for n in range(12_000)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        with pytest.raises(WorkspaceError, match="cannot be written"):
            ingest(workspace, "titles", path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert titles(workspace) == []
    assert ingest(workspace, "titles", path).accepted == 12_000


def test_two_ingests_at_once_are_refused(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("events.jsonl", [click(1)])

    with workspace.lock(), pytest.raises(WorkspaceLocked):
        ingest(Workspace.open(workspace.root), "events", path)


def test_a_lost_part_is_named_and_taken_in_again(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("events.jsonl", [click(1)])
    ingest(workspace, "events", path)
    [part] = (workspace.root / "tables" / "events").iterdir()
    part.unlink()

    with pytest.raises(WorkspaceError, match=r"is missing; take it in again: `mangaassist ingest events\.jsonl`"):
        ubi_events(workspace)
    assert not ingest(workspace, "events", path).already_ingested
    assert ubi_events(workspace).height == 1


def test_one_content_may_be_taken_in_as_two_kinds(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("both.jsonl", [{"query_id": "q1", "user_query": "x", "text": "x", "split": "dev"}])
    kinds: tuple[KindName, ...] = ("queries", "judged_queries")

    assert [ingest(workspace, kind, path).accepted for kind in kinds] == [1, 1]


@pytest.mark.parametrize("content", ['{"title_id": "m1"', '["m1"]', '{"title_id": "m1", "title": ""}'])
def test_a_file_of_bad_rows_only_is_taken_in_as_such(workspace: Workspace, tmp_path: Path, content: str) -> None:
    path = tmp_path / "titles.jsonl"
    path.write_text(content)

    report = ingest(workspace, "titles", path)

    assert (report.rows, report.accepted, report.quarantined) == (1, 0, 1)
    assert titles(workspace) == []
    assert ingest(workspace, "titles", path).already_ingested
