"""A workspace in, everything that is compared out: frozen, live, the candidate and the first run, ready to rank."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from mangaassist.adapter import Adapter, load_artifact
from mangaassist.core.types import Document, Progress, QueryId, Run, Vectors
from mangaassist.data import Workspace
from mangaassist.encoders import CachedEncoder, Encoder, TitanEncoder
from mangaassist.evaluation import LatencyAddon, latency_addon, run_depth
from mangaassist.loop.catalogue import load_catalogue
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import texts_of_release
from mangaassist.loop.training import read_rung
from mangaassist.promotion import IDENTITY
from mangaassist.retrieval import search_run

_TIMED_QUERY = "dark fantasy like Berserk but less brutal"


class Contender(Protocol):
    """Anything that ranks documents for judged queries; evaluation sees the run and nothing else of it."""

    def run(self, split: JudgedSplit) -> Run:
        """The ranking of every query of a split, deep enough for every cell and slice (`run_depth`)."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """The contender of today: one adapter over the whole catalogue. vectors: (documents, d), adapted."""

    adapter: Adapter
    encoder: CachedEncoder
    documents: Sequence[Document]
    vectors: Vectors

    def run(self, split: JudgedSplit) -> Run:
        """See `Contender`."""
        query_ids = [query.query_id for query in split.queries]
        adapted = self.adapter.adapt_queries(self._base_queries(split))
        doc_ids = [document.doc_id for document in self.documents]
        return search_run(query_ids, adapted, doc_ids, self.vectors, depth=run_depth(split.qrels))

    def over(self, documents: Sequence[Document]) -> "Retriever":
        """The same adapter over other texts."""
        return retriever(self.adapter, self.encoder, documents)

    def timings(self, split: JudgedSplit) -> list[float]:
        """Milliseconds per query to adapt its base vector and search the whole catalogue; encoding comes on top."""
        base, doc_ids = self._base_queries(split), [document.doc_id for document in self.documents]
        elapsed = []
        for row in range(len(base)):
            started = time.perf_counter()
            search_run([QueryId("q")], self.adapter.adapt_queries(base[row : row + 1]), doc_ids, self.vectors)
            elapsed.append((time.perf_counter() - started) * 1000)
        return elapsed

    def addon(self, split: JudgedSplit, progress: Progress) -> LatencyAddon:
        """What the adapter step alone adds to a query."""
        return measured_latency(self.adapter, self.encoder, self._base_queries(split), progress)

    def _base_queries(self, split: JudgedSplit) -> Vectors:
        return self.encoder.encode([query.text for query in split.queries])


def retriever(adapter: Adapter, encoder: CachedEncoder, documents: Sequence[Document]) -> Retriever:
    """An adapter with its adapted documents."""
    base = encoder.encode([document.text for document in documents])
    return Retriever(adapter, encoder, documents, adapter.adapt_documents(base))


def contenders(
    workspace: Workspace, settings: Settings, *, live: str, chosen: str, encoder: CachedEncoder
) -> dict[str, Retriever]:
    """`baseline` (what is live), `candidate`, `frozen`, and the plain first-run network `mlp` beside them.

    Each ranks the documents as its own release has them encoded: live's texts may differ from the candidate's.
    `frozen` and `mlp` rank the candidate's, so that what the adapter adds to them can be told.
    """
    theirs = load_catalogue(workspace, settings, texts_of_release(workspace, live, settings)).documents
    ours = load_catalogue(workspace, settings).documents
    adapters = {
        "baseline": adapter_of_release(workspace, live, encoder),
        "candidate": read_rung(workspace, chosen, encoder_id=encoder.encoder_id),  # type: ignore[arg-type]
        "frozen": Adapter("identity", encoder.dimension),
        "mlp": read_rung(workspace, "mlp", encoder_id=encoder.encoder_id),
    }
    return {
        name: retriever(adapter, encoder, theirs if name == "baseline" else ours) for name, adapter in adapters.items()
    }


def runs_of(field: Mapping[str, Contender], split: JudgedSplit) -> dict[str, Run]:
    """The run of every contender."""
    return {name: contender.run(split) for name, contender in field.items()}


def adapter_of_release(workspace: Workspace, release: str, encoder: CachedEncoder) -> Adapter:
    """The adapter of a published release; the identity release needs no files."""
    if release == IDENTITY:
        return Adapter("identity", encoder.dimension)
    return load_artifact(workspace.releases / release, encoder_id=encoder.encoder_id)


def measured_latency(
    adapter: Adapter, encoder: CachedEncoder, base_queries: Vectors, progress: Progress
) -> LatencyAddon:
    """What the adapter step alone adds to a query, in between real encoder calls.

    An encoder behind a network is not called thousands of times for a timing: there it is a look-up in the cache.
    """
    progress("timing", 0, 1)
    base: Encoder = encoder if isinstance(encoder.wrapped, TitanEncoder) else encoder.wrapped
    addon = latency_addon(lambda: base.encode([_TIMED_QUERY]), adapter.adapt_queries, base_queries)
    progress("timing", 1, 1)
    return addon
