"""What the load is made of: catalogues of any size, and messages no two alike."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from benchmarks.serving_catalogue import titles_of
from benchmarks.serving_messages import messages, real_messages

from benchmarks import serving_catalogue, serving_messages
from mangaassist.core.types import Vectors
from mangaassist.encoders import CachedEncoder
from mangaassist.sample import sample_shop


class Numbered:
    """Any vectors, quickly."""

    encoder_id, dimension = "numbered@1", 16

    def encode(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([np.random.default_rng(abs(hash(text)) % 2**32).normal(size=16) for text in texts])
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


@pytest.fixture(autouse=True)
def without_the_real_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving_catalogue, "REAL", Path("/nowhere"))
    monkeypatch.setattr(serving_messages, "MANGA", Path("/nowhere"))


@pytest.fixture
def encoder(tmp_path: Path) -> CachedEncoder:
    return CachedEncoder(Numbered(), tmp_path)


def test_a_catalogue_larger_than_there_are_real_titles_is_filled_up_with_perturbed_ones(encoder: CachedEncoder) -> None:
    real = len(sample_shop().titles)

    found = titles_of(real + 500, encoder, seed=0)

    assert len({title.title_id for title in found.titles}) == real + 500
    assert len(set(found.texts)) > real + 450  # a text per title, but for a few chance repeats
    assert found.vectors.shape == (real + 500, 16)
    assert np.linalg.norm(found.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert found.source == f"{real:,} titles of the sample and 500 perturbed ones"


def test_a_perturbed_vector_lies_near_the_one_it_was_made_of_and_is_another(encoder: CachedEncoder) -> None:
    real = len(sample_shop().titles)
    found = titles_of(real + 50, encoder, seed=0)

    nearest = (found.vectors[real:] @ found.vectors[:real].T).max(axis=1)

    assert np.all(nearest > 0.7)
    assert np.all(nearest < 0.999)


def test_a_small_catalogue_has_real_titles_only_and_depends_on_its_seed(encoder: CachedEncoder) -> None:
    first, again, other = (titles_of(50, encoder, seed=seed) for seed in (0, 0, 1))

    assert first.source == "50 titles of the sample"
    assert [title.title_id for title in first.titles] == [title.title_id for title in again.titles]
    assert [title.title_id for title in first.titles] != [title.title_id for title in other.titles]


def test_no_message_comes_twice_and_test_queries_are_not_among_the_real_ones() -> None:
    shop = sample_shop()

    found = messages(5_000, shop.titles, seed=0)

    assert len(found) == len(set(found)) == 5_000
    assert set(real_messages()) <= set(found)
    assert not set(real_messages()) & {query.text for query in shop.queries if query.split == "test"}
    assert found == messages(5_000, shop.titles, seed=0)
