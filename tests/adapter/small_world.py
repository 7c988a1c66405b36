"""A small world where the right answer is known: documents, queries turned away from them, and their training set."""

import numpy as np

from mangaassist.adapter.examples import CorpusVectors, TrainingSet, training_set
from mangaassist.core.types import DocId, Example, Vectors

DIMENSION = 32


def unit(vectors: np.ndarray) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), dtype=np.float32)


def turned_world(*, documents: int = 300, noise: float = 0.25, seed: int = 0) -> tuple[Vectors, Vectors]:
    """(queries, documents), row by row: each query is its document through one fixed rotation, plus noise."""
    rng = np.random.default_rng(seed)
    base = unit(rng.normal(size=(documents, DIMENSION)))
    rotation, _ = np.linalg.qr(np.eye(DIMENSION) + 0.25 * rng.normal(size=(DIMENSION, DIMENSION)))
    return unit(base @ rotation + noise * rng.normal(size=base.shape) / DIMENSION**0.5), base


def as_training_set(
    queries: Vectors, documents: Vectors, *, hard: int = 0, answers: np.ndarray | None = None
) -> TrainingSet:
    """Query i is answered by document i, or answers[i]; its hard negatives are the documents after it."""
    of_query = np.arange(len(queries)) if answers is None else answers
    doc_ids = [DocId(f"d{row:04}") for row in range(len(documents))]
    examples = [
        Example(
            query_text=f"q{row:04}",
            positive=doc_ids[of_query[row]],
            hard_negatives=tuple(doc_ids[(of_query[row] + step) % len(documents)] for step in range(1, hard + 1)),
            also_positive=(),
            weight=1.0,
            source="judgement",
        )
        for row in range(len(queries))
    ]
    vectors = {f"q{row:04}": queries[row] for row in range(len(queries))}
    none = np.empty((0, documents.shape[1]), dtype=np.float32)
    return training_set(examples, vectors, CorpusVectors(doc_ids, documents, none, none, np.empty(0, dtype=np.int64)))
