"""A typed text in, the results page that the simulated shop showed out: the logging policy.

Every place is filled by the base ranking, or, with chance `popularity_mix`, by the most popular of the base ranking's
first documents, or, with chance `exploration`, by any title of the catalogue. Cold documents are never shown.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from mangaassist.core.types import DocId
from mangaassist.sample.simulator_dice import Dice

Rank = Callable[[str], Sequence[DocId]]
"""The base retriever: documents for a text, best first."""

_CONSIDERED = 50


class LoggingPolicy:
    """Shows pages of results; remembers the ranking of every text it has seen."""

    def __init__(
        self,
        rank: Rank,
        popularity: Mapping[DocId, float],
        cold: Collection[DocId],
        *,
        popularity_mix: float,
        exploration: float,
    ) -> None:
        self._rank = rank
        self._popularity = popularity
        self._cold = cold
        self._popularity_mix = popularity_mix
        self._exploration = exploration
        self._titles = sorted(doc_id for doc_id in popularity if doc_id not in cold)
        self._rankings: dict[str, tuple[list[DocId], list[DocId]]] = {}

    def page(self, text: str, size: int, dice: Dice, *, explores: bool = True) -> list[DocId]:
        """Up to `size` different documents, best place first; shorter where the ranking ends."""
        ranked, popular = (iter(ranking) for ranking in self._ranking(text))
        exploration = self._exploration if explores and self._titles else 0.0
        shown: dict[DocId, None] = {}
        while len(shown) < size:
            chance = dice.roll()
            if chance < exploration:
                shown.setdefault(dice.one_of(self._titles))
                continue
            source = popular if chance < exploration + self._popularity_mix else ranked
            document = _next_unless(source, shown)
            if document is None:
                document = _next_unless(ranked, shown)
            if document is None:
                break
            shown[document] = None
        return list(shown)

    def _ranking(self, text: str) -> tuple[list[DocId], list[DocId]]:
        """The base ranking without cold documents, and the same documents by popularity."""
        if text not in self._rankings:
            ranked = [doc_id for doc_id in self._rank(text) if doc_id not in self._cold][:_CONSIDERED]
            popular = sorted(ranked, key=lambda doc_id: (-self._popularity.get(doc_id, 0.0), doc_id))
            self._rankings[text] = (ranked, popular)
        return self._rankings[text]


def popularity_quantiles(popularity: Mapping[DocId, float]) -> dict[DocId, float]:
    """Every title's place by popularity in [0, 1], 1 for the most popular; equal ones by id."""
    ordered = sorted(popularity, key=lambda doc_id: (popularity[doc_id], doc_id))
    last = max(1, len(ordered) - 1)
    return {doc_id: place / last for place, doc_id in enumerate(ordered)}


def _next_unless(documents: Iterator[DocId], shown: Collection[DocId]) -> DocId | None:
    """The next document that is not shown yet."""
    return next((doc_id for doc_id in documents if doc_id not in shown), None)
