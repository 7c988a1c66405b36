import numpy as np

from mangaassist.core.types import Vectors
from mangaassist.feedback import APART, centres_of, cluster_vectors
from mangaassist.feedback.clustering import with_leftovers


def blobs(sizes: tuple[int, ...], *, spread: float = 0.05, seed: int = 0) -> Vectors:
    """Unit vectors around as many directions as there are sizes, far from each other."""
    rng = np.random.default_rng(seed)
    directions = np.eye(40, dtype=np.float32)[: len(sizes)]
    rows = [
        direction + spread * rng.normal(size=40)
        for direction, size in zip(directions, sizes, strict=True)
        for _ in range(size)
    ]
    found = np.array(rows, dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def test_dense_places_become_clusters_the_larger_first() -> None:
    labels = cluster_vectors(blobs((8, 20, 12)), min_cluster=4, reach=0.5, seed=0)

    assert [int((labels == each).sum()) for each in range(3)] == [20, 12, 8]
    assert set(labels[8:28].tolist()) == {0}


def test_what_is_far_from_every_centre_is_kept_apart() -> None:
    stranger = np.eye(40, dtype=np.float32)[35:36]

    labels = cluster_vectors(np.concatenate([blobs((15, 15, 15)), stranger]), min_cluster=4, reach=0.5, seed=0)

    assert labels[45] == APART


def test_a_leftover_joins_the_nearest_cluster_only_if_it_is_near_enough() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.8, 0.6], [-1, 0]], dtype=np.float32)
    labels = np.array([0, 1, APART, APART])

    assert with_leftovers(labels, vectors, 0.7).tolist() == [0, 1, 0, APART]
    assert with_leftovers(labels, vectors, 0.9).tolist() == [0, 1, APART, APART]


def test_the_same_vectors_give_the_same_clusters() -> None:
    vectors = blobs((10, 10, 10), spread=0.2)

    assert (
        cluster_vectors(vectors, min_cluster=4, reach=0.5, seed=3).tolist()
        == cluster_vectors(vectors, min_cluster=4, reach=0.5, seed=3).tolist()
    )


def test_too_few_texts_make_no_cluster() -> None:
    assert cluster_vectors(blobs((3,)), min_cluster=4, reach=0.5, seed=0).tolist() == [APART] * 3
    assert cluster_vectors(np.zeros((0, 40), np.float32), min_cluster=4, reach=0.5, seed=0).shape == (0,)


def test_a_centre_is_the_unit_mean_of_its_cluster_alone() -> None:
    vectors = np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32)

    centres = centres_of(vectors, np.array([0, 0, APART]))

    np.testing.assert_allclose(centres, [[0.70710677, 0.70710677]], rtol=1e-6)
