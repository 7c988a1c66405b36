"""A number in, so many titles and their base vectors out: real ones, and perturbed ones where more are asked for.

A perturbed title joins the names and descriptions of two real ones, gains or loses a genre, and has the first one's
vector moved by a random one of 0.6 of its length: so names, words, facets and neighbours are as many as a shop of that
size would have. Nothing of it is a real title.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mangaassist.core.types import Progress, Vectors, no_progress
from mangaassist.data import documents
from mangaassist.data.contracts import Title
from mangaassist.encoders import CachedEncoder
from mangaassist.sample import sample_shop

REAL = Path(__file__).parents[1].parent / "shared" / "data" / "manga" / "catalog.jsonl.gz"
MOVED_BY = 0.6


@dataclass(frozen=True, slots=True)
class Titles:
    """Titles and the base vectors of their enriched texts, (n, d). source: where they come from, in words."""

    titles: Sequence[Title]
    texts: Sequence[str]
    vectors: Vectors
    source: str


def titles_of(count: int, encoder: CachedEncoder, *, seed: int, progress: Progress = no_progress) -> Titles:
    """So many titles; real ones first, in a drawn order."""
    rng = np.random.default_rng(seed)
    real, origin = _real_titles()
    order = rng.permutation(len(real))
    chosen = [real[place] for place in order[:count]]
    vectors = encoder.encode(_texts(chosen))
    made = count - len(chosen)
    source = f"{len(chosen):,} {origin}" + (f" and {made:,} perturbed ones" if made else "")
    if not made:
        return Titles(chosen, _texts(chosen), vectors, source)
    parents = rng.integers(len(chosen), size=(made, 2))
    copies = []
    for number, (first, second) in enumerate(parents.tolist()):
        copies.append(_joined(chosen[first], chosen[second], number, rng))
        if number % 1_000 == 0:
            progress("perturbing titles", number, made)
    moved = vectors[parents[:, 0]] + np.float32(MOVED_BY) * _unit(rng.normal(size=(made, vectors.shape[1])))
    titles = [*chosen, *copies]
    return Titles(titles, _texts(titles), np.concatenate([vectors, _unit(moved)]), source)


def _real_titles() -> tuple[Sequence[Title], str]:
    if not REAL.is_file():
        return sample_shop().titles, "titles of the sample"
    with gzip.open(REAL, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Title.model_validate({"popularity": row.get("members"), **row}) for row in rows], "real titles"


def _texts(titles: Sequence[Title]) -> list[str]:
    return [document.text for document in documents(titles, [], enrich="all")]


def _joined(first: Title, second: Title, number: int, rng: np.random.Generator) -> Title:
    """A title that never was, with a name of its own."""
    values: dict[str, Any] = {
        "title_id": f"p{number:06d}",
        "title": _halves(first.title, second.title),
        "title_romaji": _halves(first.title_romaji or first.title, second.title_romaji or second.title),
        "authors": second.authors,
        "genres": [*first.genres[1:], *second.genres[:1]],
        "themes": first.themes,
        "tones": first.tones,
        "demographic": first.demographic or second.demographic,
        "description": _halves(first.description or "", second.description or "") or None,
        "popularity": (first.popularity or 1.0) * float(rng.random()),
        "status": first.status,
        "published": second.published,
        "volumes": second.volumes,
    }
    if first.title_japanese and second.title_japanese:
        half, other = len(first.title_japanese) // 2 + 1, len(second.title_japanese) // 2
        values["title_japanese"] = first.title_japanese[:half] + second.title_japanese[other:]
    return Title.model_validate(values)


def _halves(first: str, second: str) -> str:
    """The first half of one text's words, the second half of the other's."""
    ours, theirs = first.split(), second.split()
    return " ".join([*ours[: (len(ours) + 1) // 2], *theirs[len(theirs) // 2 :]])


def _unit(vectors: Any) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
