"""Titles around planted centres: who belongs together is known."""

from collections.abc import Sequence

import numpy as np

from mangaassist.core.types import Vectors
from mangaassist.data import Title

DIMENSION = 24
STORIES = ("cooking", "samurai", "robots", "ghosts", "soccer", "vampires")


def unit(vectors: np.ndarray) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def planted(
    each: int = 8, *, stories: int = len(STORIES), noise: float = 0.4, seed: int = 0
) -> tuple[Vectors, list[int]]:
    """`each` vectors around every one of `stories` centres, and which centre each is of."""
    rng = np.random.default_rng(seed)
    centres = unit(rng.normal(size=(stories, DIMENSION)))
    of = [story for story in range(stories) for _ in range(each)]
    return unit(centres[of] + noise * unit(rng.normal(size=(len(of), DIMENSION)))), of


def titles_about(of: Sequence[int]) -> list[Title]:
    """A title per entry, its theme that of its story; all are dramas."""
    return [
        Title(
            title_id=f"{STORIES[story]}-{number}",
            title=f"{STORIES[story]} {number}",
            genres=("drama",),
            themes=(STORIES[story],),
        )
        for number, story in enumerate(of)
    ]
