from pathlib import Path

import pytest
from loop_world import small_shop, write_rows

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, QueryId
from mangaassist.data import Workspace, ingest
from mangaassist.loop import data_fingerprint, judged_split, load_catalogue, read_settings


def test_the_catalogue_is_every_title_and_article_with_its_facts(shop: Workspace) -> None:
    catalogue = load_catalogue(shop, read_settings(shop.root))

    assert [document.doc_id for document in catalogue.documents] == sorted(
        small_shop().doc_ids, key=lambda doc_id: (doc_id.startswith("help"), doc_id)
    )
    pirates = [DocId(f"pirates-{number}") for number in range(5)]
    assert catalogue.headings[pirates[0]] == "Red Pirates"
    assert catalogue.series[pirates[0]] == catalogue.series[pirates[1]] == "pirates"
    assert pirates[2] not in catalogue.series
    assert catalogue.popularity[pirates[3]] == 3.0
    assert "help-refund" not in catalogue.popularity


def test_an_empty_workspace_has_no_catalogue_and_says_how_to_get_one(tmp_path: Path) -> None:
    workspace = Workspace.create(tmp_path / "empty")

    with pytest.raises(DataError, match="holds no title and no article yet; take them in: `mangaassist ingest FOLDER`"):
        load_catalogue(workspace, read_settings(workspace.root))


def test_the_data_fingerprint_changes_with_a_new_file_and_not_with_a_known_one(shop: Workspace) -> None:
    before = data_fingerprint(shop)

    ingest(shop, "titles", shop.root / "files" / "catalogue.jsonl")
    assert data_fingerprint(shop) == before

    ingest(shop, "titles", write_rows(shop.root / "new.jsonl", [{"title_id": "new", "title": "New"}]))
    assert data_fingerprint(shop) != before


def test_a_judged_split_has_its_queries_with_their_judgements(shop: Workspace) -> None:
    split = judged_split(shop, "test")

    assert len(split.queries) == 70
    assert split.qrels[QueryId("test-refund-0")] == {
        "help-refund": 2,
        "help-parcel": 0,
        "help-voucher": 0,
        "help-password": 0,
    }
    assert set(split.groups) == {query.query_id for query in split.queries}


def test_a_query_without_a_relevant_document_is_in_no_split(shop: Workspace) -> None:
    before = judged_split(shop, "test")
    judged = {"query_id": "nothing", "text": "nobody answers this", "split": "test"}
    ingest(shop, "judged_queries", write_rows(shop.root / "judged_queries.jsonl", [judged]))
    grades = [{"query_id": "nothing", "doc_id": "pirates-0", "grade": 0}]
    ingest(shop, "judgements", write_rows(shop.root / "judgements.jsonl", grades))

    assert judged_split(shop, "test").fingerprint == before.fingerprint


def test_another_grade_is_another_test_set(shop: Workspace) -> None:
    before = judged_split(shop, "test").fingerprint
    grades = [{"query_id": "test-refund-0", "doc_id": "help-parcel", "grade": 1}]

    ingest(shop, "judgements", write_rows(shop.root / "judgements.jsonl", grades))

    assert judged_split(shop, "test").fingerprint != before
