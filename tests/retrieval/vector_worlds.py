"""Documents with vectors for the tests of the index, and the plainest possible search to hold it to."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

import numpy as np

from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval import DocumentVectors, Hits, IndexInfo

Model: TypeAlias = dict[DocId, tuple[Vectors, Mapping[str, str]]]

AGES = ("all", "teen", "adult")
KINDS = ("title", "article")


def unit(vectors: np.ndarray) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def info(dimension: int = 16, encoder_id: str = "encoder-1", release: str = "embed-adapter-v03") -> IndexInfo:
    return IndexInfo(encoder_id, release, dimension, catalogue="snapshot-1", enrichment="all")


def documents(count: int, *, seed: int = 0, dimension: int = 16, coarse: bool = True) -> DocumentVectors:
    """Documents in no order of ids. Coarse vectors come from a small set, so that many scores are equal."""
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(max(1, count // 3) if coarse else count, dimension)))
    ids = [DocId(f"d{number:05d}") for number in rng.permutation(count)]
    return DocumentVectors(
        ids,
        vectors[rng.integers(len(vectors), size=count)] if coarse else vectors,
        {
            "age_rating": [AGES[number] for number in rng.integers(len(AGES), size=count)],
            "kind": [KINDS[number] for number in rng.integers(len(KINDS), size=count)],
        },
    )


def clustered(
    count: int, dimension: int, *, seed: int, noise: float = 0.7, queries: int = 100
) -> tuple[Vectors, Vectors]:
    """Vectors that perturb a fiftieth as many centres, as titles do genres, and queries that perturb some of them."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(max(1, count // 50), dimension)))
    drawn = centres[rng.integers(len(centres), size=count)] + noise * unit(rng.normal(size=(count, dimension)))
    vectors = unit(drawn)
    asked = vectors[rng.integers(count, size=queries)] + noise * unit(rng.normal(size=(queries, dimension)))
    return vectors, unit(asked)


def of(model: Model, dimension: int = 16) -> DocumentVectors:
    """A dict of documents as a store takes it."""
    vectors = np.array([vector for vector, _ in model.values()], dtype=np.float32).reshape(-1, dimension)
    facets = {name: [values[name] for _, values in model.values()] for name in ("age_rating", "kind")}
    return DocumentVectors(list(model), vectors, facets)


def rows_of(held: DocumentVectors) -> Model:
    """The documents as a dict."""
    return {
        doc_id: (held.vectors[row], {name: values[row] for name, values in held.facets.items()})
        for row, doc_id in enumerate(held.doc_ids)
    }


def only(held: DocumentVectors, where: Mapping[str, Collection[str]]) -> DocumentVectors:
    """The documents that pass a filter, by asking each."""
    rows = [
        row
        for row in range(len(held.doc_ids))
        if all(held.facets[name][row] in values for name, values in where.items())
    ]
    facets = {name: [values[row] for row in rows] for name, values in held.facets.items()}
    return DocumentVectors([held.doc_ids[row] for row in rows], held.vectors[rows], facets)


def sorted_by_hand(held: DocumentVectors, query: Vectors, k: int) -> list[tuple[DocId, float]]:
    """Every score, each document by itself, sorted."""
    scores = [float(np.float32(np.dot(vector.astype(float), query.astype(float)))) for vector in held.vectors]
    return sorted(zip(held.doc_ids, scores, strict=True), key=lambda scored: (-round(scored[1], 6), scored[0]))[:k]


def assert_same(found: Hits, expected: list[tuple[DocId, float]]) -> None:
    assert list(found.doc_ids) == [doc_id for doc_id, _ in expected]
    np.testing.assert_allclose(found.scores, [score for _, score in expected], atol=1e-6)
