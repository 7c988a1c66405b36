"""Rows of the log go when they are too old, and with them what was made of them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from command_line import run
from erased_world import NOON, SECRET, event, query, take_in, traces

from mangaassist.core.errors import DataError
from mangaassist.data import Erasure, Workspace, all_entries, erasures, ingest, ubi_events, ubi_queries
from mangaassist.erasure import forget_older
from mangaassist.loop import make_pairs, pairs_file, read_settings
from mangaassist.promotion import PAIRS, publish, read_erased_paper, verify

BEFORE = datetime(2026, 3, 1, tzinfo=UTC)
OLD, YOUNG = "2026-01-05T10:00:00Z", "2026-04-01T10:00:00Z"


def forget(shop: Workspace, before: datetime = BEFORE, *, dry_run: bool = False) -> Erasure:
    with shop.lock():
        return forget_older(shop, before, at=NOON, actor="cron", why="older than 246 days", dry_run=dry_run)


@pytest.fixture
def lived(shop: Workspace) -> Workspace:
    """One file of old rows, one of old and young ones."""
    take_in(shop, "queries-january", [query("q-old", "nobuo", SECRET, at=OLD)])
    take_in(shop, "events-january", [event("e-old", "q-old", "nobuo", at="2026-01-05T10:00:05Z")])
    undated = {"query_id": "q-undated", "client_id": "rei", "user_query": "undated tall"}
    mixed = [query("q-mixed", "rei", "mixed tall", at=OLD), query("q-young", "rei", "young tall", at=YOUNG), undated]
    take_in(shop, "queries-mixed", mixed)
    return shop


def test_rows_go_by_their_age_and_those_without_a_time_stay(lived: Workspace) -> None:
    queries, events = ubi_queries(lived), ubi_events(lived)

    done = forget(lived)

    assert ubi_queries(lived).equals(queries.filter(pl.col("timestamp").is_null() | (pl.col("timestamp") >= BEFORE)))
    assert ubi_events(lived).equals(events.filter(pl.col("timestamp") >= BEFORE))
    assert "q-undated" in ubi_queries(lived)["query_id"]
    assert (done.counts["queries"], done.counts["events"]) == (
        queries.height - ubi_queries(lived).height,
        events.height - ubi_events(lived).height,
    )
    assert traces(lived, SECRET, "mixed tall") == []


def test_a_moment_exactly_at_the_bound_is_kept(lived: Workspace) -> None:
    forget(lived, datetime(2026, 4, 1, 10, tzinfo=UTC))

    assert "q-young" in ubi_queries(lived)["query_id"]


def test_a_file_of_which_nothing_is_left_leaves_a_tombstone_and_is_not_taken_in_again(lived: Workspace) -> None:
    forget(lived)

    told = {entry.file: entry for entry in all_entries(lived.engine)}
    assert told["queries-january.jsonl"].deleted_why == "older than 246 days"
    assert not lived.part("queries", told["queries-january.jsonl"].sha256).exists()
    assert told["queries-mixed.jsonl"].deleted_at is None
    assert (told["queries-mixed.jsonl"].accepted, told["queries-mixed.jsonl"].erased) == (2, 1)
    with pytest.raises(DataError, match="was deleted from this workspace"):
        ingest(lived, "queries", lived.root / "more" / "queries-january.jsonl")


def test_pairs_and_a_releases_pairs_go_by_the_age_of_their_search(lived: Workspace) -> None:
    make_pairs(lived, read_settings(lived.root))
    pairs = pl.read_parquet(pairs_file(lived))
    publish(lived.root, {"config.json": b"{}", PAIRS: pairs_file(lived).read_bytes()})
    before = pairs["at"].drop_nulls().sort()[2]

    done = forget(lived, before)

    assert done.counts["pairs"] == (pairs["at"] < before).sum() > 0
    assert pl.read_parquet(pairs_file(lived)).equals(pairs.filter((pl.col("at") >= before) | pl.col("at").is_null()))
    assert read_erased_paper(lived.root, "embed-adapter-v01") is not None
    verify(lived.root, "embed-adapter-v01")


def test_lines_of_the_services_logs_go_by_their_time(lived: Workspace) -> None:
    path = lived.logs / "ubi_queries-1.jsonl"
    path.write_text("".join(json.dumps({"user_query": at, "timestamp": at}) + "\n" for at in (OLD, YOUNG)))
    only_old = lived.logs / "ubi_queries-2.jsonl"
    only_old.write_text(json.dumps({"user_query": "x", "timestamp": "2026-01-05T10:00:00"}) + "\nno JSON\n")

    done = forget(lived)

    assert done.counts["log lines"] == 2
    assert json.loads(path.read_text())["timestamp"] == YOUNG
    assert only_old.read_text() == "no JSON\n"


def test_a_second_time_there_is_nothing_to_tell(lived: Workspace) -> None:
    forget(lived)

    assert set(forget(lived).counts.values()) == {0}

    assert [line["before"] for line in erasures(lived)] == [BEFORE.isoformat()]


def test_gc_counts_first_and_erases_then(lived: Workspace) -> None:
    days = (datetime.now(UTC) - BEFORE) // timedelta(days=1)
    words = ("gc", "--older-than-days", days, "--actor", "cron", "--workspace", lived.root, "--json", "-")

    planned, done = (json.loads(run(*words, *more).stdout)["erased"] for more in (["--dry-run"], []))

    assert planned["counts"] == done["counts"]
    assert done["counts"]["queries"] > 1
    assert (done["actor"], done["why"], done["client"]) == ("cron", f"older than {days} days", None)
    assert "q-old" not in ubi_queries(lived)["query_id"]


def test_gc_shows_what_went_for_its_age(lived: Workspace) -> None:
    shown = run("gc", "--older-than-days", 9_000, "--dry-run", "--workspace", lived.root)

    assert shown.exit_code == 0
    assert "to erase" in shown.stderr


def test_what_is_no_log_has_no_age(lived: Workspace) -> None:
    kept = {path: path.read_bytes() for path in Path(lived.root / "tables" / "judged_queries").iterdir()}

    forget(lived, NOON)

    assert {path: path.read_bytes() for path in kept} == kept
