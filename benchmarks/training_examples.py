"""A seed in, the training set of a first run out: what training costs is measured on it, not what it learns.

The size is the documented first run's, in the shop in which published methods were compared (see `nudged_shop`): 20,000
products, 9,000 of them ever shown, 27,000 examples of a query, its product and 7 hard negatives, 1,024 dimensions.
"""

import numpy as np
from scipy import sparse

from mangaassist.adapter.examples import Indices, TrainingSet
from mangaassist.core.types import Vectors

PRODUCTS, SHOWN, EXAMPLES, HARD, DIMENSION = 20_000, 9_000, 27_000, 7, 1024


def first_run_examples(*, seed: int, popularity: float) -> TrainingSet:
    """The examples; of the products ever shown, the one of rank r stands in them in proportion to r to -popularity.

    0 shows all alike, so that a batch hardly holds a product twice; about 1 is what shops report of themselves.
    """
    rng = np.random.default_rng(seed)
    positive, hard = drawn_rows(rng, popularity=popularity)
    rows = np.arange(EXAMPLES)
    none = np.empty((0, DIMENSION), dtype=np.float32)
    return TrainingSet(
        queries=_unit(rng, EXAMPLES),
        documents=_unit(rng, PRODUCTS),
        query=rows,
        positive=positive,
        weight=np.ones(EXAMPLES, dtype=np.float32),
        words=rows,
        client=np.full(EXAMPLES, -1),
        hard_negatives=hard,
        relevant=sparse.csr_matrix((np.ones(EXAMPLES, dtype=bool), (rows, positive)), shape=(EXAMPLES, PRODUCTS)),
        corpus_left=none,
        corpus_right=none,
        corpus_group=np.empty(0, dtype=np.int64),
    )


def drawn_rows(rng: np.random.Generator, *, popularity: float) -> tuple[Indices, Indices]:
    """Products of the examples, (e,), and their hard negatives, (e, h): -1 where the product itself was drawn."""
    share = np.arange(1, SHOWN + 1) ** -popularity
    drawn = rng.choice(SHOWN, size=(EXAMPLES, 1 + HARD), p=share / share.sum())
    positive, hard = drawn[:, 0], drawn[:, 1:]
    return positive, np.where(hard == positive[:, None], -1, hard)


def _unit(rng: np.random.Generator, count: int) -> Vectors:
    vectors = rng.standard_normal(size=(count, DIMENSION), dtype=np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
