import gzip
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, Document, QueryId
from mangaassist.data import Missing, load_beir, load_titles, read_beir

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

CORPUS: list[dict[str, Any]] = [
    {"_id": "d1", "title": "Splitting", "text": "Preorders ship later.", "metadata": {}},
    {"_id": "d2", "title": "", "text": "Returns are free."},
    {"_id": 3, "title": "Gift cards", "text": None},
    {"_id": "d4", "title": " ", "text": ""},
]
QUERIES: list[dict[str, Any]] = [
    {"_id": "q1", "text": "why split?", "metadata": {"faq": 0, "intent": "faq", "seen": ["x"]}},
    {"_id": "q2", "text": "like Berserk", "metadata": {"reference": "m7", "intent": "chat"}},
    {"_id": "q3", "text": "gift", "metadata": None},
]


def jsonl(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def beir(
    folder: Path,
    *,
    corpus: Sequence[Mapping[str, Any]] = CORPUS,
    queries: Sequence[Mapping[str, Any]] = QUERIES,
    test: str = "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td2\t0\nq2\t3\t1\n",
) -> Path:
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(jsonl(corpus))
    (folder / "queries.jsonl").write_text(jsonl(queries))
    (folder / "qrels" / "test.tsv").write_text(test)
    return folder


def packed(path: Path) -> None:
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


def test_a_folder_becomes_documents_queries_and_grades(tmp_path: Path) -> None:
    found = load_beir(beir(tmp_path / "shop"))

    assert found.name == "shop"
    assert found.documents == [
        Document(DocId("d1"), "Splitting. Preorders ship later.", "Splitting"),
        Document(DocId("d2"), "Returns are free.", ""),
        Document(DocId("3"), "Gift cards", "Gift cards"),
    ]
    assert found.qrels == {"test": {"q1": {"d1": 2, "d2": 0}, "q2": {"3": 1}}}


def test_the_reference_or_the_faq_is_the_group_and_metadata_become_texts(tmp_path: Path) -> None:
    queries = load_beir(beir(tmp_path)).queries

    assert [query.group for query in queries.values()] == ["faq:0", "reference:m7", None]
    assert [query.intent for query in queries.values()] == ["faq", None, None]
    assert queries[QueryId("q1")].metadata == {"faq": "0", "intent": "faq", "seen": '["x"]'}


def test_packed_files_say_the_same_as_plain_ones(tmp_path: Path) -> None:
    plain = load_beir(beir(tmp_path / "one" / "shop"))
    folder = beir(tmp_path / "two" / "shop")
    for path in list(folder.rglob("*.*")):
        packed(path)

    assert load_beir(folder) == plain


def test_grades_may_come_without_a_header(tmp_path: Path) -> None:
    folder = beir(tmp_path, test="q1\td1\t1\n\nq2\t3\t2.0\n")

    assert load_beir(folder).qrels["test"] == {"q1": {"d1": 1}, "q2": {"3": 2}}


def test_each_split_that_is_there_is_read_from_the_folder_asked_for(tmp_path: Path) -> None:
    folder = beir(tmp_path)
    (folder / "other").mkdir()
    (folder / "other" / "dev.tsv").write_text("q1\td1\t1\n")
    (folder / "other" / "train.tsv").write_text("q2\td1\t1\n")

    assert set(load_beir(folder, qrels_folder="other").qrels) == {"train", "dev"}


def test_judged_ids_that_are_missing_are_left_out_counted_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = beir(tmp_path, test="q1\td1\t1\nq1\tgone\t1\nq2\tgone\t1\nlost\td1\t1\nlost\td2\t1\n")

    loaded = read_beir(folder)
    with caplog.at_level(logging.WARNING):
        load_beir(folder)

    assert loaded.missing == {"test": Missing(queries=1, documents=1)}
    assert loaded.retrieval_set.qrels["test"] == {"q1": {"d1": 1}}
    assert "test: 1 queries, 1 documents missing" in caplog.text


@pytest.mark.parametrize("test", ["lost\td1\t1\n", "q1\tgone\t1\n", "q1\td1\t0\n", ""])
def test_a_split_with_nothing_to_find_is_an_error(tmp_path: Path, test: str) -> None:
    with pytest.raises(DataError, match="no relevant document is left to find"):
        load_beir(beir(tmp_path, test=test))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"corpus": [{"title": "x"}]}, r"corpus\.jsonl: line 1: _id"),
        ({"corpus": [*CORPUS, CORPUS[0]]}, r"corpus\.jsonl: line 5: the id 'd1' occurs twice"),
        ({"corpus": [{"_id": "d1", "text": ["x"]}]}, r"line 1: title or text is no text"),
        ({"queries": [*QUERIES, {"_id": "q9"}]}, r"queries\.jsonl: line 4: text"),
        ({"queries": [*QUERIES, QUERIES[1]]}, r"line 4: the id 'q2' occurs twice"),
        ({"queries": [{"_id": "q1", "text": "x", "metadata": "m7"}]}, "metadata is no object"),
        ({"test": "q1\td1\n"}, r"test\.tsv: line 1: has 2 cells"),
        ({"test": "q1\td1\tgood\n"}, r"line 1: the grade 'good' is no whole number"),
        ({"test": "q1\td1\t0.5\n"}, r"line 1: the grade '0.5' is no whole number"),
    ],
)
def test_a_broken_row_is_an_error_with_its_file_and_line(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        load_beir(beir(tmp_path, **change))


def test_a_line_that_is_not_json_is_an_error_with_its_line(tmp_path: Path) -> None:
    folder = beir(tmp_path)
    (folder / "corpus.jsonl").write_text('{"_id": "d1", "text": "x"}\n{"_id"\n')

    with pytest.raises(DataError, match=r"corpus\.jsonl: line 2: row: is not JSON"):
        load_beir(folder)


@pytest.mark.parametrize("name", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = beir(tmp_path)
    (folder / name).unlink()

    with pytest.raises(DataError, match=r"corpus\.jsonl nor catalog\.jsonl|queries\.jsonl is missing|no judgements"):
        load_beir(folder)


def test_a_catalogue_in_place_of_the_corpus_goes_through_the_enriched_text(tmp_path: Path) -> None:
    folder = beir(tmp_path, test="q2\tm1\t2\n")
    (folder / "corpus.jsonl").unlink()
    title = {"title_id": "m1", "title": "Monster", "genres": ["Drama"], "volumes": 18.0, "members": 5.0, "score": 9}
    (folder / "catalog.jsonl").write_text(jsonl([title]))

    [enriched], [plain] = load_beir(folder).documents, load_beir(folder, enrich="none").documents

    assert (enriched.text, plain.text, enriched.heading, enriched.kind) == (
        "Monster. Drama",
        "Monster",
        "Monster",
        "title",
    )
    assert [(found.popularity, found.volumes) for found in load_titles(folder)] == [(5.0, 18)]


def test_a_bad_title_in_a_catalogue_is_an_error_with_its_line_and_field(tmp_path: Path) -> None:
    folder = beir(tmp_path)
    (folder / "corpus.jsonl").unlink()
    (folder / "catalog.jsonl").write_text(jsonl([{"title_id": "m1", "title": "Monster"}, {"title_id": "m2"}]))

    with pytest.raises(DataError, match=r"catalog\.jsonl: line 2: title: Field required; add the field"):
        load_beir(folder)


real = pytest.mark.skipif(not SHARED.exists(), reason="the real sets of ../shared/data are not here")


@pytest.mark.shared
@real
@pytest.mark.parametrize(
    ("name", "documents", "queries", "test"), [("nfcorpus", 3_633, 3_237, 323), ("stackfaq", 719, 1_249, 374)]
)
def test_the_real_sets_are_read_whole(name: str, documents: int, queries: int, test: int) -> None:
    loaded = read_beir(SHARED / name)

    found = loaded.retrieval_set
    assert (len(found.documents), len(found.queries), len(found.qrels["test"])) == (documents, queries, test)
    assert all(missing == Missing(0, 0) for missing in loaded.missing.values())


@pytest.mark.shared
@real
def test_the_real_manga_set_is_read_whole_and_no_group_stands_in_two_splits() -> None:
    found = load_beir(SHARED / "manga")

    groups = {split: {found.queries[query].group for query in qrels} for split, qrels in found.qrels.items()}
    assert (len(found.documents), len(found.queries), len(found.qrels["test"])) == (11_882, 5_237, 1_127)
    assert len(groups["test"]) > 20
    assert not groups["test"] & (groups["train"] | groups["dev"])
