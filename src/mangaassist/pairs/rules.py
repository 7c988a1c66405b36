"""What makes a pair, as values: the rules that read a log, and the report of what they kept and dropped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from mangaassist.core.types import Pair

DropReason = Literal[
    "no_document",
    "unknown_query",
    "empty_query",
    "inhuman_session",
    "intent_other",
    "intent_uncertain",
    "held_out_for_test",
    "add_to_cart_alone",
    "too_many_repeats",
    "unknown_document",
    "leaks_test_reference",
    "near_test_query",
    "judged_for_test",
    "judged_not_relevant",
    "pending",
    "rejected",
    "dropped_generator",
    "not_teachable",
]


@dataclass(frozen=True, slots=True)
class PairRules:
    """How a log becomes pairs, and how pairs are weighed. The defaults are the documented first run.

    min_intent_confidence: a query routed with less is uncertain and makes no pair.
    max_searches_per_minute, max_actions_per_minute: a session that did more in any 60 seconds is no human's
        (actions are clicks, carts, wishlists and purchases).
    max_repeats: pairs per client, query text and document.
    max_log_pairs: pairs of the log that train; where there are more, the pairs of whole clients are drawn.
    max_client_share: of the summed weight, for any one client.
    max_document_share: of the weight that one document has from clients, for any one client; 1 caps nothing.
    max_synthetic_share: of the summed weight; stays strictly below.
    dropped_generators: names of generators whose proposals do not train, accepted or not.
    popularity_exponent: 0 leaves popular documents their weight, 1 gives every document the same.
    from_judgements: whether the judged train queries make pairs too; where a log trains, they validate only.
    """

    min_intent_confidence: float = 0.6
    max_searches_per_minute: int = 20
    max_actions_per_minute: int = 40
    max_repeats: int = 3
    max_log_pairs: int = 250_000
    max_client_share: float = 0.01
    max_document_share: float = 1.0
    max_synthetic_share: float = 0.20
    popularity_exponent: float = 0.5
    from_judgements: bool = False
    dropped_generators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        shares = ("max_client_share", "max_document_share", "max_synthetic_share")
        for name in ("min_intent_confidence", *shares, "popularity_exponent"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}; shares, confidences and exponents lie in [0, 1]")
        for name in ("max_searches_per_minute", "max_actions_per_minute", "max_repeats", "max_log_pairs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it counts something and must be at least 1")


@dataclass(frozen=True, slots=True)
class LiveLogRules:
    """How much of the log tests instead of training. newest_share: of the days, the newest; 0 holds out none."""

    newest_share: float = 0.10

    def __post_init__(self) -> None:
        if not 0 <= self.newest_share < 1:
            raise ValueError(f"newest_share is {self.newest_share}; some days must be left to train on: [0, 1)")


@dataclass(frozen=True, slots=True)
class PairsReport:
    """The pairs of one source, and what became of its raw events: log events, curated rows or synthetic pairs.

    raw: action name → events in the log.  dropped: reason → events that are behind no pair. The events in the pairs'
    `evidence` and the dropped ones add up to the raw ones.
    inhuman_sessions: sessions that were dropped as a whole.
    largest_client_share: of the summed weight; above the rule only where too few clients make the rule impossible.
    """

    pairs: list[Pair]
    raw: Mapping[str, int]
    dropped: Mapping[DropReason, int]
    inhuman_sessions: int
    largest_client_share: float

    @property
    def raw_events(self) -> int:
        """Events of this source in the log, of all its actions."""
        return sum(self.raw.values())
