"""A workspace with a candidate in, what a query waits for the candidate and for the live release out."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from mangaassist.core.types import Progress, Vectors
from mangaassist.data import Workspace
from mangaassist.evaluation import ServiceLatency, TimedParts, service_latency
from mangaassist.evaluation.latency import FEWEST_QUERIES
from mangaassist.loop import Settings, live_intents, workspace_encoder
from mangaassist.serving.answering import Answering, Stages
from mangaassist.serving.answers import Answer, RetrieveRequest
from mangaassist.serving.in_memory import candidate_in_memory, published_in_memory
from mangaassist.serving.served_release import ServedRelease

BUDGET_S: Final = 45.0
"""Where 2,000 queries in each of five rounds would take longer, fewer are asked."""


def time_candidate(
    workspace: Workspace,
    settings: Settings,
    *,
    live: str,
    texts: Sequence[str],
    seed: int,
    progress: Progress,
    queries: int = FEWEST_QUERIES,
    rounds: int = 5,
    budget_s: float | None = BUDGET_S,
) -> ServiceLatency:
    """Routing and complete answers of candidate and live release, both in this process, as the service makes them.

    Nobody says an intent, so the live classifier, if there is one, routes every query; nothing that was encoded or
    read before is remembered. An encoder behind a network is really called: some hundred queries, as the budget allows.
    Raises what opening the two raises, and EncoderError where the encoder is away.
    """
    encoder = workspace_encoder(workspace, settings, progress)
    classifier = live_intents(workspace, encoder_id=encoder.encoder_id)
    how = Answering(classifier, settings.pairs.min_intent_confidence, settings.shop)
    with tempfile.TemporaryDirectory(prefix="mangaassist-timing-") as folder:
        candidate = candidate_in_memory(workspace, settings, encoder, scratch=Path(folder) / "ours")
        served = published_in_memory(workspace, settings, live, encoder, scratch=Path(folder) / "theirs")
        parts = TimedParts(
            encode=lambda text: np.asarray(encoder.wrapped.encode([text])[0], dtype=np.float32),
            route=lambda base: how.route(RetrieveRequest(""), base),
            adapt=candidate.adapter.adapt_queries,
            candidate=_answers(how, candidate),
            live=_answers(how, served),
        )
        return service_latency(
            parts, texts, seed=seed, queries=queries, rounds=rounds, budget_s=budget_s, progress=progress
        )


def _answers(how: Answering, served: ServedRelease) -> Callable[[str, Vectors], Answer]:
    """Answers as a first question is answered: what the reader remembers of a text is forgotten before."""

    def answer(text: str, base: Vectors) -> Answer:
        served.composer.reader.forget()
        return how.answer(served, RetrieveRequest(text), base, Stages(), query_id="timed")

    return answer
