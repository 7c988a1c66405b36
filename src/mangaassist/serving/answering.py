"""A request, its base vector and a release in, an answer out: the whole way from message to results, in stages.

    route ──► compose (read, join, what else speaks for each document) ──► adapt ──► search ──► rules ──► shelves

Without a base vector (the encoder is away) words, named titles and facets alone rank: the answer is `degraded`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from mangaassist.core.intent_kinds import BOTH
from mangaassist.core.shop_settings import ShopSettings
from mangaassist.core.types import Adjustment, DocId, Intent, Vectors
from mangaassist.intents import IntentClassifier, Route
from mangaassist.queries import CompositionWeights, Reading, compose_vectors
from mangaassist.retrieval import Where
from mangaassist.serving.answers import Answer, AnswerShelf, Result, RetrieveRequest
from mangaassist.serving.filtering import where_of
from mangaassist.serving.ranking import Ranks, best_without_vector
from mangaassist.serving.reasons import Reasons
from mangaassist.serving.routing import CallerIntent, route_message
from mangaassist.serving.served_release import ServedRelease
from mangaassist.serving.shelving import shelves_for
from mangaassist.serving.shop_rules import REACH, Placed, placed

WITHOUT_VECTOR: Final = CompositionWeights(lexical=1.0, reference_facets=1.0, wanted=0.5, rejected=1.0)
"""What ranks where there is no base vector: words first, whatever the release's weights, which lean on vectors.

All words, also those that name a title or say a wish: there is nothing else to find it by.
"""


ASK_FOR_TITLES: Final[frozenset[Intent]] = frozenset({"recommendation", "product_discovery"})
"""Intents that shelves answer."""


@dataclass(slots=True)
class Stages:
    """Milliseconds by stage, each since the one before."""

    started: float = field(default_factory=time.perf_counter)
    spent_ms: dict[str, float] = field(default_factory=dict)

    def end(self, stage: str) -> None:
        """A stage ends now, and the next begins."""
        now = time.perf_counter()
        self.spent_ms[stage] = (now - self.started) * 1000
        self.started = now

    def branch(self) -> "Stages":
        """What was spent so far, with stages of its own from now on."""
        return Stages(spent_ms=dict(self.spent_ms))


@dataclass(frozen=True, slots=True)
class Answering:
    """How messages are routed and what the shop prefers; the same for every release.

    min_confidence: from which on a caller's intent counts as certain.
    """

    classifier: IntentClassifier | None
    min_confidence: float
    shop: ShopSettings

    def answer(
        self, served: ServedRelease, request: RetrieveRequest, base: Vectors | None, stages: Stages, *, query_id: str
    ) -> Answer:
        """The answer of one release. base: the query's base vector (d,), None where the encoder is away."""
        route = self.route(request, base)
        stages.end("route")
        reading = self._reading(served, request.query, route)
        where = where_of(request.filters, shop_max_age_rating=self.shop.max_age_rating)
        weights = served.weights
        if base is None:
            weights, reading = WITHOUT_VECTOR, replace(reading, rest=reading.text)
        adjustment = self._adjustment(served, reading, weights, where)
        composed = None if base is None else _composed(served, reading, base)
        stages.end("compose")
        is_covered = served.adapter.covers(request.query)
        adapted = served.adapter.adapt_queries(composed) if is_covered and composed is not None else composed
        stages.end("adapt")
        ranks = served.ranks if is_covered else served.base_ranks
        found = _found(ranks, adapted, adjustment, request.k + REACH)
        stages.end("search")
        ordered = placed(found, self.shop, request.k, out_of_print=served.out_of_print)
        reasons = Reasons(served, reading, weights, [each.doc_id for each in ordered])
        results = tuple(_result(served, each, reasons) for each in ordered)
        stages.end("rules")
        shelves = self._shelves(served, reading, found, adjustment, route) if base is not None else ()
        stages.end("shelves")
        return Answer(
            query_id=query_id,
            release=served.release,
            intent=route.intent,
            intent_confidence=route.confidence,
            degraded=base is None,
            results=results,
            shelves=shelves,
            latency_ms=sum(stages.spent_ms.values()),
            stages_ms=dict(stages.spent_ms),
        )

    def route(self, request: RetrieveRequest, base: Vectors | None) -> Route:
        """What to search for a request: by the caller's intent, else by its base vector."""
        caller = None if request.intent is None else CallerIntent(request.intent, request.intent_confidence)
        if base is None:
            return route_message(np.empty(0, np.float32), caller, None, min_confidence=self.min_confidence)
        return route_message(base, caller, self.classifier, min_confidence=self.min_confidence)

    def _is_certain(self, route: Route) -> bool:
        return route.confidence is None or route.confidence >= self.min_confidence

    def _reading(self, served: ServedRelease, text: str, route: Route) -> Reading:
        """Read by the intent where that is certain; the kinds are the route's in any case."""
        reading = served.composer.reader.read(text, route.intent if self._is_certain(route) else None)
        return replace(reading, kinds=None if set(route.kinds) == set(BOTH) else frozenset(route.kinds))

    def _adjustment(
        self, served: ServedRelease, reading: Reading, weights: CompositionWeights, where: Where
    ) -> Adjustment:
        """The composer's adjustment, with only what the filters and the shop let through."""
        adjustment = served.composer.adjustment(reading, weights)
        allowed = served.filters.allowed(where)
        if adjustment.allowed is not None:
            allowed &= adjustment.allowed
        hidden = [served.rows[DocId(doc_id)] for doc_id in self.shop.never_show if doc_id in served.rows]
        allowed[hidden] = False
        return Adjustment(adjustment.bonus, allowed)

    def _shelves(
        self,
        served: ServedRelease,
        reading: Reading,
        found: Mapping[DocId, float],
        adjustment: Adjustment,
        route: Route,
    ) -> tuple[AnswerShelf, ...]:
        """Shelves for who certainly asks for titles."""
        if route.intent not in ASK_FOR_TITLES or not self._is_certain(route):
            return ()
        return shelves_for(served, reading, found, adjustment, self.shop)


def _composed(served: ServedRelease, reading: Reading, base: Vectors) -> Vectors:
    rows = served.composer.reference_rows(reading)
    joined: Vectors = compose_vectors(base[None, :], [served.base[rows]], served.weights.reference)[0]
    return joined


def _found(ranks: Ranks, query: Vectors | None, adjustment: Adjustment, depth: int) -> Mapping[DocId, float]:
    if query is None:
        return best_without_vector(ranks.doc_ids, adjustment, depth)
    return ranks.best(query, adjustment, depth)


def _result(served: ServedRelease, each: Placed, reasons: Reasons) -> Result:
    return served.shown_of(each.doc_id).found(each.doc_id, each.score, (*reasons.of(each.doc_id), *each.said))
