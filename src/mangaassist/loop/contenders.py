"""A workspace in, everything that is compared out: frozen, live, the candidate and the first run, ready to rank."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from mangaassist.adapter import Adapter, load_artifact
from mangaassist.core.types import DocId, Document, Progress, QueryId, Run, Vectors
from mangaassist.data import Workspace
from mangaassist.encoders import CachedEncoder, Encoder, TitanEncoder
from mangaassist.evaluation import LatencyAddon, latency_addon, run_depth
from mangaassist.loop.catalogue import Catalogue, load_catalogue
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import texts_of_release
from mangaassist.loop.training import read_rung
from mangaassist.promotion import IDENTITY
from mangaassist.retrieval import search_run

_TIMED_QUERY = "dark fantasy like Berserk but less brutal"


@dataclass(frozen=True, slots=True)
class Retriever:
    """One adapter over the whole catalogue, ready to rank base query vectors."""

    adapter: Adapter
    doc_ids: list[DocId]
    documents: Vectors

    def run(self, split: JudgedSplit, base_queries: Vectors) -> Run:
        """The ranking of every query of a split, deep enough for every cell."""
        query_ids = [query.query_id for query in split.queries]
        adapted = self.adapter.adapt_queries(base_queries)
        return search_run(query_ids, adapted, self.doc_ids, self.documents, depth=run_depth(split.qrels))

    def timed(self, base_query: Vectors) -> float:
        """Milliseconds to adapt one base vector and to search the whole catalogue with it; encoding comes on top."""
        started = time.perf_counter()
        search_run([QueryId("q")], self.adapter.adapt_queries(base_query), self.doc_ids, self.documents)
        return (time.perf_counter() - started) * 1000


def retriever(adapter: Adapter, documents: list[Document], base_documents: Vectors) -> Retriever:
    """An adapter with its adapted documents."""
    return Retriever(adapter, [document.doc_id for document in documents], adapter.adapt_documents(base_documents))


def adapter_of_release(workspace: Workspace, release: str, encoder: CachedEncoder) -> Adapter:
    """The adapter of a published release; the identity release needs no files."""
    if release == IDENTITY:
        return Adapter("identity", encoder.dimension)
    return load_artifact(workspace.releases / release, encoder_id=encoder.encoder_id)


def contending_adapters(workspace: Workspace, live: str, chosen: str, encoder: CachedEncoder) -> Mapping[str, Adapter]:
    """`baseline` (what is live), `candidate`, `frozen`, and the plain first-run network `mlp` beside them."""
    return {
        "baseline": adapter_of_release(workspace, live, encoder),
        "candidate": read_rung(workspace, chosen, encoder_id=encoder.encoder_id),  # type: ignore[arg-type]
        "frozen": Adapter("identity", encoder.dimension),
        "mlp": read_rung(workspace, "mlp", encoder_id=encoder.encoder_id),
    }


def contending_retrievers(
    workspace: Workspace, settings: Settings, adapters: Mapping[str, Adapter], live: str, encoder: CachedEncoder
) -> Mapping[str, Retriever]:
    """Each adapter over the documents as its own release has them encoded: live's may differ from the candidate's.

    `frozen` and `mlp` rank the candidate's texts, so that what the adapter adds to them can be told.
    """

    def over(catalogue: Catalogue, adapter: Adapter) -> Retriever:
        documents = list(catalogue.documents)
        return retriever(adapter, documents, encoder.encode([document.text for document in documents]))

    theirs = load_catalogue(workspace, settings, texts_of_release(workspace, live, settings))
    ours = load_catalogue(workspace, settings)
    return {name: over(theirs if name == "baseline" else ours, adapter) for name, adapter in adapters.items()}


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
