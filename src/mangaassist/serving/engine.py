"""A workspace in, the engine behind the HTTP service out: the live release's whole retriever, as it was evaluated."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol, Self, TypeAlias

from threadpoolctl import threadpool_limits

from mangaassist.core.cores import own_cores
from mangaassist.core.types import Vectors, no_progress
from mangaassist.data import Workspace
from mangaassist.encoders import COMPUTED_HERE, Encoder
from mangaassist.loop import Settings, workspace_encoder
from mangaassist.serving.answering import Answering, Stages
from mangaassist.serving.answers import Answer, RetrieveRequest, TextKind
from mangaassist.serving.filtering import rating_level
from mangaassist.serving.live_release import LOOK_EVERY_S, Edition, LiveRelease
from mangaassist.serving.query_encoder import QueryEncoder
from mangaassist.serving.served_release import ServedRelease
from mangaassist.serving.structured_logs import service_log, where_raised

WAITING: Final = 16
"""Answers under way at once where each waits for an encoder elsewhere: threads that wait cost nothing."""

MOST_WORKING: Final = 4
"""Answers under way at once where the encoder works here, and no more than cores.

On one core four threads take each other's turn and caches: docs/decisions/0022-less-memory-an-answer.md.
"""

AnsweredBy: TypeAlias = Callable[[ServedRelease], Answer]
"""Gives the answer of a release to a message."""


class Trial(Protocol):
    """What may let another release answer instead of, or together with, the live one."""

    def answer(self, request: RetrieveRequest, query_id: str, live: ServedRelease, by: AnsweredBy) -> Answer:
        """The answer to be sent; raises only what the live release's answer raises."""
        ...

    def info(self) -> Mapping[str, Any] | None:
        """What is being tried; shown at /info."""
        ...


class LiveEngine:
    """Answers from the live release of a workspace; an `Engine`. Made by `open`; `close` ends its threads.

    trial: asked for every answer, if there is one.  answers_at_once: as many as suit the encoder and the cores.
    """

    def __init__(self, live: LiveRelease, encoder: QueryEncoder, settings: Settings, *, answers_at_once: int) -> None:
        self.answers_at_once = answers_at_once
        self._live, self._encoder, self._settings = live, encoder, settings
        self.trial: Trial | None = None
        self._degraded = 0
        self._counting = threading.Lock()

    @classmethod
    def open(
        cls,
        workspace: Workspace,
        settings: Settings,
        *,
        encoder: Encoder | None = None,
        log: Any = None,
        look_every_s: float | None = LOOK_EVERY_S,
    ) -> Self:
        """The engine, ready to answer; builds the index of the live release if it has none.

        encoder: of queries; that of the settings if None.
        look_every_s: how often it looks for another live release; None never.
        Pins matrix products of this process to one thread each: more would wait for each other, request for request.
        """
        threadpool_limits(limits=1)
        if settings.shop.max_age_rating is not None:
            rating_level(settings.shop.max_age_rating)
        log = log or service_log()
        stored = workspace_encoder(workspace, settings, no_progress)

        def complain(error: Exception) -> None:
            log.warning("the encoder gave no vector in time", **where_raised(error))

        live = LiveRelease(workspace, settings, stored, log=log)
        is_waited_for = settings.encoder not in COMPUTED_HERE
        at_once = settings.service.engine_threads or (WAITING if is_waited_for else min(MOST_WORKING, own_cores()))
        calls = at_once if is_waited_for else 1
        queries = QueryEncoder(encoder or stored.wrapped, settings.service, complain=complain, calls_at_once=calls)
        engine = cls(live, queries, settings, answers_at_once=at_once)
        engine._encoder.warm_up()
        if look_every_s is not None:
            live.start(look_every_s)
        return engine

    def answer(self, request: RetrieveRequest, *, query_id: str) -> Answer:
        """See `Engine`. Everything in it comes from one edition, whatever is promoted meanwhile."""
        edition = self._live.now
        by = self.answers_to(request, edition, query_id=query_id)
        answer = by(edition.served) if self.trial is None else self.trial.answer(request, query_id, edition.served, by)
        if answer.degraded:
            with self._counting:
                self._degraded += 1
        return answer

    def expect(self, request: RetrieveRequest) -> None:
        """See `Engine`: messages that wait for a thread are encoded together meanwhile."""
        self._encoder.expect(request.query)

    def answers_to(self, request: RetrieveRequest, edition: Edition, *, query_id: str) -> AnsweredBy:
        """What any release answers to one message, which is encoded once and routed as the edition routes it."""
        stages = Stages()
        base = self._encoder.vector(request.query)
        stages.end("encode")
        how = Answering(edition.classifier, self._settings.pairs.min_intent_confidence, self._settings.shop)
        return lambda served: how.answer(served, request, base, stages.branch(), query_id=query_id)

    @property
    def edition(self) -> Edition:
        """What is served just now."""
        return self._live.now

    def open_beside(self, release: str) -> ServedRelease:
        """Another release as it would be served, over the present catalogue; its index is brought up to date first."""
        return self._live.open_beside(release)

    def embed(self, texts: Sequence[str], kind: TextKind) -> tuple[Vectors, str, str]:
        """See `Engine`."""
        served = self._live.now.served
        base = self._encoder.encode(texts)
        adapted = served.adapter.adapt_queries(base) if kind == "query" else served.adapter.adapt_documents(base)
        return adapted, served.release, self._encoder.encoder.encoder_id

    def info(self) -> Mapping[str, Any]:
        """See `Engine`. not_served: the live release that could not be opened, and why; None where all is well."""
        edition, trouble = self._live.now, self._live.trouble
        return {
            "release": edition.served.release,
            "encoder_id": self._encoder.encoder.encoder_id,
            "encoder_is_resting": self._encoder.is_resting,
            "dimension": self._encoder.encoder.dimension,
            "documents": len(edition.served.shown),
            "shelves": len(edition.served.shelves),
            "intents": edition.seen.intents,
            "degraded_answers": self._degraded,
            "experiment": None if self.trial is None else self.trial.info(),
            "query_vectors": {"remembered": self._encoder.from_memory, "encoded": self._encoder.from_encoder},
            "not_served": None if trouble is None else {"release": trouble.seen.release, "problem": trouble.problem},
        }

    def is_ready(self) -> bool:
        """See `Engine`: from the moment that it is open."""
        return True

    def look(self) -> bool:
        """Serve what is live now; says whether anything changed. The watching thread calls this by itself."""
        return self._live.look()

    def close(self) -> None:
        """Stop watching, and end the encoder's threads."""
        self._live.stop()
        self._encoder.close()
