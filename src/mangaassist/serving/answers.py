"""What the service asks of a retrieval engine, and what comes back: the contract between the two, without HTTP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from prometheus_client.registry import Collector

from mangaassist.core.types import Intent, Vectors

TEXT_LIMIT: Final = 1_000
"""Characters of a result's passage."""

ResultKind = Literal["title", "article"]
TextKind = Literal["query", "document"]


@dataclass(frozen=True, slots=True)
class Filters:
    """What may be returned: each an allowed set of values, empty for any. max_age_rating: that rating or a milder one.

    A filter that a kind of document has no field for (an article has no age rating) does not shut that kind out.
    """

    age_rating: tuple[str, ...] = ()
    max_age_rating: str | None = None
    availability: tuple[str, ...] = ()
    demographic: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    kinds: tuple[ResultKind, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrieveRequest:
    """One message to answer. intent: the router's, None where it has not spoken, with its confidence in [0, 1]."""

    query: str
    intent: Intent | None = None
    intent_confidence: float | None = None
    k: int = 10
    filters: Filters = field(default_factory=Filters)
    session_id: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """One document found. text: a passage to ground an answer on, at most TEXT_LIMIT characters.

    facts: what the shop knows of it, e.g. authors or availability.  why: what spoke for it, for a person to read.
    """

    id: str
    kind: ResultKind
    title: str
    text: str
    url: str | None
    facts: Mapping[str, Any]
    score: float
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShelfTitle:
    """A title on a shelf."""

    id: str
    title: str
    url: str | None


@dataclass(frozen=True, slots=True)
class AnswerShelf:
    """Titles that belong together under a name, beside the main list. titles: the best of it for the question.

    id: the same for the same release and name.  facets: what sets the shelf apart.  score: in units of a result's.
    """

    id: str
    name: str
    facets: tuple[str, ...]
    score: float
    titles: tuple[ShelfTitle, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found. degraded: something was left out (e.g. the encoder was away) and the results are second best.

    shelves: best first; none where the message does not ask for titles.

    latency_ms: server time without HTTP.  stages_ms: of which each stage took so much.
    experiment: what the log keeps of an experiment that had a part in it; never sent.
    """

    query_id: str
    release: str
    intent: Intent | None
    intent_confidence: float | None
    degraded: bool
    results: tuple[Result, ...]
    shelves: tuple[AnswerShelf, ...]
    latency_ms: float
    stages_ms: Mapping[str, float] = field(default_factory=dict)
    experiment: Mapping[str, Any] | None = None


class Engine(Protocol):
    """What the service needs; called from several threads at once.

    A DataError is the caller's fault and is shown to them; any other RetrievalError means that the engine cannot
    answer now.
    """

    @property
    def answers_at_once(self) -> int:
        """How many threads suit it, where the shop has not set a number."""
        ...

    def answer(self, request: RetrieveRequest, *, query_id: str) -> Answer:
        """The answer to one message, under the id given."""
        ...

    def expect(self, request: RetrieveRequest) -> None:
        """Told of a message that `answer` will be asked about, on the event loop: returns at once, and may begin."""
        ...

    def embed(self, texts: Sequence[str], kind: TextKind) -> tuple[Vectors, str, str]:
        """Adapted vectors (n, d) of the texts, the release that made them, and the encoder's id."""
        ...

    def info(self) -> Mapping[str, Any]:
        """What is being served: release, encoder, sizes; shown at /info."""
        ...

    def is_ready(self) -> bool:
        """Whether it can answer now."""
        ...


class Listener(Protocol):
    """Who is told of every answer once it is sent, and has figures of its own. collectors: for /metrics."""

    @property
    def collectors(self) -> Sequence[Collector]:
        """What it counts."""
        ...

    def sent(self, request: RetrieveRequest, answer: Answer) -> None:
        """Told on the event loop: returns at once and raises nothing."""
        ...
