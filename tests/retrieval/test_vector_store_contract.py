"""One suite for every store of vectors: what the protocol promises."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vector_worlds import assert_same, documents, info, only, sorted_by_hand, unit

from mangaassist.core.errors import DataError, ShapeError
from mangaassist.core.types import DocId
from mangaassist.retrieval import (
    DocumentVectors,
    EmbeddedStore,
    ExactStore,
    IndexInfo,
    VectorStore,
    build_index,
    compact,
    open_index,
)

Maker = Callable[[DocumentVectors, IndexInfo], VectorStore]


def rows(held: DocumentVectors, chosen: slice) -> DocumentVectors:
    facets = {name: values[chosen] for name, values in held.facets.items()}
    return DocumentVectors(held.doc_ids[chosen], held.vectors[chosen], facets)


def reopened(folder: Path, about: IndexInfo) -> EmbeddedStore:
    return open_index(folder, encoder_id=about.encoder_id, release=about.release)


@pytest.fixture(params=["exact", "built", "scanned", "delta", "half and half", "compacted"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    """The stores: in memory, all in the build, all in the delta, both, and both compacted."""

    def exact(held: DocumentVectors, about: IndexInfo) -> VectorStore:
        return ExactStore(held, about)

    def built(held: DocumentVectors, about: IndexInfo, exact_up_to: int = 20_000) -> VectorStore:
        build_index(tmp_path, held, about, exact_up_to=exact_up_to)
        return reopened(tmp_path, about)

    def scanned(held: DocumentVectors, about: IndexInfo) -> VectorStore:
        return built(held, about, exact_up_to=0)

    def through_delta(held: DocumentVectors, about: IndexInfo, share: float = 0.0) -> VectorStore:
        cut = int(len(held.doc_ids) * share)
        build_index(tmp_path, rows(held, slice(cut)), about)
        reopened(tmp_path, about).upsert(rows(held, slice(cut, None)))
        return reopened(tmp_path, about)

    def compacted(held: DocumentVectors, about: IndexInfo) -> VectorStore:
        through_delta(held, about, 0.5)
        compact(tmp_path)
        return reopened(tmp_path, about)

    makers: dict[str, Maker] = {
        "exact": exact,
        "built": built,
        "scanned": scanned,
        "delta": through_delta,
        "half and half": lambda held, about: through_delta(held, about, 0.5),
        "compacted": compacted,
    }
    return makers[request.param]


QUERIES = unit(np.random.default_rng(7).normal(size=(5, 16)))


@given(count=st.integers(0, 40), k=st.integers(1, 50), seed=st.integers(0, 1_000))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_search_equals_sorting_every_score_with_ties_by_document_id(
    make: Maker, count: int, k: int, seed: int
) -> None:
    held = documents(count, seed=seed)

    found = make(held, info()).search(QUERIES, k)

    for query, hits in zip(QUERIES, found, strict=True):
        assert_same(hits, sorted_by_hand(held, query, k))


def test_a_batch_equals_one_by_one_to_the_last_bit(make: Maker) -> None:
    store = make(documents(3_000, coarse=False), info())

    for query, hits in zip(QUERIES, store.search(QUERIES, 10), strict=True):
        alone = store.search(query[np.newaxis], 10)[0]
        assert alone.doc_ids == hits.doc_ids
        assert alone.scores.tobytes() == hits.scores.tobytes()


def test_every_store_gives_the_same_scores_to_the_last_bit(make: Maker) -> None:
    held = documents(3_000)

    found = make(held, info()).search(QUERIES, 10)

    for hits, plain in zip(found, ExactStore(held, info()).search(QUERIES, 10), strict=True):
        assert hits.doc_ids == plain.doc_ids
        assert hits.scores.tobytes() == plain.scores.tobytes()


@pytest.mark.parametrize("where", [{"age_rating": ["adult"]}, {"age_rating": ["all", "teen"], "kind": ["article"]}, {}])
@pytest.mark.parametrize("count", [60, 4_000])
def test_a_filter_gives_exactly_the_best_of_those_that_pass(
    make: Maker, count: int, where: dict[str, list[str]]
) -> None:
    held = documents(count)

    found = make(held, info()).search(QUERIES, 10, where=where)

    for query, hits in zip(QUERIES, found, strict=True):
        assert_same(hits, sorted_by_hand(only(held, where), query, 10))


def test_a_filter_that_nothing_passes_finds_nothing(make: Maker) -> None:
    store = make(documents(20), info())

    assert [hits.doc_ids for hits in store.search(QUERIES, 3, where={"age_rating": []})] == [()] * 5
    assert [hits.doc_ids for hits in store.search(QUERIES, 3, where={"kind": ["calendar"]})] == [()] * 5


def test_a_facet_that_the_store_does_not_have_is_refused_by_name(make: Maker) -> None:
    store = make(documents(20), info())

    with pytest.raises(DataError, match=r"no facet 'colour'.*age_rating, kind"):
        store.search(QUERIES, 3, where={"colour": ["red"]})
    with pytest.raises(DataError, match="give a list"):
        store.search(QUERIES, 3, where={"kind": "title"})
    with pytest.raises(DataError, match="'colour' is not in this index"):
        store.upsert(DocumentVectors([DocId("new")], QUERIES[:1], {"colour": ["red"]}))


def test_an_empty_store_finds_nothing_and_can_be_filled(make: Maker) -> None:
    store = make(documents(0), info())

    assert len(store) == 0
    assert [hits.doc_ids for hits in store.search(QUERIES, 3)] == [()] * 5
    store.upsert(documents(4))
    assert len(store.search(QUERIES, 9, where={"kind": ["title", "article"]})[0].doc_ids) == 4


def test_no_queries_find_nothing(make: Maker) -> None:
    assert make(documents(3), info()).search(QUERIES[:0], 3) == []


def test_a_deleted_document_never_comes_back(make: Maker) -> None:
    held = documents(40)
    store = make(held, info())
    best = store.search(QUERIES, 1)[0].doc_ids[0]

    store.delete([best, DocId("never there")])

    assert len(store) == 39
    assert best not in store.doc_ids
    assert all(best not in hits.doc_ids for hits in store.search(QUERIES, 40))
    assert best not in store.search(QUERIES, 40, where={"age_rating": ["all", "teen", "adult"]})[0].doc_ids
    with pytest.raises(DataError, match=best):
        store.vectors([best])


def test_an_upsert_replaces_vector_and_facets(make: Maker) -> None:
    held = documents(40)
    store = make(held, info())
    changed = held.doc_ids[3]

    store.upsert(DocumentVectors([changed], QUERIES[:1], {"kind": ["special"]}))

    assert len(store) == 40
    assert store.search(QUERIES, 1)[0].doc_ids == (changed,)
    assert store.search(QUERIES, 5, where={"kind": ["special"]})[0].doc_ids == (changed,)
    assert changed in store.search(QUERIES, 40, where={"age_rating": [""]})[0].doc_ids
    assert (store.vectors([changed]) == QUERIES[:1]).all()


def test_a_deleted_document_can_be_added_again(make: Maker) -> None:
    store = make(documents(9), info())
    store.delete([DocId("d00004")])

    store.upsert(DocumentVectors([DocId("d00004")], QUERIES[:1]))

    assert len(store) == 9
    assert store.search(QUERIES, 1)[0].doc_ids == ("d00004",)


def test_it_says_what_it_holds(make: Maker) -> None:
    held = documents(12)
    store = make(held, info())

    assert store.info == info()
    assert list(store.doc_ids) == sorted(held.doc_ids)
    assert (store.vectors(held.doc_ids) == held.vectors).all()
    assert store.vectors([]).shape == (0, 16)


@pytest.mark.parametrize(
    ("queries", "k", "said"),
    [(QUERIES[:, :3], 3, r"takes \(n, 16\)"), (QUERIES[0], 3, r"takes \(n, 16\)"), (QUERIES, 0, "at least 1")],
)
def test_queries_that_do_not_fit_are_refused(make: Maker, queries: np.ndarray, k: int, said: str) -> None:
    with pytest.raises(ShapeError, match=said):
        make(documents(3), info()).search(queries, k)


def test_queries_that_are_no_numbers_are_refused(make: Maker) -> None:
    with pytest.raises(DataError, match="NaN"):
        make(documents(3), info()).search(np.full((1, 16), np.nan, dtype=np.float32), 3)


def test_documents_of_another_dimension_are_refused(make: Maker) -> None:
    with pytest.raises(ShapeError, match="documents of 8 dimensions; this index holds 16"):
        make(documents(3), info()).upsert(documents(3, dimension=8))
    with pytest.raises(ShapeError, match="documents of 8 dimensions; this index holds 16"):
        make(documents(3, dimension=8), info(16))


def test_documents_that_cannot_be_indexed_are_refused_by_name() -> None:
    with pytest.raises(DataError, match="'a' is given twice"):
        DocumentVectors([DocId("a"), DocId("a")], QUERIES[:2])
    with pytest.raises(DataError, match="vector of 'b' has length 2"):
        DocumentVectors([DocId("a"), DocId("b")], QUERIES[:2] * np.array([[1], [2]], dtype=np.float32))
    with pytest.raises(DataError, match="vector of 'a' has length nan"):
        DocumentVectors([DocId("a")], QUERIES[:1] * np.float32(np.nan))
    with pytest.raises(ShapeError, match="1 document ids"):
        DocumentVectors([DocId("a")], QUERIES[:2])
    with pytest.raises(ShapeError, match="'kind' has 2 values for 1 documents"):
        DocumentVectors([DocId("a")], QUERIES[:1], {"kind": ["title", "article"]})
