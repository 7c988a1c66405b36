import gzip
import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from export_log import at, ga4, products, segment

from mangaassist.core.errors import DataError, SettingsError, WorkspaceError
from mangaassist.data import (
    EXPORTS,
    ExportName,
    ExportReport,
    Workspace,
    ingest,
    ingest_export,
    ingest_exports,
    quarantined,
    ubi_events,
    ubi_queries,
)

WriteJsonl = Callable[[str, Sequence[Mapping[str, Any]]], Path]
SEARCH = ga4("view_search_results", 0, term="cozy manga")


def linked(workspace: Workspace) -> list[tuple[str, str | None]]:
    """(document, text of the search it belongs to) of every event, in time order."""
    queries = ubi_queries(workspace).select("query_id", "user_query")
    joined = ubi_events(workspace).join(queries, on="query_id", how="left", maintain_order="left")
    return list(joined.select("object_id", "user_query").iter_rows())


def click(doc_id: str, seconds: float, **more: Any) -> dict[str, Any]:
    return ga4("select_item", seconds, items=[(doc_id, 0)], **more)


# what is taken in


def test_one_ga4_file_feeds_queries_and_events(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    rows = [
        ga4("view_search_results", 0, term="cozy manga", items=[("yotsuba", 0), ("barakamon", 1)]),
        ga4("page_view", 1),
        ga4("view_item_list", 2, items=[("aria", 2)]),
        ga4("select_item", 3, items=[("barakamon", 1)]),
        ga4("add_to_cart", 4, items=[("barakamon", 9)]),
        ga4("purchase", 5, items=[("barakamon", None), ("aria", None)]),
        ga4("add_to_wishlist", 6, items=[("aria", None)]),
        ga4("select_item", 7),
    ]

    report = ingest_export(workspace, "ga4", write_jsonl("ga4.jsonl", rows))

    assert report == ExportReport(
        file="ga4.jsonl",
        format="ga4",
        rows=8,
        accepted=6,
        quarantined=1,
        skipped=1,
        queries=1,
        events=8,
        unlinked=0,
        repeated=0,
        already_ingested=False,
    )
    [query] = ubi_queries(workspace).to_dicts()
    assert (query["user_query"], query["timestamp"]) == ("cozy manga", at(0))
    events = ubi_events(workspace)
    assert set(events["query_id"]) == {query["query_id"]}
    assert events.select("action_name", "object_id", "ordinal").sort(pl.all()).rows() == [
        ("add_to_cart", "barakamon", None),
        ("add_to_wishlist", "aria", None),
        ("click", "barakamon", 2),
        ("impression", "aria", 3),
        ("impression", "barakamon", 2),
        ("impression", "yotsuba", 1),
        ("purchase", "aria", None),
        ("purchase", "barakamon", None),
    ]


def test_one_segment_file_feeds_queries_and_events(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    rows = [
        segment("Products Searched", 0, query="cozy manga"),
        segment("Product List Viewed", 1, products=products(("yotsuba", 1), ("barakamon", 2))),
        segment("Product Clicked", 2, product_id="barakamon", position=2),
        segment("Product Added", 3, product_id="barakamon", position=2),
        segment("Product Added to Wishlist", 4, product_id="yotsuba"),
        segment("Order Completed", 5, products=products(("barakamon", 1))),
        segment("Coupon Entered", 6),
    ]

    report = ingest_export(workspace, "segment", write_jsonl("segment.jsonl", rows))

    assert (report.rows, report.accepted, report.skipped, report.queries, report.events) == (7, 6, 1, 1, 6)
    events = ubi_events(workspace)
    assert set(events["query_id"]) == set(ubi_queries(workspace)["query_id"])
    assert events.select("action_name", "object_id", "ordinal").sort(pl.all()).rows() == [
        ("add_to_cart", "barakamon", None),
        ("add_to_wishlist", "yotsuba", None),
        ("click", "barakamon", 2),
        ("impression", "barakamon", 2),
        ("impression", "yotsuba", 1),
        ("purchase", "barakamon", None),
    ]


@pytest.mark.parametrize("name", ["e.jsonl.gz", "e.csv", "e.parquet"])
def test_every_file_type_says_the_same(
    workspace: Workspace, tmp_path: Path, write_jsonl: WriteJsonl, name: str
) -> None:
    rows = [ga4("view_search_results", 0, term="cozy"), ga4("view_item_list", 2, items=[("aria", 2), ("ef", 3)])]
    plain = write_jsonl("e.jsonl", rows)
    if name == "e.parquet":
        pl.DataFrame(rows).write_parquet(tmp_path / name)
    elif name == "e.csv":
        cells = [
            {key: json.dumps(value) if isinstance(value, list) else value for key, value in row.items()} for row in rows
        ]
        pl.DataFrame(cells).write_csv(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(gzip.compress(plain.read_bytes()))
    ingest_export(workspace, "ga4", plain)

    other = Workspace.create(tmp_path / "other")
    assert ingest_export(other, "ga4", tmp_path / name).quarantined == 0

    assert ubi_events(other).equals(ubi_events(workspace))
    assert ubi_queries(other).equals(ubi_queries(workspace))


# which search an event belongs to


def test_an_event_belongs_to_the_latest_search_of_its_session_whatever_the_order_of_lines(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    rows = [
        click("before", -1),
        SEARCH,
        click("first", 5),
        ga4("view_search_results", 10, term="dark fantasy"),
        click("second", 11),
        click("other-session", 12, session=8),
        click("other-client", 13, client="bob.2"),
        click("no-session", 14, session=None),
        click("nobody", 15, client=None, session=None),
    ]
    random.Random(3).shuffle(rows)

    report = ingest_export(workspace, "ga4", write_jsonl("ga4.jsonl", rows))

    assert linked(workspace) == [
        ("before", None),
        ("first", "cozy manga"),
        ("second", "dark fantasy"),
        ("other-session", None),
        ("other-client", None),
        ("no-session", None),
        ("nobody", None),
    ]
    assert (report.accepted, report.unlinked) == (9, 5)


def test_thirty_minutes_are_still_recent_and_a_moment_more_is_not(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    rows = [click("at-once", 0), SEARCH, click("half-an-hour", 1_800), click("later", 1_800.000_001)]

    ingest_export(workspace, "ga4", write_jsonl("ga4.jsonl", rows))

    assert linked(workspace) == [("at-once", "cozy manga"), ("half-an-hour", "cozy manga"), ("later", None)]


def test_segment_events_find_their_search_by_session_or_else_by_client(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    rows = [
        segment("Products Searched", 0, query="by client"),
        segment("Products Searched", 1, query="by session", session_id="s1"),
        segment("Product Clicked", 2, product_id="client"),
        segment("Product Clicked", 3, product_id="session", session_id="s1"),
        segment("Product Clicked", 4, product_id="another-client", client="bob", session_id="s1"),
    ]

    ingest_export(workspace, "segment", write_jsonl("segment.jsonl", rows))

    assert linked(workspace) == [("client", "by client"), ("session", "by session"), ("another-client", None)]


def test_an_event_after_midnight_belongs_to_a_search_in_the_file_of_the_day_before(
    workspace: Workspace, tmp_path: Path
) -> None:
    days = tmp_path / "days"
    days.mkdir()
    (days / "events_20261103.jsonl").write_text(json.dumps(SEARCH))
    (days / "events_20261104.jsonl").write_text(json.dumps(click("late", 60)))
    (days / "README.txt").write_text("daily exports")

    report = ingest_exports(workspace, "ga4", days)

    assert linked(workspace) == [("late", "cozy manga")]
    assert [each.file for each in report.reports] == ["events_20261103.jsonl", "events_20261104.jsonl"]
    assert report.skipped == ("README.txt",)


def test_a_folder_without_exports_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(DataError, match="holds no export; name its files"):
        ingest_exports(workspace, "ga4", tmp_path / "empty")
    with pytest.raises(DataError, match="no such folder"):
        ingest_exports(workspace, "ga4", tmp_path / "gone")


# repeats


@pytest.mark.parametrize("name", EXPORTS)
def test_the_same_file_again_does_nothing(workspace: Workspace, write_jsonl: WriteJsonl, name: ExportName) -> None:
    rows = {"ga4": [SEARCH, click("a", 1), click("b", 5_000), ga4("page_view"), ga4("purchase")]}
    rows["segment"] = [segment("Products Searched", query="x"), segment("Product Clicked"), segment("Order Refunded")]
    path = write_jsonl("export.jsonl", rows[name])
    first = ingest_export(workspace, name, path)
    parts = {part: part.read_bytes() for part in workspace.root.rglob("*.parquet")}

    again = ingest_export(workspace, name, path)

    assert again.already_ingested
    assert not first.already_ingested
    assert {**vars_of(again), "already_ingested": False} == vars_of(first)
    assert {part: part.read_bytes() for part in workspace.root.rglob("*.parquet")} == parts


def vars_of(report: ExportReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in report.__slots__}


def test_overlapping_exports_count_each_event_once_and_the_linked_one_wins(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    """The later hours come first, so that its click is alone there."""
    ingest_export(workspace, "ga4", write_jsonl("late.jsonl", [click("a", 10), click("b", 20)]))

    report = ingest_export(workspace, "ga4", write_jsonl("day.jsonl", [click("a", 10), SEARCH, click("c", 5)]))

    assert (report.events, report.repeated) == (2, 1)
    assert linked(workspace) == [("c", "cozy manga"), ("a", "cozy manga"), ("b", None)]


def test_a_segment_message_sent_twice_counts_once(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    row = segment("Product List Viewed", 1, message="m1", products=products(("a", 1), ("b", 2)))
    again = segment("Product List Viewed", 3, message="m1", products=products(("a", 1), ("b", 2)))

    report = ingest_export(workspace, "segment", write_jsonl("segment.jsonl", [row, again]))

    assert (report.events, report.repeated) == (4, 2)
    assert ubi_events(workspace)["object_id"].sort().to_list() == ["a", "b"]


def test_a_file_taken_in_as_the_wrong_thing_can_be_taken_in_as_the_right_one(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    path = write_jsonl("events.jsonl", [SEARCH, click("a", 1)])

    assert ingest(workspace, "events", path).accepted == 0
    assert ingest_export(workspace, "segment", path).accepted == 0
    assert ingest_export(workspace, "ga4", path).accepted == 2
    assert linked(workspace) == [("a", "cozy manga")]
    assert quarantined(workspace)["kind"].to_list() == ["events"] * 2 + ["segment"] * 2


@pytest.mark.parametrize("table", ["queries", "events"])
def test_a_lost_part_of_either_table_is_named_and_taken_in_again(
    workspace: Workspace, write_jsonl: WriteJsonl, table: str
) -> None:
    path = write_jsonl("ga4.jsonl", [SEARCH, click("a", 1)])
    ingest_export(workspace, "ga4", path)
    [part] = (workspace.root / "tables" / table).iterdir()
    part.unlink()

    with pytest.raises(WorkspaceError, match=r"is missing; take it in again: `mangaassist ingest ga4\.jsonl --format"):
        linked(workspace)
    assert not ingest_export(workspace, "ga4", path).already_ingested
    assert linked(workspace) == [("a", "cozy manga")]


# what is kept of bad rows, and of people


def test_a_bad_row_is_set_aside_with_the_way_to_mend_it(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    path = write_jsonl("ga4.jsonl", [SEARCH, ga4("view_item_list", 1, items=[("a", 0), ("b", -3)])])

    ingest_export(workspace, "ga4", path)

    [row] = quarantined(workspace).to_dicts()
    assert (row["kind"], row["file"], row["line"], row["field"]) == ("ga4", "ga4.jsonl", 2, "items.1.index")
    assert row["reason"] == "Input should be greater than or equal to 0"
    assert row["remedy"]
    assert json.loads(row["raw"])["items"] == [{"item_id": "a", "index": 0}, {"item_id": "b", "index": -3}]


def test_nothing_private_reaches_the_workspace(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    about = {"key": "customer", "value": {"string_value": "hanako yamada"}}
    ga4_rows = [
        ga4("view_search_results", 0, client="hanako.1", session=47110815, term="mail hanako@example.jp"),
        ga4("select_item", 1, client="hanako.1", session=47110815, user="hanako-user", items=[("a", 0)]),
        ga4("select_item", 2, client="hanako.1", user="hanako-user"),
        ga4("select_item", 3, client="hanako.1") | {"user_pseudo_id": ["hanako"], "event_params": [about]},
    ]
    segment_rows = [
        segment(
            "Products Searched",
            0,
            message="m1",
            client="hanako.1",
            query="call 090-1234-5678",
            session_id="hanako-session",
        ),
        segment("Product Clicked", 1, message="m2", client="hanako.1", user="hanako-user", email="hanako@example.jp"),
        segment("Products Searched", 1, message="m3", client="hanako.1", query={"name": "hanako"}),
    ]
    path = write_jsonl("segment.jsonl", segment_rows)
    path.write_bytes(path.read_bytes() + b'{"userId": "hanako"\n')

    ingest_export(workspace, "ga4", write_jsonl("ga4.jsonl", ga4_rows))
    ingest_export(workspace, "segment", path)

    assert sorted(ubi_queries(workspace)["user_query"]) == ["call [phone]", "mail [email]"]
    assert quarantined(workspace).height == 5
    tables = [pl.read_parquet(part).write_json() for part in workspace.root.rglob("*.parquet")]
    assert not any(word in table for table in tables for word in ("hanako", "090-1234", "47110815"))
    assert not any(b"hanako" in path.read_bytes() for path in workspace.root.rglob("*") if path.is_file())


def test_one_client_is_one_pseudonym_in_every_format(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    ingest(workspace, "queries", write_jsonl("q.jsonl", [{"user_query": "x", "client_id": "alice"}]))
    ingest_export(workspace, "ga4", write_jsonl("g.jsonl", [click("a", 1, client="alice")]))
    row = segment("Product Clicked", 2, client="alice", product_id="b")
    ingest_export(workspace, "segment", write_jsonl("s.jsonl", [row]))

    clients = [*ubi_queries(workspace)["client_id"], *ubi_events(workspace)["client_id"]]
    assert len(clients) == 3
    assert len(set(clients)) == 1


def test_another_privacy_key_is_refused(workspace: Workspace, write_jsonl: WriteJsonl, privacy_key: Path) -> None:
    ingest_export(workspace, "ga4", write_jsonl("g.jsonl", [SEARCH]))
    privacy_key.unlink()

    with pytest.raises(SettingsError, match="not the privacy key"):
        ingest_export(workspace, "ga4", write_jsonl("h.jsonl", [click("a", 1)]))
    with pytest.raises(SettingsError, match="not the privacy key"):
        ingest(workspace, "queries", write_jsonl("q.jsonl", [{"user_query": "x"}]))
