import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mangaassist.core.errors import DataError, WorkspaceError
from mangaassist.data import (
    IngestReport,
    Workspace,
    articles,
    find_beir,
    ingest,
    ingest_beir,
    judged_queries,
    judgements,
    quarantined,
    splits_of,
    titles,
)
from mangaassist.data.beir_folder import judgement_rows

CORPUS: list[dict[str, Any]] = [
    {"_id": "d1", "title": "Splitting", "text": "Preorders ship later.", "metadata": {"url": "https://shop/d1"}},
    {"_id": "d2", "title": "", "text": "Returns are free."},
    {"_id": 3, "title": "Gift cards", "text": None},
]
QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "text": "why split?", "metadata": {"faq": 0, "intent": "faq", "language": "en"}},
    {"_id": "q2", "text": "like Berserk", "metadata": {"reference": "m7", "intent": "chat"}},
    {"_id": "q3", "text": "gift", "metadata": None},
    {"_id": "q4", "text": "nobody judged this"},
]
QRELS = {"train": "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\n", "test": "q2\t3\t1\n", "dev": "q3\t3\t1\n"}


def written(
    folder: Path,
    corpus: Sequence[Mapping[str, Any]] = CORPUS,
    queries: Sequence[Mapping[str, Any]] = QUERIES,
    **qrels: str,
) -> Path:
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in corpus))
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in queries))
    for split, text in {**QRELS, **qrels}.items():
        (folder / "qrels" / f"{split}.tsv").write_text(text)
    return folder


def taken(workspace: Workspace, folder: Path) -> list[IngestReport]:
    files = find_beir(folder)
    return ingest_beir(workspace, files, splits_of(files))


def refusals(workspace: Workspace) -> list[tuple[str, int, str, str]]:
    return [
        (row["file"], row["line"], row["field"], row["reason"]) for row in quarantined(workspace).iter_rows(named=True)
    ]


def test_documents_become_articles_whose_text_is_that_of_the_bench(workspace: Workspace, tmp_path: Path) -> None:
    taken(workspace, written(tmp_path / "set"))

    found = [(each.article_id, each.title, each.body, each.url) for each in articles(workspace)]
    assert found == [
        ("3", "Gift cards", None, None),
        ("d1", "Splitting", "Preorders ship later.", "https://shop/d1"),
        ("d2", "Returns are free.", None, None),
    ]


