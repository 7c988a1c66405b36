"""Composition weights: nothing where nothing helps, what is planted where something does, and no cell traded away."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mangaassist.adapter.composing import (
    Candidates,
    Composition,
    candidates,
    fit_reference_weight,
    fit_signal_weights,
)
from mangaassist.adapter.ladder import Adapter
from mangaassist.core.types import DocId, GroupId, Query, QueryId, Vectors
from mangaassist.data import Title, documents
from mangaassist.evaluation import score_run
from mangaassist.queries import PLAIN, SIGNALS, Composer, CompositionWeights
from mangaassist.retrieval import ComposedSearch


def planted(*, queries: int, helpful: str, seed: int, warm_share: float = 0.5) -> Candidates:
    """Ten candidates a query, one of them relevant, of no similarity; the signal `helpful` alone points at it."""
    rng = np.random.default_rng(seed)
    similarity = rng.uniform(0, 0.1, size=(queries, 10)).astype(np.float32)
    signals = np.zeros((queries, len(SIGNALS), 10), dtype=np.float32)
    right = rng.integers(10, size=queries)
    signals[np.arange(queries), SIGNALS.index(helpful), right] = 1
    grade = np.zeros((queries, 10), dtype=np.float32)
    grade[np.arange(queries), right] = 1
    is_warm = np.arange(queries) < warm_share * queries
    ids = [QueryId(f"q{row}") for row in range(queries)]
    ones = np.ones(queries, dtype=np.float32)
    nothing = np.zeros((queries, 10), dtype=bool)
    cells = ("all", "warm", "cold")
    return Candidates(
        similarity=similarity,
        signals=signals,
        grade=dict.fromkeys(cells, grade),
        out=dict.fromkeys(cells, nothing),
        ideal={"all": ones, "warm": ones * is_warm, "cold": ones * ~is_warm},
        query_ids=ids,
        groups={query_id: GroupId(query_id) for query_id in ids},
    )


@pytest.mark.parametrize("helpful", ["lexical", "reference_facets", "wanted"])
def test_the_signal_that_helps_gets_a_weight_and_the_others_get_none(helpful: str) -> None:
    weights = fit_signal_weights([planted(queries=120, helpful=helpful, seed=1)], reference=2.0, seed=0)

    assert getattr(weights, helpful) > 0
    assert all(getattr(weights, name) == 0 for name in SIGNALS if name != helpful)
    assert weights.reference == 2.0


def test_a_signal_that_points_at_the_right_answer_is_not_turned_down() -> None:
    weights = fit_signal_weights([planted(queries=120, helpful="rejected", seed=1)], reference=0.0, seed=0)

    assert weights == PLAIN


def test_what_is_turned_down_is_heeded_as_strongly_as_validation_allows() -> None:
    harmless, harmful = (planted(queries=120, helpful="lexical", seed=1) for _ in range(2))
    harmless.signals[:, SIGNALS.index("rejected")] = (1 - harmless.grade["all"]) * (np.arange(10) < 5)
    harmful.signals[:, SIGNALS.index("rejected")] = harmful.grade["all"]

    assert fit_signal_weights([harmless], reference=0.0, seed=0).rejected == 0.8
    assert fit_signal_weights([harmful], reference=0.0, seed=0).rejected == 0.0


def test_a_gain_in_one_cell_does_not_pay_for_a_loss_in_another() -> None:
    good, bad = (
        planted(queries=120, helpful="lexical", seed=1, warm_share=1),
        planted(queries=120, helpful="lexical", seed=2, warm_share=0),
    )
    away = np.roll(bad.signals, 1, axis=2)
    misled = Candidates(
        bad.similarity + bad.grade["all"] * np.float32(0.05),
        away,
        bad.grade,
        bad.out,
        bad.ideal,
        bad.query_ids,
        bad.groups,
    )

    assert fit_signal_weights([good, misled], reference=0.0, seed=0) == PLAIN


TITLES = [
    Title(title_id=f"t{number}", title=f"Qwxz{number}", genres=(("fantasy", "comedy")[number % 2],))
    for number in range(12)
]
DOCUMENTS = documents(TITLES, [], enrich="all")
IDS = [document.doc_id for document in DOCUMENTS]
COMPOSER = Composer(DOCUMENTS, TITLES)


def world(seed: int) -> tuple[Composition, dict[str, dict[DocId, int]], Vectors, Vectors]:
    """Texts that name a title; what answers is the title with the nearest vector."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(12, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    near = vectors @ vectors.T - 2 * np.eye(12)
    judged = {f"like qwxz{row}": {IDS[int(near[row].argmax())]: 1} for row in range(12)}
    queries = rng.normal(size=(12, 8)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    return Composition.of(COMPOSER, sorted(judged), {}), judged, queries, vectors


def test_named_titles_are_joined_where_that_finds_the_answers() -> None:
    composition, judged, queries, vectors = world(0)
    base = {text: queries[row] for row, text in enumerate(sorted(judged))}

    assert fit_reference_weight(composition, judged, base, vectors, IDS) > 0
    unnamed = {"cosy": judged["like qwxz1"]}
    assert fit_reference_weight(Composition.of(COMPOSER, ["cosy"], {}), unnamed, base, vectors, IDS) == 0


@settings(deadline=None, max_examples=20)
@given(
    st.integers(0, 50),
    st.builds(
        CompositionWeights,
        lexical=st.sampled_from([0, 0.1, 0.5]),
        reference_facets=st.sampled_from([0, 0.4]),
        wanted=st.sampled_from([0, 0.2]),
        rejected=st.sampled_from([0, 0.4]),
    ),
)
def test_candidates_score_as_the_complete_search_does(seed: int, weights: CompositionWeights) -> None:
    composition, judged, queries, vectors = world(seed)
    texts = sorted(judged)
    ids = [QueryId(text) for text in texts]
    qrels = {QueryId(text): judged[text] for text in texts}

    held = candidates(composition, ids, queries, vectors, IDS, qrels, {}, frozenset(IDS[:6]))

    search = ComposedSearch.over(COMPOSER, weights, Adapter("identity", vectors.shape[1]), IDS, vectors)

    run = search.run([Query(QueryId(text), text) for text in texts], queries, depth=12)
    exact = {query_id: score.ndcg_at_10 for query_id, score in score_run(run, qrels).items()}
    assert held.ndcg(weights, "all") == pytest.approx(exact, abs=1e-5)
