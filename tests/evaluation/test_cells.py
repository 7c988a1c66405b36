"""Cells are scored per (query, document), the other cell's documents removed before the cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.types import DocId, GroupId, QueryId
from mangaassist.evaluation.cells import MIN_CELL_QUERIES, Exposure, cell_names, run_depth, score_cell
from mangaassist.evaluation.report import summarise_cells

Q = QueryId("q")
RUN = {Q: {DocId("warm-1"): 0.9, DocId("warm-2"): 0.8, DocId("other"): 0.7, DocId("cold-1"): 0.6}}
QRELS = {Q: {DocId("warm-1"): 1, DocId("warm-2"): 1, DocId("cold-1"): 1}}
WARM = frozenset({DocId("warm-1"), DocId("warm-2")})


def test_the_cold_cell_removes_warm_relevant_documents_before_the_cut() -> None:
    """Without the removal the cold document would stand at rank 4, outside the first three."""
    scores = score_cell(RUN, QRELS, Exposure(WARM), "cold")[Q]

    assert scores.recall_at_3 == 1.0
    assert scores.bad_top1 == 1.0


def test_the_warm_cell_counts_only_warm_relevant_documents() -> None:
    scores = score_cell(RUN, QRELS, Exposure(WARM), "warm")[Q]

    assert scores.recall_at_3 == 1.0
    assert scores.ndcg_at_10 == 1.0


def test_documents_that_are_not_relevant_stay_in_the_run_of_every_cell() -> None:
    scores = score_cell(RUN, {Q: {DocId("cold-1"): 1, DocId("other"): 0}}, Exposure(WARM), "cold")[Q]

    assert scores.recall_at_3 == 0.0


def test_a_query_without_relevant_documents_of_the_cell_is_not_in_it() -> None:
    assert score_cell(RUN, {Q: {DocId("warm-1"): 1}}, Exposure(WARM), "cold") == {}


def test_seen_and_unseen_split_the_queries() -> None:
    exposure = Exposure(WARM, seen=frozenset({Q}))

    assert set(score_cell(RUN, QRELS, exposure, "seen_cold")) == {Q}
    assert score_cell(RUN, QRELS, exposure, "unseen") == {}


def test_an_unknown_cell_is_an_error_that_names_the_cells() -> None:
    with pytest.raises(ValueError, match="lukewarm"):
        score_cell(RUN, QRELS, Exposure(WARM), "lukewarm")


@pytest.mark.parametrize(("queries", "is_scored"), [(MIN_CELL_QUERIES - 1, False), (MIN_CELL_QUERIES, True)])
def test_a_cell_under_fifty_queries_is_too_small(queries: int, is_scored: bool) -> None:
    ids = [QueryId(f"q{number}") for number in range(queries)]
    run = {query_id: {DocId("a"): 1.0} for query_id in ids}
    qrels = {query_id: {DocId("a"): 1} for query_id in ids}

    cells = summarise_cells(run, qrels, Exposure(frozenset({DocId("a")})), {}, seed=0)

    assert (cells["warm"] is not None) is is_scored
    assert cells["cold"] is None
    assert cells["all"] is not None


def test_summaries_show_groups_beside_queries() -> None:
    ids = [QueryId(f"q{number}") for number in range(60)]
    groups = {query_id: GroupId(f"g{number % 7}") for number, query_id in enumerate(ids)}
    run = {query_id: {DocId("a"): 1.0} for query_id in ids}

    cells = summarise_cells(run, {query_id: {DocId("a"): 1} for query_id in ids}, Exposure(frozenset()), groups, seed=0)

    assert cells["all"] is not None
    assert (cells["all"].queries, cells["all"].groups) == (60, 7)


@given(
    st.lists(st.sampled_from([f"d{n}" for n in range(30)]), unique=True, min_size=1, max_size=30),
    st.sets(st.sampled_from([f"d{n}" for n in range(30)]), min_size=1, max_size=12),
    st.sets(st.sampled_from([f"d{n}" for n in range(30)]), max_size=15),
)
def test_a_run_of_run_depth_gives_the_same_cells_as_a_complete_one(
    order: list[str], relevant: set[str], warm: set[str]
) -> None:
    complete = {Q: {DocId(doc): -float(rank) for rank, doc in enumerate(order)}}
    qrels = {Q: {DocId(doc): 1 for doc in relevant}}
    exposure = Exposure(frozenset(DocId(doc) for doc in warm), seen=frozenset({Q}))
    cut = {Q: dict(list(complete[Q].items())[: run_depth(qrels)[Q]])}

    for cell in ("all", *cell_names(exposure)):
        ours, full = score_cell(cut, qrels, exposure, cell), score_cell(complete, qrels, exposure, cell)
        assert {q: s.ndcg_at_10 for q, s in ours.items()} == {q: s.ndcg_at_10 for q, s in full.items()}
