from collections.abc import Mapping
from pathlib import Path

import pytest

from mangaassist.core.types import DocId, Document
from mangaassist.data import Article, Title, documents
from mangaassist.loop import Record, by_id
from mangaassist.serving.stored_catalogue import StoredDocuments, StoredRecords, stored_catalogue

TITLES = [
    Title(title_id="a", title="Berserk", title_japanese="ベルセルク", genres=("fantasy",), popularity=9.5, volumes=41),
    Title(title_id="c", title="Two\nlines\u2028and \u0085 more", description='"quoted" \\ ✂'),
]
ARTICLES = [Article(article_id="b", title="Returns", body="Within 30 days.", updated="2026-01-01")]
FOUND = sorted(documents(TITLES, ARTICLES, enrich="all"), key=lambda each: each.doc_id)
RECORDS = by_id(TITLES, ARTICLES)
ROWS = {document.doc_id: row for row, document in enumerate(FOUND)}


def stored(folder: Path, found: list[Document] = FOUND) -> tuple[StoredDocuments, StoredRecords]:
    shown, records = stored_catalogue(folder, found, RECORDS, {each.doc_id: row for row, each in enumerate(found)})
    assert isinstance(shown, StoredDocuments)
    assert isinstance(records, StoredRecords)
    return shown, records


def files(folder: Path) -> list[Path]:
    return list(folder.glob("*catalogue-*"))


def test_documents_and_records_come_back_as_they_went_in(tmp_path: Path) -> None:
    shown, records = stored(tmp_path)

    assert list(shown) == FOUND
    assert shown[-1] == FOUND[-1]
    assert shown[1:] == FOUND[1:]
    assert dict(records) == RECORDS
    assert "zzz" not in records
    with pytest.raises(IndexError):
        shown[3]
    with pytest.raises(KeyError):
        records[DocId("zzz")]


def test_the_same_catalogue_is_one_file_and_another_takes_its_place(tmp_path: Path) -> None:
    first, _ = stored(tmp_path)
    (path,) = files(tmp_path)
    stored(tmp_path)
    assert files(tmp_path) == [path]

    stored(tmp_path, FOUND[:2])

    assert len(files(tmp_path)) == 1
    assert files(tmp_path) != [path]
    assert list(first) == FOUND  # whoever has the old file open keeps it


def test_where_nothing_can_be_written_everything_stays_in_memory(tmp_path: Path) -> None:
    shown, records = stored_catalogue(tmp_path / "nowhere", FOUND, RECORDS, ROWS)

    assert (shown, records) == (FOUND, RECORDS)


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path) -> None:
    missing: Mapping[DocId, Record] = {}

    with pytest.raises(KeyError):
        stored_catalogue(tmp_path, FOUND, missing, ROWS)

    assert files(tmp_path) == []
