"""The log that mining is measured on has what a real one has, and what is told of it is what was measured."""

from pathlib import Path

import polars as pl
import pytest
from benchmarks.log_mining import measured, table
from benchmarks.simulated_log import write_log

from mangaassist.data import Workspace, ubi_events, ubi_queries

EVENTS = 200_000


def simulated(folder: Path, seed: int = 0) -> Workspace:
    workspace = Workspace.create(folder)
    workspace.scratch.mkdir()
    write_log(workspace, EVENTS, seed=seed)
    return workspace


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return simulated(tmp_path_factory.mktemp("log") / "shop")


def test_it_reads_like_an_ingested_one_of_about_the_size(log: Workspace) -> None:
    queries, events = ubi_queries(log), ubi_events(log)

    assert EVENTS * 0.95 < events.height < EVENTS * 1.05
    assert set(events["query_id"].drop_nulls()) <= set(queries["query_id"])
    assert queries["query_response_hit_ids"].list.len().unique().to_list() == [10]


def test_it_has_every_action_some_bots_and_events_that_name_no_search_or_document(log: Workspace) -> None:
    events = ubi_events(log)
    searches = events.group_by("session_id").agg(pl.col("query_id").n_unique()).sort("query_id")["query_id"]

    assert set(events["action_name"]) == {"impression", "click", "add_to_cart", "add_to_wishlist", "purchase"}
    assert 0 < events["query_id"].null_count() < 0.01 * events.height
    assert 0 < events["object_id"].null_count() < 0.01 * events.height
    assert searches.median() == 4
    assert searches[-1] > 20


def test_the_same_seed_writes_the_same_log_and_another_seed_another(log: Workspace, tmp_path: Path) -> None:
    again, other = simulated(tmp_path / "again"), simulated(tmp_path / "other", seed=1)

    assert ubi_events(again).equals(ubi_events(log))
    assert not ubi_events(other).equals(ubi_events(log))


def test_what_is_told_is_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", "")

    size = measured(tmp_path, EVENTS, repeats=1)

    told = table({"machine": {"cores": 2, "processor": "P", "python": "3", "date": "today"}, "sizes": [size]})
    assert f"| {size['events']:,} |" in told.splitlines()[-1]
    assert size["drawn"] == size["made"] > 5_000
    assert size["times_by_query"] >= size["times_by_query_and_document"] > 0
