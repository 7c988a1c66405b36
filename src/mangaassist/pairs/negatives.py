"""Pairs and a run in, examples out: hard negatives that are hard and not secretly right.

A text has one id, whatever queries typed it: `query_text_id`. The run is made over `training_queries(pairs)`, so every
text is ranked once.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain

import numpy as np

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, Example, Pair, QueryId, Run
from mangaassist.pairs.near_duplicates import normalise

_JUDGED_BY_PEOPLE = ("editorial", "synthetic", "feedback", "judgement")


def query_text_id(text: str) -> QueryId:
    """The id of a query text in the run that negatives are mined from; equal after NFKC and casefold, equal id."""
    return QueryId("text-" + sha256(normalise(text).encode()).hexdigest()[:20])


def training_queries(pairs: Iterable[Pair]) -> dict[QueryId, str]:
    """Every query text of the pairs once, by its id: what to rank before mining."""
    texts: dict[QueryId, str] = {}
    for pair in pairs:
        texts.setdefault(query_text_id(pair.query_text), pair.query_text)
    return texts


def known_positives(pairs: Iterable[Pair]) -> dict[QueryId, set[DocId]]:
    """The documents that any pair calls positive for a query text."""
    known: dict[QueryId, set[DocId]] = {}
    for pair in pairs:
        known.setdefault(query_text_id(pair.query_text), set()).add(pair.positive)
    return known


def mine_hard_negatives(
    pairs: Sequence[Pair],
    run: Run,
    *,
    per_query: int,
    margin: float = 0.95,
    series: Mapping[DocId, str],
    exposed: AbstractSet[DocId] | None,
    rng: np.random.Generator,
    fill_from: Sequence[DocId] = (),
) -> list[Example]:
    """One example per pair, in order, each with at most `per_query` hard negatives.

    First the pair's own negatives, best scored first; then the run's best documents among the `exposed` ones (None:
    any); then random documents of `fill_from`. Never a known positive of the same query text, nor a document of such a
    positive's series (`series` may lack documents without one). A document scored above `margin` times the positive is
    probably right too and is left out, unless a person judged it as negative. A positive that the run lacks counts as
    the run's lowest score, so let runs include positives.
    Raises DataError if the run lacks a query text.
    """
    known = known_positives(pairs)
    ranked: dict[QueryId, _Ranked] = {}
    examples = []
    for pair in pairs:
        text_id = query_text_id(pair.query_text)
        if text_id not in run:
            raise DataError(
                f"the run has no ranking for {pair.query_text!r} (id {text_id}); rank `training_queries(pairs)` "
                "and pass that run"
            )
        if text_id not in ranked:
            ranked[text_id] = _Ranked(known[text_id], run[text_id], series, exposed)
        text = ranked[text_id]
        guard = _Guard(text, _ceiling(pair, text, margin))
        negatives = _known_then_mined(pair, guard, per_query)
        if fill_from and len(negatives) < per_query:
            negatives += _random(fill_from, per_query - len(negatives), guard, negatives, rng)
        also_positive = tuple(doc_id for doc_id in text.positives if doc_id != pair.positive)
        examples.append(
            Example(
                pair.query_text, pair.positive, tuple(negatives), also_positive, pair.weight, pair.source, pair.client
            )
        )
    return examples


class _Ranked:
    """What is known of one query text, whichever of its pairs asks.

    positives: what any pair calls right.  possible: ranked documents that no pair calls right, best first; negated:
    their scores with the sign turned, so that they ascend.
    """

    def __init__(
        self,
        positives: AbstractSet[DocId],
        scores: Mapping[DocId, float],
        series: Mapping[DocId, str],
        exposed: AbstractSet[DocId] | None,
    ) -> None:
        self.scores = scores
        self.lowest = min(scores.values(), default=0.0)
        self.positives = tuple(sorted(positives))
        self._right, self._series = positives, series
        self._right_series = {series[doc_id] for doc_id in positives if series.get(doc_id)}
        candidates = (doc_id for doc_id in scores if exposed is None or doc_id in exposed)
        self.possible = _best_first((doc_id for doc_id in candidates if not self.is_known_right(doc_id)), scores)
        self.negated = [-scores[doc_id] for doc_id in self.possible]

    def is_known_right(self, doc_id: DocId) -> bool:
        return doc_id in self._right or self._series.get(doc_id) in self._right_series


def _ceiling(pair: Pair, text: _Ranked, margin: float) -> float:
    """The score above which a document is probably right too: below the positive's own, whatever its sign."""
    own = text.scores.get(pair.positive, text.lowest)
    return own * (margin if own >= 0 else 2 - margin)


@dataclass(frozen=True, slots=True)
class _Guard:
    """Which documents may not stand as negatives of one pair."""

    text: _Ranked
    ceiling: float

    def is_probably_right(self, doc_id: DocId) -> bool:
        return self.text.scores.get(doc_id, -np.inf) > self.ceiling

    def may_be_negative(self, doc_id: DocId) -> bool:
        return not self.text.is_known_right(doc_id) and not self.is_probably_right(doc_id)


def _known_then_mined(pair: Pair, guard: _Guard, per_query: int) -> list[DocId]:
    """The pair's own negatives, then mined ones."""
    is_judged, text = pair.source in _JUDGED_BY_PEOPLE, guard.text
    own = (
        doc_id
        for doc_id in _best_first(pair.negatives, text.scores)
        if not text.is_known_right(doc_id) and (is_judged or not guard.is_probably_right(doc_id))
    )
    first = bisect_left(text.negated, -guard.ceiling)
    mined = text.possible[first : first + per_query + len(pair.negatives)]
    return list(dict.fromkeys(chain(own, mined)))[:per_query]


def _best_first(doc_ids: Iterable[DocId], scores: Mapping[DocId, float]) -> list[DocId]:
    """By score, equal scores by id, unscored ones last."""
    return sorted(doc_ids, key=lambda doc_id: (-scores.get(doc_id, -np.inf), doc_id))


def _random(
    pool: Sequence[DocId], count: int, guard: _Guard, chosen: Sequence[DocId], rng: np.random.Generator
) -> list[DocId]:
    """Up to `count` documents of the pool that may be negatives: a small draw first, the whole pool if need be."""
    found: list[DocId] = []
    for drawn in (min(len(pool), 4 * count + 8), len(pool)):
        places = rng.choice(len(pool), size=drawn, replace=False)
        documents = (pool[place] for place in places)
        found = [doc_id for doc_id in documents if doc_id not in chosen and guard.may_be_negative(doc_id)]
        if len(found) >= count:
            break
    return found[:count]