def test_a_catalogue_becomes_titles_and_readers_their_popularity(workspace: Workspace, tmp_path: Path) -> None:
    folder = written(tmp_path / "set", test="q2\tm7\t1\n", train="q1\tm7\t1\n", dev="q3\tm7\t1\n")
    (folder / "corpus.jsonl").unlink()
    row = {"title_id": "m7", "title": "Berserk", "members": 12.0, "volumes": 41.0, "themes": ["Gore"]}
    (folder / "catalog.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))

    taken(workspace, folder)

    (title,) = titles(workspace)
    assert (title.title_id, title.popularity, title.volumes, title.themes) == ("m7", 12.0, 41, ("Gore",))
    assert not articles(workspace)
    assert not refusals(workspace)


def test_queries_carry_their_split_intent_reference_and_group(workspace: Workspace, tmp_path: Path) -> None:
    taken(workspace, written(tmp_path / "set"))

    found = [(each.query_id, each.split, each.intent, each.reference, each.group) for each in judged_queries(workspace)]
    assert found == [
        ("q1", "train", "faq", None, "faq:0"),
        ("q2", "test", None, "m7", "reference:m7"),
        ("q3", "dev", None, None, None),
    ]


def test_judgements_keep_their_grades(workspace: Workspace, tmp_path: Path) -> None:
    taken(workspace, written(tmp_path / "set"))

    found = [(each.query_id, each.doc_id, each.grade) for each in judgements(workspace)]
    assert found == [("q1", "d1", 2), ("q1", "d2", 0), ("q2", "3", 1), ("q3", "3", 1)]


def test_queries_carved_out_of_train_as_dev_keep_their_judgements(workspace: Workspace, tmp_path: Path) -> None:
    folder = written(tmp_path / "set")
    (folder / "qrels" / "dev.tsv").unlink()
    files = find_beir(folder)

    reports = ingest_beir(workspace, files, {**splits_of(files), "q1": "dev"})

    assert sum(report.quarantined for report in reports) == 0
    assert [each.grade for each in judgements(workspace) if each.query_id == "q1"] == [2, 0]


def test_every_bad_row_is_set_aside_with_file_line_field_and_reason(workspace: Workspace, tmp_path: Path) -> None:
    corpus = [*CORPUS, {"title": "no id"}, {"_id": "d5", "title": " "}, {"_id": "d1", "text": "again"}]
    queries = [*QUERIES, {"_id": "q5", "text": " "}, {"_id": "q6", "text": "x", "metadata": ["x"]}, {"text": "no id"}]
    folder = written(
        tmp_path / "set",
        corpus=corpus,
        queries=queries,
        train="query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td1\nq1\td2\tgood\nq9\td1\t1\nq1\td9\t1\nq2\td1\t1\nq1\td2\t4\n",
        test="q2\t3\t1\nq5\td1\t1\nq6\td1\t1\n",
    )
    with (folder / "corpus.jsonl").open("a") as file:
        file.write("{not json\n")

    reports = taken(workspace, folder)

    assert [report.quarantined for report in reports] == [4, 3, 6, 0, 2]
    assert refusals(workspace) == [
        ("corpus.jsonl", 4, "_id", "Field required"),
        ("corpus.jsonl", 5, "", "has neither a title nor a text"),
        ("corpus.jsonl", 6, "_id", "the id 'd1' occurs twice"),
        ("corpus.jsonl", 7, "", "is not JSON: key must be a string at column 2"),
        ("queries.jsonl", 5, "text", "Input should be a valid string"),
        ("queries.jsonl", 6, "", "its metadata is no object"),
        ("queries.jsonl", 7, "_id", "Field required"),
        ("train.tsv", 3, "", "has 2 cells"),
        ("train.tsv", 4, "", "the grade 'good' is no whole number"),
        ("train.tsv", 5, "query-id", "names the query 'q9', which was not taken in"),
        ("train.tsv", 6, "corpus-id", "names the document 'd9', which was not taken in"),
        ("train.tsv", 7, "query-id", "judges 'q2' for train, which is judged for test too"),
        ("train.tsv", 8, "grade", "Input should be less than or equal to 3"),
        ("test.tsv", 2, "query-id", "names the query 'q5', which was not taken in"),
        ("test.tsv", 3, "query-id", "names the query 'q6', which was not taken in"),
    ]
    assert judgements(workspace)[0].grade == 2


def test_the_same_set_again_does_nothing(workspace: Workspace, tmp_path: Path) -> None:
    folder = written(tmp_path / "set")
    taken(workspace, folder)

    again = taken(workspace, folder)

    assert all(report.already_ingested for report in again)
    assert len(judgements(workspace)) == 4


def test_the_same_files_under_other_splits_are_another_set(workspace: Workspace, tmp_path: Path) -> None:
    folder = written(tmp_path / "set")
    taken(workspace, folder)
    (folder / "qrels" / "dev.tsv").unlink()
    (folder / "qrels" / "train.tsv").write_text("q1\td1\t1\nq3\t3\t1\n")

    with pytest.raises(WorkspaceError, match=r"is a workspace already and holds queries\.jsonl; choose another"):
        taken(workspace, folder)


def test_a_shop_s_workspace_is_left_alone(workspace: Workspace, tmp_path: Path) -> None:
    own = tmp_path / "articles.jsonl"
    own.write_text('{"article_id": "a", "title": "Ours"}\n')
    ingest(workspace, "articles", own)

    with pytest.raises(WorkspaceError, match=r"holds articles\.jsonl"):
        taken(workspace, written(tmp_path / "set"))
    assert [each.article_id for each in articles(workspace)] == ["a"]


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (["corpus.jsonl"], r"neither corpus\.jsonl nor catalog\.jsonl is there"),
        (["queries.jsonl"], r"queries\.jsonl is missing"),
        (["qrels/train.tsv", "qrels/dev.tsv", "qrels/test.tsv"], r"qrels: no judgements; add train\.tsv"),
    ],
)
def test_a_missing_file_is_named(gone: list[str], said: str, tmp_path: Path) -> None:
    folder = written(tmp_path / "set")
    for name in gone:
        (folder / name).unlink()

    with pytest.raises(DataError, match=said):
        find_beir(folder)


def test_a_query_of_several_splits_tests_before_it_validates_or_trains(tmp_path: Path) -> None:
    folder = written(tmp_path / "set", train="q1\td1\t1\nq3\td1\t1\nq2\td1\t1\n")

    assert splits_of(find_beir(folder)) == {"q1": "train", "q2": "test", "q3": "dev"}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.text(alphabet="q1\td\n -3.x", max_size=60))
def test_any_tsv_gives_one_row_or_refusal_for_each_line_that_says_something(tmp_path: Path, content: str) -> None:
    path = tmp_path / "any.tsv"
    path.write_text(content, newline="")

    found = list(judgement_rows(path))

    assert [row.line for row in found] == [
        number for number, line in enumerate(content.split("\n"), start=1) if line.strip()
    ]
