from pathlib import Path

import numpy as np
import pytest
from vector_worlds import documents, info

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId
from mangaassist.retrieval import EmbeddedStore, build_index, open_index

COUNT = 60


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    build_index(tmp_path / "index", documents(COUNT, coarse=False), info())
    return open_index(tmp_path / "index", encoder_id="encoder-1", release="embed-adapter-v03")


def test_vectors_by_number_are_those_by_id_in_any_order(store: EmbeddedStore) -> None:
    doc_ids = list(store.doc_ids)[::-1]
    rows = np.random.default_rng(0).permutation(COUNT)[:20]

    found = store.reader(doc_ids).vectors(rows)

    assert np.array_equal(found, store.vectors([doc_ids[row] for row in rows]))


def test_changed_and_new_documents_are_read_from_the_delta(store: EmbeddedStore) -> None:
    news = documents(COUNT + 5, seed=1, coarse=False)
    store.upsert(news)
    store.delete([DocId("d00003")])
    doc_ids = list(store.doc_ids)
    reader = store.reader(doc_ids)

    assert len(reader) == COUNT + 4
    assert np.array_equal(reader.vectors(np.arange(len(reader))), store.vectors(doc_ids))


def test_what_changes_later_does_not_change_a_reader(store: EmbeddedStore) -> None:
    doc_ids = list(store.doc_ids)
    reader, before = store.reader(doc_ids), store.vectors(doc_ids)
    store.upsert(documents(COUNT, seed=2, coarse=False))

    assert np.array_equal(reader.vectors(np.arange(COUNT)), before)
    assert not np.array_equal(store.vectors(doc_ids), before)


def test_no_rows_are_no_vectors_and_an_empty_index_is_no_error(tmp_path: Path, store: EmbeddedStore) -> None:
    build_index(tmp_path / "empty", documents(0), info())
    empty = open_index(tmp_path / "empty", encoder_id="encoder-1", release="embed-adapter-v03")

    assert store.reader(list(store.doc_ids)).vectors(np.array([], dtype=np.int64)).shape == (0, 16)
    assert empty.reader([]).vectors(np.array([], dtype=np.int64)).shape == (0, 16)


def test_a_document_that_is_not_there_is_named(store: EmbeddedStore) -> None:
    with pytest.raises(DataError, match="there is no document 'd99999'"):
        store.reader([DocId("d99999")])
