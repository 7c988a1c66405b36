"""Slices of queries are scored as they are, slices of documents like the warm and cold cells."""

import pytest

from mangaassist.core.types import DocId, GroupId, QueryId
from mangaassist.evaluation import (
    MIN_CELL_QUERIES,
    Exposure,
    Slice,
    compare_slices,
    document_slices,
    query_slices,
    score_cell,
    score_slice,
)

A, B = QueryId("a"), QueryId("b")
SPARSE, RICH, OTHER = DocId("sparse-1"), DocId("rich-1"), DocId("other")
KINDS = {
    SPARSE: "sparse",
    DocId("sparse-2"): "sparse",
    RICH: "rich",
    DocId("rich-2"): "rich",
    DocId("help"): "articles",
}
NAMES = ("sparse", "rich", "articles")


def ranking(*doc_ids: str) -> dict[DocId, float]:
    return {DocId(doc_id): -float(rank) for rank, doc_id in enumerate(doc_ids)}


def many(count: int, *doc_ids: str) -> dict[QueryId, dict[DocId, float]]:
    return {QueryId(f"q{number:03}"): ranking(*doc_ids) for number in range(count)}


# Which queries, which documents


def test_a_slice_of_queries_holds_the_queries_with_its_value_and_leaves_out_those_without_any() -> None:
    family = query_slices({A: "ja", B: None, QueryId("c"): "en", QueryId("d"): "ja"})

    members = {name: sorted(part.queries or ()) for name, part in family.items()}
    assert members == {"en": ["c"], "ja": ["a", "d"]}


def test_a_slice_of_queries_scores_them_like_the_whole() -> None:
    run = {A: ranking("other", "rich-1"), B: ranking("other")}
    qrels = {A: {RICH: 1}, B: {RICH: 1}}

    scores = score_slice(run, qrels, Slice(queries=frozenset({A})))

    assert set(scores) == {A}
    assert scores[A].recall_at_3 == 1.0
    assert scores[A].bad_top1 == 1.0


def test_the_sparse_score_counts_sparse_relevant_documents_with_the_rich_ones_out_of_the_way() -> None:
    """Rich ones hold the first three places; the sparse document stands fourth, and first once they are out."""
    run = {A: ranking("rich-1", "rich-2", "help", "sparse-1", "other", "sparse-2")}
    qrels = {A: {RICH: 1, DocId("rich-2"): 2, DocId("help"): 1, SPARSE: 1, DocId("sparse-2"): 1}}
    family = document_slices(KINDS, NAMES)

    sparse, rich, articles = (score_slice(run, qrels, family[name])[A] for name in NAMES)

    assert (sparse.recall_at_3, sparse.bad_top1) == (1.0, 0.0)
    assert (rich.recall_at_3, rich.bad_top1) == (1.0, 0.0)
    assert (articles.recall_at_3, articles.bad_top1) == (1.0, 0.0)
    assert sparse.ndcg_at_10 == pytest.approx((1 + 1 / 2) / (1 + 0.63093), rel=1e-4)


def test_documents_that_are_not_relevant_crowd_out_in_every_slice() -> None:
    run = {A: ranking("rich-1", "rich-2", "other", "sparse-1")}

    scores = score_slice(run, {A: {SPARSE: 1, RICH: 0}}, document_slices(KINDS, NAMES)["sparse"])

    assert scores[A].recall_at_3 == 0.0


def test_a_query_without_a_relevant_document_of_the_slice_is_not_in_it() -> None:
    assert score_slice({A: ranking("rich-1")}, {A: {RICH: 1}}, document_slices(KINDS, NAMES)["sparse"]) == {}


def test_a_relevant_document_of_no_known_kind_is_in_no_slice() -> None:
    """It was judged, and has left the catalogue since."""
    family = document_slices(KINDS, NAMES)

    assert all(score_slice({A: ranking("gone")}, {A: {DocId("gone"): 1}}, part) == {} for part in family.values())


def test_sparse_and_rich_are_scored_exactly_like_warm_and_cold() -> None:
    run = {A: ranking("rich-1", "other", "sparse-1", "rich-2", "sparse-2"), B: ranking("sparse-2", "rich-1")}
    qrels = {A: {RICH: 1, SPARSE: 2, DocId("rich-2"): 1}, B: {RICH: 2, DocId("sparse-2"): 1}}
    exposure = Exposure(warm=frozenset(doc_id for doc_id, kind in KINDS.items() if kind == "sparse"))
    family = document_slices(KINDS, NAMES)

    assert score_slice(run, qrels, family["sparse"]) == score_cell(run, qrels, exposure, "warm")
    assert score_slice(run, qrels, family["rich"]) == score_cell(run, qrels, exposure, "cold")


# Systems side by side


@pytest.mark.parametrize(("queries", "is_scored"), [(MIN_CELL_QUERIES - 1, False), (MIN_CELL_QUERIES, True)])
def test_a_slice_under_fifty_queries_is_too_small_and_says_how_many_it_has(queries: int, is_scored: bool) -> None:
    run = many(queries, "rich-1")
    qrels = {query_id: {RICH: 1} for query_id in run}

    compared = compare_slices(
        {"x": run, "y": run},
        qrels,
        {"all": Slice()},
        {query_id: GroupId("g") for query_id in run},
        pair=("x", "y"),
        seed=0,
    )["all"]

    assert (compared.queries, compared.groups) == (queries, 1)
    assert (compared.system_as_json("x") is not None) is is_scored
    assert (compared.delta_as_json() is not None) is is_scored
    assert (compared.p is not None) is is_scored
    assert compared.claim is None


def test_the_difference_is_the_second_system_of_the_pair_minus_the_first() -> None:
    worst, right, wrong = (
        many(60, *order) for order in (("other",), ("rich-1", "other"), ("other", "x", "y", "rich-1"))
    )
    qrels = {query_id: {RICH: 1} for query_id in right}

    compared = compare_slices(
        {"worst": worst, "wrong": wrong, "right": right},
        qrels,
        {"all": Slice()},
        {},
        pair=("wrong", "right"),
        seed=0,
    )["all"]

    assert {name: summary.metrics["recall@3"].mean for name, summary in compared.summaries.items()} == {
        "worst": 0.0,
        "wrong": 0.0,
        "right": 1.0,
    }
    assert compared.delta_as_json() is not None
    assert compared.delta["recall@3"].as_list() == [1.0, 1.0, 1.0]
    assert compared.delta["bad_top1_rate"].as_list() == [-1.0, -1.0, -1.0]
    assert compared.claim == "gain"


def test_the_same_loss_in_every_query_is_claimed_as_a_loss() -> None:
    right, wrong = many(60, "rich-1"), many(60, "other")
    qrels = {query_id: {RICH: 1} for query_id in right}

    compared = compare_slices({"a": right, "b": wrong}, qrels, {"all": Slice()}, {}, pair=("a", "b"), seed=0)

    assert compared["all"].claim == "loss"


def test_slices_that_are_too_small_do_not_make_the_others_claim_less() -> None:
    right, wrong = many(60, "rich-1"), many(60, "other")
    qrels = {query_id: {RICH: 1} for query_id in right}
    small = {f"small {number}": Slice(queries=frozenset([QueryId(f"q{number:03}")])) for number in range(20)}

    alone = compare_slices({"a": wrong, "b": right}, qrels, {"all": Slice()}, {}, pair=("a", "b"), seed=0)
    among = compare_slices({"a": wrong, "b": right}, qrels, {"all": Slice(), **small}, {}, pair=("a", "b"), seed=0)

    assert among["all"] == alone["all"]
