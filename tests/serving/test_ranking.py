from pathlib import Path

import numpy as np
import pytest

from mangaassist.core.types import Adjustment, DocId, Vectors
from mangaassist.retrieval import DocumentVectors, IndexInfo, build_index, open_index
from mangaassist.serving.ranking import BY_VECTOR, RanksAll, RanksCandidates, best_without_vector

COUNT, DIMENSION = 6_000, 32
IDS = [DocId(f"d{number:04}") for number in range(COUNT)]
KINDS = ["title" if number % 3 else "article" for number in range(COUNT)]


def drawn(count: int, seed: int) -> Vectors:
    vectors = np.random.default_rng(seed).normal(size=(count, DIMENSION)).astype(np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[RanksAll, RanksCandidates]:
    folder: Path = tmp_path_factory.mktemp("large") / "index"
    vectors = drawn(COUNT, 0)
    documents = DocumentVectors(IDS, vectors, {"kind": KINDS})
    build_index(folder, documents, IndexInfo("e", "r", DIMENSION), exact_up_to=100)
    store = open_index(folder, encoder_id="e", release="r")
    return RanksAll(IDS, vectors), RanksCandidates.over(store, IDS)


def test_candidates_scored_exactly_give_the_ranking_of_all(both: tuple[RanksAll, RanksCandidates]) -> None:
    everything, candidates = both
    rng = np.random.default_rng(1)
    for query in drawn(20, 2):
        bonus = np.where(rng.random(COUNT) < 0.03, rng.random(COUNT), 0).astype(np.float32)
        adjustment = Adjustment(bonus, rng.random(COUNT) < 0.9)

        expected = everything.best(query, adjustment, 10)
        found = candidates.best(query, adjustment, 10)

        assert list(found) == list(expected)
        assert list(found.values()) == pytest.approx(list(expected.values()), abs=1e-5)


def test_a_document_that_only_its_bonus_brings_up_is_found(both: tuple[RanksAll, RanksCandidates]) -> None:
    everything, candidates = both
    query = drawn(1, 3)[0]
    worst = int(np.argmin(everything.vectors @ query))
    bonus = np.zeros(COUNT, dtype=np.float32)
    bonus[worst] = 3.0

    assert list(candidates.best(query, Adjustment(bonus), 1)) == [IDS[worst]]
    assert BY_VECTOR < COUNT


def test_a_filter_reaches_past_the_nearest_candidates(both: tuple[RanksAll, RanksCandidates]) -> None:
    everything, candidates = both
    query = drawn(1, 4)[0]
    allowed = np.array([kind == "article" for kind in KINDS])

    expected = everything.best(query, Adjustment(allowed=allowed), 400)
    found = candidates.best(query, Adjustment(allowed=allowed), 400)

    assert list(found) == list(expected)


def test_without_a_vector_only_what_something_speaks_for_is_found() -> None:
    adjustment = Adjustment(np.array([0.0, 0.5, -0.2, 0.9], dtype=np.float32), np.array([True, True, True, False]))

    assert list(best_without_vector(IDS[:4], adjustment, 10)) == [IDS[1]]
