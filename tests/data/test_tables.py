from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mangaassist.core.errors import DataError
from mangaassist.data import (
    Article,
    CuratedPair,
    JudgedQuery,
    Judgement,
    KindName,
    Title,
    Workspace,
    articles,
    curated,
    ingest,
    ingest_directory,
    judged_queries,
    judgements,
    kind_of,
    quarantined,
    titles,
    ubi_events,
    ubi_queries,
)

WriteJsonl = Callable[[str, Sequence[Mapping[str, Any]]], Path]


def test_an_empty_workspace_has_empty_tables_of_the_right_shape(workspace: Workspace) -> None:
    assert (titles(workspace), articles(workspace), judged_queries(workspace), judgements(workspace)) == (
        [],
        [],
        [],
        [],
    )
    assert curated(workspace) == []
    assert ubi_queries(workspace).is_empty()
    assert quarantined(workspace).columns == ["kind", "file", "line", "field", "reason", "remedy", "raw"]
    assert ubi_events(workspace).columns[:8] == [
        "event_id",
        "query_id",
        "session_id",
        "client_id",
        "action_name",
        "timestamp",
        "object_id",
        "ordinal",
    ]


def test_empty_and_filled_tables_have_the_same_schema(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    readers = (ubi_queries, ubi_events)
    empty = [read(workspace).schema for read in readers]

    ingest(workspace, "queries", write_jsonl("q.jsonl", [{"user_query": "cozy"}]))
    ingest(workspace, "events", write_jsonl("e.jsonl", [{"action_name": "click", "timestamp": "2026-11-03T12:00:00Z"}]))

    assert [read(workspace).schema for read in readers] == empty
    assert empty[1]["timestamp"] == pl.Datetime("us", "UTC")


def test_every_field_of_a_title_comes_back_as_it_went_in(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    title = Title(
        title_id="m1",
        title="Yokohama Kaidashi Kikou",
        title_japanese="ヨコハマ買い出し紀行",
        aliases=("YKK",),
        authors=("Ashinano, Hitoshi",),
        genres=("Slice of Life", "Sci-Fi"),
        tones=("iyashikei",),
        age_rating="teen",
        availability="in print",
        popularity=12.5,
        volumes=14,
        isbn=("9784063210507",),
    )

    ingest(workspace, "titles", write_jsonl("t.jsonl", [title.model_dump(mode="json")]))

    assert titles(workspace) == [title]


def test_articles_judged_queries_and_judgements_come_back_by_id(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    ingest(
        workspace,
        "articles",
        write_jsonl(
            "a.jsonl",
            [{"article_id": "a2", "title": "Returns"}, {"article_id": "a1", "title": "Shipping", "body": "Split."}],
        ),
    )
    ingest(
        workspace,
        "judged_queries",
        write_jsonl("q.jsonl", [{"query_id": "q1", "text": "cozy", "split": "dev", "intent": "faq", "group": "g1"}]),
    )
    ingest(
        workspace,
        "judgements",
        write_jsonl(
            "j.jsonl", [{"query_id": "q1", "doc_id": "m2", "grade": 0}, {"query_id": "q1", "doc_id": "m1", "grade": 2}]
        ),
    )
    ingest(workspace, "judgements", write_jsonl("j2.jsonl", [{"query_id": "q1", "doc_id": "m2", "grade": 1}]))

    assert articles(workspace) == [
        Article(article_id="a1", title="Shipping", body="Split."),
        Article(article_id="a2", title="Returns"),
    ]
    assert judged_queries(workspace) == [JudgedQuery(query_id="q1", text="cozy", split="dev", intent="faq", group="g1")]
    assert judgements(workspace) == [
        Judgement(query_id="q1", doc_id="m1", grade=2),
        Judgement(query_id="q1", doc_id="m2", grade=1),
    ]


def test_curated_pairs_come_back_by_both_ids_and_the_last_word_on_one_counts(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    rows = [
        {"title_id": "nana", "similar_id": "honey-and-clover", "shared": "messy twenties"},
        {"title_id": "berserk", "similar_id": "claymore", "shared": " "},
        {"title_id": "berserk", "similar_id": "berserk", "shared": "everything"},
    ]

    report = ingest(workspace, "curated", write_jsonl("c.jsonl", rows))
    ingest(workspace, "curated", write_jsonl("c2.jsonl", [{**rows[0], "shared": "found family"}]))

    assert (report.accepted, report.quarantined) == (2, 1)
    assert quarantined(workspace).select("kind", "line", "field", "reason").rows() == [
        ("curated", 3, "similar_id", "is the title itself")
    ]
    assert curated(workspace) == [
        CuratedPair(title_id="berserk", similar_id="claymore"),
        CuratedPair(title_id="nana", similar_id="honey-and-clover", shared="found family"),
    ]


def test_our_extras_are_columns_of_their_own_and_odd_ones_are_empty(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    told = {"intent": "faq", "intent_confidence": 1, "top_score": 0.25, "release": "embed-adapter-v03", "locale": "ja"}
    odd = {"intent": 5, "intent_confidence": "high", "top_score": True, "note": {"a": [1]}}

    ingest(
        workspace,
        "queries",
        write_jsonl(
            "q.jsonl",
            [
                {"query_id": "q1", "user_query": "x", "query_attributes": told},
                {"query_id": "q2", "user_query": "x", "query_attributes": odd},
            ],
        ),
    )

    first, second = ubi_queries(workspace).select(*told, "query_attributes").to_dicts()
    assert {name: first[name] for name in told} == told
    assert {name: second[name] for name in told} == dict.fromkeys(told)
    assert '"note": {"a": [1]}' in second["query_attributes"]


def test_events_are_ordered_by_time_in_utc_then_by_id(workspace: Workspace, write_jsonl: WriteJsonl) -> None:
    times = {"e1": "2026-11-03T12:00:00Z", "e3": "2026-11-03T20:30:00+09:00", "e2": "2026-11-03T12:00:00Z"}
    rows = [{"event_id": event, "action_name": "click", "timestamp": at} for event, at in times.items()]

    ingest(workspace, "events", write_jsonl("e.jsonl", rows))

    events = ubi_events(workspace)
    assert events["event_id"].to_list() == ["e3", "e1", "e2"]
    assert events["timestamp"][0] == datetime(2026, 11, 3, 11, 30, tzinfo=UTC)


def test_of_a_repeated_event_the_first_counts_and_of_a_repeated_query_the_last(
    workspace: Workspace, write_jsonl: WriteJsonl
) -> None:
    for name in ("one", "two"):
        event = {"event_id": "e1", "action_name": name, "timestamp": "2026-11-03T12:00:00Z"}
        ingest(workspace, "events", write_jsonl(f"events-{name}.jsonl", [event]))
        ingest(workspace, "queries", write_jsonl(f"queries-{name}.jsonl", [{"query_id": "q1", "user_query": name}]))

    assert ubi_events(workspace)["action_name"].to_list() == ["one"]
    assert ubi_queries(workspace)["user_query"].to_list() == ["two"]


def test_a_workspace_whose_path_looks_like_a_pattern_or_a_partition_is_read(
    tmp_path: Path, write_jsonl: WriteJsonl
) -> None:
    workspace = Workspace.create(tmp_path / "year=2026" / "it's [a] *shop?")

    ingest(workspace, "titles", write_jsonl("t.jsonl", [{"title_id": "m1", "title": "Monster"}, {"title_id": "m2"}]))

    assert [title.title for title in titles(workspace)] == ["Monster"]
    assert quarantined(workspace).height == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("catalogue.jsonl", "titles"),
        ("Catalog.CSV.gz", "titles"),
        ("shop_titles-2026.parquet", "titles"),
        ("help.jsonl", "articles"),
        ("articles.parquet.gz", "articles"),
        ("curated.jsonl", "curated"),
        ("Curated_Pairs-2026.csv.gz", "curated"),
        ("curated_titles.csv", "curated"),
        ("uncurated.csv", None),
        ("queries.jsonl.gz", "queries"),
        ("ubi_queries.csv", "queries"),
        ("events-2026-11-03.jsonl", "events"),
        ("judged_queries.jsonl", "judged_queries"),
        ("judgements.csv", "judgements"),
        ("judgments.csv", "judgements"),
        ("README.md", None),
        ("events.txt", None),
        ("subtitles.csv", None),
        ("events", None),
    ],
)
def test_a_file_name_tells_its_kind(name: str, kind: KindName | None) -> None:
    assert kind_of(Path(name)) == kind


def test_a_folder_is_taken_in_catalogue_first_and_what_is_unknown_is_named(
    workspace: Workspace, tmp_path: Path, write_jsonl: WriteJsonl
) -> None:
    (tmp_path / "export").mkdir()
    write_jsonl("export/events.jsonl", [{"action_name": "click", "timestamp": "2026-11-03T12:00:00Z"}])
    write_jsonl("export/catalogue.jsonl", [{"title_id": "m1", "title": "Monster"}])
    write_jsonl("export/curated.jsonl", [{"title_id": "m1", "similar_id": "m2"}])
    (tmp_path / "export" / "README.md").write_text("hello")

    report = ingest_directory(workspace, tmp_path / "export")
    again = ingest_directory(workspace, tmp_path / "export")

    assert [(one.file, one.kind, one.accepted) for one in report.reports] == [
        ("catalogue.jsonl", "titles", 1),
        ("curated.jsonl", "curated", 1),
        ("events.jsonl", "events", 1),
    ]
    assert report.skipped == ("README.md",)
    assert all(one.already_ingested for one in again.reports)


def test_a_folder_without_a_file_to_take_in_is_an_error_that_says_how_to_name_them(
    workspace: Workspace, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match="no file name tells its kind; name them titles"):
        ingest_directory(workspace, tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        ingest_directory(workspace, tmp_path / "nowhere")
