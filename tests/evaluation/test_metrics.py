"""Metrics: hand-computed numbers, an outside oracle, and properties."""

import math

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.types import DocId, QueryId
from mangaassist.evaluation.metrics import judged, ndcg, ranked, recall, score_query, score_run, success


def docs(*names: str) -> list[DocId]:
    return [DocId(name) for name in names]


def test_success_is_one_but_recall_is_half_when_one_of_two_relevant_is_found() -> None:
    results, relevant = docs("berserk", "claymore", "vagabond"), set(docs("claymore", "vinland-saga"))

    assert success(results, relevant, k=3) == 1.0
    assert recall(results, relevant, k=3) == 0.5


def test_recall_is_capped_by_k_so_three_of_ten_relevant_in_the_first_three_is_perfect() -> None:
    relevant = set(docs(*"abcdefghij"))

    assert recall(docs("a", "b", "c"), relevant, k=3) == 1.0


def test_recall_ignores_what_stands_below_k() -> None:
    assert recall(docs("x", "y", "z", "a"), set(docs("a")), k=3) == 0.0


def test_ndcg_has_linear_gain_and_log2_discount() -> None:
    grades = {DocId("a"): 2, DocId("b"): 1}
    ideal = 2 / math.log2(2) + 1 / math.log2(3)

    assert ndcg(docs("b", "a"), grades, k=10) == pytest.approx((1 / math.log2(2) + 2 / math.log2(3)) / ideal)


def test_a_first_result_without_judgement_is_bad_and_counts_as_not_judged() -> None:
    scores = score_query(docs("unknown", "a"), {DocId("a"): 1})

    assert scores.bad_top1 == 1.0
    assert scores.judged_at_1 == 0.0
    assert scores.judged_at_3 == 0.5


def test_a_first_result_judged_zero_is_bad_but_judged() -> None:
    scores = score_query(docs("b", "a"), {DocId("a"): 1, DocId("b"): 0})

    assert (scores.bad_top1, scores.judged_at_1) == (1.0, 1.0)


def test_a_query_without_results_scores_zero_and_is_bad() -> None:
    scores = score_run({}, {QueryId("q"): {DocId("a"): 1}})[QueryId("q")]

    assert (scores.ndcg_at_10, scores.recall_at_3, scores.bad_top1) == (0.0, 0.0, 1.0)


def test_a_query_without_relevant_documents_is_not_scored() -> None:
    assert score_run({}, {QueryId("q"): {DocId("a"): 0}}) == {}


def test_equal_scores_are_ordered_by_document_id() -> None:
    assert ranked({DocId("b"): 1.0, DocId("a"): 1.0}) == docs("a", "b")


def test_judged_share_of_no_results_is_zero() -> None:
    assert judged([], {DocId("a"): 1}, k=3) == 0.0


runs = st.dictionaries(
    st.sampled_from([f"q{number}" for number in range(5)]),
    st.dictionaries(st.sampled_from([f"d{n:02}" for n in range(20)]), st.integers(0, 10_000), min_size=1, max_size=15),
    min_size=1,
)
judgements = st.dictionaries(
    st.sampled_from([f"q{number}" for number in range(5)]),
    st.dictionaries(st.sampled_from([f"d{n:02}" for n in range(20)]), st.integers(0, 3), min_size=1, max_size=10),
    min_size=1,
)


@given(runs, judgements)
def test_ndcg_equals_trec_eval(run: dict[str, dict[str, int]], qrels: dict[str, dict[str, int]]) -> None:
    """Scores are made distinct first: trec_eval breaks ties by falling id, we by rising id."""
    distinct = {
        query: {doc: float(score) + index / 1000 for index, (doc, score) in enumerate(sorted(scores.items()))}
        for query, scores in run.items()
    }
    ours = score_run(
        {QueryId(query): {DocId(doc): score for doc, score in scores.items()} for query, scores in distinct.items()},
        {QueryId(query): {DocId(doc): grade for doc, grade in grades.items()} for query, grades in qrels.items()},
    )
    theirs = {
        found.query_id: found.value
        for found in ir_measures.iter_calc([ir_measures.nDCG @ 10], qrels, distinct)
        if found.query_id in ours
    }

    for query_id, value in theirs.items():
        assert ours[QueryId(query_id)].ndcg_at_10 == pytest.approx(value, abs=1e-6)


@given(runs, judgements)
def test_every_metric_lies_between_zero_and_one(
    run: dict[str, dict[str, int]], qrels: dict[str, dict[str, int]]
) -> None:
    scored = score_run(
        {QueryId(query): {DocId(doc): float(score) for doc, score in found.items()} for query, found in run.items()},
        {QueryId(query): {DocId(doc): grade for doc, grade in found.items()} for query, found in qrels.items()},
    )

    for scores in scored.values():
        assert all(0.0 <= getattr(scores, name) <= 1.0 for name in scores.__slots__)
