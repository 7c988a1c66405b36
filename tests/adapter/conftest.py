"""The training set most adapter tests use."""

import pytest
from small_world import as_training_set, turned_world

from mangaassist.adapter.examples import TrainingSet


@pytest.fixture
def small_set() -> TrainingSet:
    return as_training_set(*turned_world(), hard=7)
