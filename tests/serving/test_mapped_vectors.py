from pathlib import Path

import numpy as np
import pytest

from mangaassist.core.types import Vectors
from mangaassist.serving.mapped_vectors import mapped_vectors

VECTORS = np.arange(12, dtype=np.float32).reshape(3, 4)
TEXTS = ["cozy", "dark", "苺"]


class Maker:
    """Makes the vectors, and counts how often."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Vectors:
        self.made += 1
        return VECTORS


def test_what_was_made_once_is_mapped_by_everyone_after(tmp_path: Path) -> None:
    maker = Maker()

    first, second = (mapped_vectors(tmp_path, TEXTS, (3, 4), maker) for _ in range(2))

    assert maker.made == 1
    for found in (first, second):
        assert np.array_equal(found, VECTORS)
        assert isinstance(found.base, np.memmap)
        assert not found.flags.writeable


@pytest.mark.parametrize("texts", [["cozy", "dark", "new"], ["dark", "cozy", "苺"], ["cozydark", "", "苺"]])
def test_other_texts_have_other_vectors_and_the_old_file_goes(tmp_path: Path, texts: list[str]) -> None:
    maker = Maker()
    kept = mapped_vectors(tmp_path, TEXTS, (3, 4), maker)

    mapped_vectors(tmp_path, texts, (3, 4), maker)

    assert maker.made == 2
    assert len(list(tmp_path.glob("*base-*"))) == 1
    assert np.array_equal(kept, VECTORS)  # whoever has the old file open keeps it


def test_a_file_that_is_not_whole_is_made_anew(tmp_path: Path) -> None:
    mapped_vectors(tmp_path, TEXTS, (3, 4), Maker())
    (path,) = tmp_path.glob("base-*")
    path.write_bytes(path.read_bytes()[:-4])
    maker = Maker()

    assert np.array_equal(mapped_vectors(tmp_path, TEXTS, (3, 4), maker), VECTORS)
    assert maker.made == 1


def test_where_nothing_can_be_written_they_stay_in_memory(tmp_path: Path) -> None:
    found = mapped_vectors(tmp_path / "nowhere", TEXTS, (3, 4), Maker())

    assert np.array_equal(found, VECTORS)


def test_a_failure_while_making_leaves_nothing(tmp_path: Path) -> None:
    def fails() -> Vectors:
        raise RuntimeError("the encoder is away")

    with pytest.raises(RuntimeError, match="away"):
        mapped_vectors(tmp_path, TEXTS, (3, 4), fails)

    assert list(tmp_path.glob("*base-*")) == []
