"""Exact search against the plainest possible reference."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaassist.core.errors import ShapeError
from mangaassist.core.types import Adjustment, DocId, QueryId
from mangaassist.evaluation import ranked
from mangaassist.retrieval import search_run


def unit(rng: np.random.Generator, rows: int, dimension: int = 4) -> np.ndarray:
    vectors = rng.normal(size=(rows, dimension)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@given(st.integers(0, 10_000), st.integers(1, 12))
@settings(deadline=None)
def test_the_run_equals_sorting_every_score(seed: int, depth: int) -> None:
    rng = np.random.default_rng(seed)
    queries, documents = unit(rng, 3), np.round(unit(rng, 9), 1).astype(np.float32)  # rounding makes ties
    doc_ids = [DocId(f"d{index}") for index in rng.permutation(9)]

    run = search_run([QueryId(f"q{row}") for row in range(3)], queries, doc_ids, documents, depth=depth)

    for row in range(3):
        scores = {doc_id: float(score) for doc_id, score in zip(doc_ids, queries[row] @ documents.T, strict=True)}
        assert len(run[QueryId(f"q{row}")]) == min(depth, 9)
        assert ranked(run[QueryId(f"q{row}")]) == pytest.approx(ranked(scores)[:depth])


def test_queries_in_many_blocks_rank_as_each_does_by_itself() -> None:
    """Blocks are ranked side by side; they come back in the order of the queries."""
    rng = np.random.default_rng(0)
    queries, documents = unit(rng, 1_300, 16), unit(rng, 200, 16)
    query_ids = [QueryId(f"q{row}") for row in rng.permutation(1_300)]
    doc_ids = [DocId(f"d{row}") for row in range(200)]

    run = search_run(query_ids, queries, doc_ids, documents, depth=5)

    assert list(run) == query_ids
    for row in range(0, 1_300, 100):
        alone = search_run(query_ids[row : row + 1], queries[row : row + 1], doc_ids, documents, depth=5)
        assert run[query_ids[row]] == pytest.approx(alone[query_ids[row]], abs=1e-6)


def test_a_document_that_is_not_allowed_is_never_returned() -> None:
    documents = np.eye(3, dtype=np.float32)
    ids = [DocId("a"), DocId("b"), DocId("c")]
    adjustment = Adjustment(allowed=np.array([False, True, True]))

    run = search_run([QueryId("q")], documents[:1], ids, documents, depth=3, adjust=lambda _: adjustment)

    assert ranked(run[QueryId("q")]) == ["b", "c"]


def test_a_bonus_is_added_to_the_score() -> None:
    documents = np.eye(3, dtype=np.float32)
    ids = [DocId("a"), DocId("b"), DocId("c")]
    adjustment = Adjustment(bonus=np.array([0, 0, 2], dtype=np.float32))

    run = search_run([QueryId("q")], documents[:1], ids, documents, depth=3, adjust=lambda _: adjustment)

    assert run[QueryId("q")] == {"c": 2.0, "a": 1.0, "b": 0.0}


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ShapeError, match="do not fit"):
        search_run([QueryId("q")], np.ones((1, 3), np.float32), [DocId("a")], np.ones((1, 4), np.float32))
