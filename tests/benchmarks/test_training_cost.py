"""The training benchmark counts what a step does, and draws the examples it says."""

import numpy as np
import pytest
from benchmarks.training import operations_of
from benchmarks.training_examples import DIMENSION, EXAMPLES, HARD, SHOWN, drawn_rows

from mangaassist.adapter.batches import Batch


def batch_of(queries: int, candidates: int) -> Batch:
    none = np.empty(0, dtype=np.int64)
    allowed = np.ones((queries, candidates), dtype=bool)
    rows = np.arange(queries)
    return Batch(rows, np.arange(candidates), rows, allowed, np.ones(queries, dtype=np.float32), none)


def test_operations_are_those_of_the_products_of_a_step() -> None:
    """Two of the first layer, four of the second one's square form, one for scores, and four to hand them back."""
    wide, narrow, (queries, candidates) = DIMENSION, DIMENSION // 2, (3, 10)
    rows = queries + candidates
    first_layer = 2 * rows * wide * narrow
    square_form = 2 * rows * narrow * narrow + 2 * narrow * narrow * wide
    between = 5 * queries * candidates * narrow

    assert operations_of(batch_of(queries, candidates)) == 2 * (first_layer + square_form + between)


@pytest.mark.parametrize("popularity", [0.0, 1.0])
def test_examples_are_of_shown_products_and_none_is_its_own_negative(popularity: float) -> None:
    positive, hard = drawn_rows(np.random.default_rng(0), popularity=popularity)

    assert (positive.shape, hard.shape) == ((EXAMPLES,), (EXAMPLES, HARD))
    assert positive.max() < SHOWN
    assert not (hard == positive[:, None]).any()


def test_popular_products_are_drawn_more_often() -> None:
    alike, popular = (drawn_rows(np.random.default_rng(0), popularity=each)[0] for each in (0.0, 1.0))

    assert np.bincount(popular).max() > 100 * np.bincount(alike).mean()
