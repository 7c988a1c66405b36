"""A simulated shop in, a log's pairs out: what shoppers clicked and bought, and what generators wrote."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from benchmarks.detectors.shop import HALF, TONES, Indices, Numbers, Shop, Texts
from mangaassist.core.types import Pair, Vectors

NEEDS, CLIENTS, CLICKS = 500, 400, 5
SYNTHETIC = 300
_START = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Log:
    """What may train. vectors: the base vector of every text; makers: synthetic text → its generator."""

    texts: Texts
    pairs: list[Pair]
    vectors: Mapping[str, Vectors]
    makers: Mapping[str, str] = field(default_factory=dict)


def make_log(shop: Shop, name: str, *, languages: Numbers | None = None) -> Log:
    """Two wordings of every need, each with clicks of several clients on warm documents that are right or nearly so.

    languages (3,): shares of the languages; alike where nothing is said.
    """
    rng = shop.rng
    needs = np.repeat(shop.needs(NEEDS), 2, axis=0)
    language = rng.choice(3, size=len(needs), p=languages)
    texts = shop.worded(needs, language, np.repeat(np.arange(NEEDS), 2))
    liked = np.where(shop.is_cold, -np.inf, shop.liking(texts.meaning))
    choices = np.argsort(-liked, axis=1, kind="stable")[:, :8]
    pairs: list[Pair] = []
    tone = (needs[:, HALF:] @ shop.tones.T).argmax(axis=1)
    for row in range(len(needs)):
        found = choices[row, rng.choice(8, size=CLICKS, replace=False)]
        pairs += [click(shop, f"{name} {row}", int(each), _client(int(tone[row]), rng), rng) for each in found]
    vectors = {f"{name} {row}": vector for row, vector in enumerate(texts.vectors)}
    return Log(texts, pairs, vectors)


def click(shop: Shop, text: str, row: int, client: str, rng: np.random.Generator) -> Pair:
    """One click, or every fourth time a purchase, at any time of three months."""
    source = "cart" if rng.random() < 0.25 else "click"
    at = _START + timedelta(minutes=int(rng.integers(90 * 24 * 60)))
    return Pair(text, shop.doc_ids[row], source, client=client, at=at)  # type: ignore[arg-type]


def with_synthetic(shop: Shop, log: Log, count: int, *, drifting: float) -> Log:
    """The log with texts that two generators wrote for warm documents.

    `facets` says what a document is like. `blurb` says its subgenre in a generator's own way and another tone, as if
    the tone were noise; `drifting` is its share.
    """
    rng = shop.rng
    rows = rng.choice(np.flatnonzero(~shop.is_cold), size=count)
    drifts = rng.random(count) < drifting
    meaning = shop.meaning[rows].copy()
    meaning[drifts, HALF:] = shop.meaning[rng.permutation(rows[drifts]) if drifts.any() else [], HALF:]
    vectors = shop.encoded(meaning, np.zeros(count, dtype=np.int64))
    texts = [f"written {number}" for number in range(count)]
    pairs = [Pair(text, shop.doc_ids[row], "synthetic") for text, row in zip(texts, rows, strict=True)]
    makers = {text: "blurb" if drifts[number] else "facets" for number, text in enumerate(texts)}
    return Log(log.texts, [*log.pairs, *pairs], {**log.vectors, **dict(zip(texts, vectors, strict=True))}, makers)


def _client(tone: int, rng: np.random.Generator) -> str:
    """A client that likes this tone; some come far more often than others."""
    number = int(CLIENTS // TONES * rng.random() ** 2)
    return f"c{number * TONES + tone}"


def rows_of(shop: Shop, pairs: list[Pair]) -> Indices:
    """The row of every pair's positive."""
    return np.array([int(pair.positive[1:]) for pair in pairs], dtype=np.int64)
