"""A seed in, a small simulated shop out: documents and needs as meanings, and what a flawed base encoder makes of them.

A meaning has a subgenre half and a tone half, and people care more for tone. The base encoder hears tone at half
strength, a title's popularity where nobody asked for it, and turns English one way and Japanese and romanised text the
other: so there is something to learn, and each failure has something to go wrong with. One that hears clearly weighs
both halves as people do.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mangaassist.core.types import DocId, Vectors

DOCUMENTS, SUBGENRES, TONES, THEMES = 800, 12, 10, 20
HALF, STYLE = 16, 8
"""Dimensions of each half of a meaning, and of what a vector says besides."""
COLD_SHARE = 0.3
RELEVANT = 4
LANGUAGES = ("en", "ja", "romaji")
TURN = 0.45
"""Radians by which the base encoder turns the meanings of a language."""
CARE = 0.3
"""How much people care for the subgenre, where they care 1 for the tone."""
NOISE = 0.06
"""What a query's vector says by accident, per dimension."""

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Texts:
    """Queries: meaning (q, 2 HALF), base vectors (q, d), relevant (q, RELEVANT) rows of documents, language numbers.

    need (q,): which need each words; tagged (q,): whether its text holds the tags of its first relevant document.
    """

    meaning: Numbers
    vectors: Vectors
    relevant: Indices
    language: Indices
    need: Indices
    tagged: Mask


@dataclass(frozen=True, slots=True)
class Shop:
    """The documents of one shop; cold ones are never shown to anybody."""

    rng: np.random.Generator
    subgenre: Indices
    tone: Indices
    theme: Indices
    meaning: Numbers
    popularity: Numbers
    is_cold: Mask
    vectors: Vectors
    subgenres: Numbers
    tones: Numbers
    turn: Numbers
    heard: Numbers
    flaws: float
    doc_ids: tuple[DocId, ...] = field(default_factory=lambda: tuple(DocId(f"d{row:03}") for row in range(DOCUMENTS)))

    def needs(self, count: int) -> Numbers:
        """(count, 2 HALF): what people want; each is near some subgenre and some tone."""
        subgenre = self.subgenres[self.rng.integers(SUBGENRES, size=count)]
        tone = self.tones[self.rng.integers(TONES, size=count)]
        return np.hstack([_near(subgenre, 0.5, self.rng), _near(tone, 0.5, self.rng)])

    def worded(self, meaning: Numbers, language: Indices, need: Indices, *, tagged: float = 0.2) -> Texts:
        """Queries that word these needs, with base vectors as the encoder makes them."""
        similarity = self.liking(meaning)
        relevant = np.argsort(-similarity, axis=1, kind="stable")[:, :RELEVANT]
        return Texts(
            meaning,
            self.encoded(meaning, language),
            relevant,
            language,
            need,
            self.rng.random(len(meaning)) < tagged,
        )

    def liking(self, meaning: Numbers) -> Numbers:
        """(n, documents): how much who wants these meanings likes each document."""
        return CARE * meaning[:, :HALF] @ self.meaning[:, :HALF].T + meaning[:, HALF:] @ self.meaning[:, HALF:].T

    def encoded(self, meaning: Numbers, language: Indices) -> Vectors:
        """Base vectors of texts of these meanings."""
        turned = np.where((language == 0)[:, None], meaning @ self.turn, meaning @ self.turn.T)
        style = self.rng.normal(scale=0.05, size=(len(meaning), STYLE))
        style[:, 0] += 0.2
        style[np.arange(len(meaning)), 1 + language] += 0.3
        return _encoded(turned, self.flaws * style, self.heard, NOISE * self.flaws, self.rng)


def make_shop(seed: int, *, clarity: float = 0.0) -> Shop:
    """The shop of a seed. clarity: how much of the base encoder's flaws is gone; 1 leaves nothing to learn."""
    rng = np.random.default_rng(seed)
    subgenres, tones = (_unit(rng.normal(size=(count, HALF))) for count in (SUBGENRES, TONES))
    subgenre, tone, theme = (rng.integers(count, size=DOCUMENTS) for count in (SUBGENRES, TONES, THEMES))
    meaning = np.hstack([_near(subgenres[subgenre], 0.5, rng), _near(tones[tone], 0.5, rng)])
    popularity = 1.0 / (1 + rng.permutation(DOCUMENTS))
    style = rng.normal(scale=0.05, size=(DOCUMENTS, STYLE))
    style[:, 0] += 0.25 * _standardised(np.log(popularity))
    flaws = 1 - clarity
    heard = np.repeat([1 - (1 - np.sqrt(CARE)) * clarity, 1 - 0.5 * flaws], HALF)
    return Shop(
        rng=rng,
        subgenre=subgenre,
        tone=tone,
        theme=theme,
        meaning=meaning,
        popularity=popularity,
        is_cold=rng.random(DOCUMENTS) < COLD_SHARE,
        vectors=_encoded(meaning, flaws * style, heard, 0.02 * flaws, rng),
        subgenres=subgenres,
        tones=tones,
        turn=_turn(TURN * flaws, rng),
        heard=heard,
        flaws=flaws,
    )


def _encoded(meaning: Numbers, style: Numbers, heard: Numbers, noise: float, rng: np.random.Generator) -> Vectors:
    said = np.hstack([heard * meaning, style])
    return _unit(said + rng.normal(scale=noise, size=said.shape)).astype(np.float32)


def _turn(angle: float, rng: np.random.Generator) -> Numbers:
    """A rotation of meanings by `angle` in random planes."""
    basis = np.linalg.qr(rng.normal(size=(2 * HALF, 2 * HALF)))[0]
    turn = np.eye(2 * HALF)
    for first in range(0, 2 * HALF, 2):
        cosine, sine = np.cos(angle), np.sin(angle)
        turn[first : first + 2, first : first + 2] = [[cosine, -sine], [sine, cosine]]
    return np.asarray(basis @ turn @ basis.T)


def _near(centres: Numbers, spread: float, rng: np.random.Generator) -> Numbers:
    return _unit(centres + spread * _unit(rng.normal(size=centres.shape)))


def _standardised(values: Numbers) -> Numbers:
    return np.asarray((values - values.mean()) / values.std())


def _unit(vectors: Numbers) -> Numbers:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
