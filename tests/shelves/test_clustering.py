import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shelf_worlds import planted

from mangaassist.core.errors import ShapeError
from mangaassist.shelves import clustering
from mangaassist.shelves.clustering import SMALLEST, cluster


def together(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def test_planted_clusters_are_recovered() -> None:
    vectors, of = planted()

    assert together(cluster(vectors, 6, seed=0)) == together(np.array(of))


def test_planted_clusters_are_recovered_from_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "WARD_UP_TO", 60)
    vectors, of = planted(each=40)

    assert together(cluster(vectors, 6, seed=0)) == together(np.array(of))


def test_the_same_vectors_and_seed_give_the_same_clusters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "WARD_UP_TO", 50)
    vectors, _ = planted(each=30, noise=2.0)

    first, again = cluster(vectors, 12, seed=3), cluster(vectors, 12, seed=3)

    assert (first == again).all()
    assert (first != cluster(vectors, 12, seed=4)).any()


def test_a_cluster_that_is_too_small_joins_the_nearest() -> None:
    vectors, of = planted(each=6, stories=2)
    alone = -vectors[:1]

    labels = cluster(np.concatenate([vectors, alone]), 3, seed=0)

    assert np.bincount(labels).tolist() in ([7, 6], [6, 7])
    assert together(labels[:-1]) == together(np.array(of))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 50), st.integers(0, 5))
def test_clusters_are_numbered_from_zero_in_order_of_appearance_and_none_is_too_small(
    size: int, count: int, seed: int
) -> None:
    vectors, _ = planted(each=size, stories=1, noise=3.0, seed=seed)

    labels = cluster(vectors, count, seed=seed)

    sizes = np.bincount(labels)
    firsts = [int(np.flatnonzero(labels == label)[0]) for label in range(len(sizes))]
    assert len(labels) == size
    assert firsts == sorted(firsts)
    assert len(sizes) <= count
    assert sizes.min() >= SMALLEST or sizes.max() < SMALLEST


def test_titles_that_are_all_alike_are_one_cluster_or_several_but_no_error() -> None:
    vectors, _ = planted(each=1, stories=1)

    assert len(cluster(np.repeat(vectors, 20, axis=0), 5, seed=0)) == 20


@pytest.mark.parametrize(("shape", "count"), [((0, 4), 2), ((4,), 2), ((4, 4), 0)])
def test_what_cannot_be_clustered_is_refused(shape: tuple[int, ...], count: int) -> None:
    with pytest.raises(ShapeError, match="give \\(n, d\\) and a count of 1 or more"):
        cluster(np.ones(shape, dtype=np.float32), count, seed=0)
