"""A workspace in, everything that is compared out: frozen, live, the candidate and the first run, ready to rank."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mangaassist.adapter import Adapter, load_artifact, read_composition
from mangaassist.core.files import canonical_json
from mangaassist.core.types import Document, Progress, Run, Vectors
from mangaassist.data import Workspace, titles
from mangaassist.encoders import CachedEncoder, Encoder, TitanEncoder
from mangaassist.evaluation import LatencyAddon, latency_addon, run_depth
from mangaassist.loop.candidate import candidate_folder
from mangaassist.loop.catalogue import load_catalogue
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.settings import Settings
from mangaassist.loop.texts import DocumentTexts, texts_in_force, texts_of_release
from mangaassist.loop.training import read_rung
from mangaassist.promotion import IDENTITY, verify
from mangaassist.queries import PLAIN, Composer, CompositionWeights, Lexicon, QueryReader, read_lexicon
from mangaassist.retrieval import ComposedSearch

_TIMED_QUERY = "dark fantasy like Berserk but less brutal"


class Contender(Protocol):
    """Anything that ranks documents for judged queries; evaluation sees the run and nothing else of it."""

    def run(self, split: JudgedSplit) -> Run:
        """The ranking of every query of a split, deep enough for every cell and slice (`run_depth`)."""


@dataclass(frozen=True, slots=True)
class Retriever:
    """The contender of today: one adapter and one set of composition weights over the whole catalogue."""

    search: ComposedSearch
    adapter: Adapter
    encoder: CachedEncoder
    documents: Sequence[Document]

    def run(self, split: JudgedSplit) -> Run:
        """See `Contender`. Queries are routed by the intent that they carry, as the caller of a service gives it."""
        return self.search.run(split.queries, self._base_queries(split), depth=run_depth(split.qrels))

    def weighed(self, weights: CompositionWeights) -> "Retriever":
        """The same adapter with other composition weights."""
        return replace(self, search=replace(self.search, weights=weights))

    def timings(self, split: JudgedSplit) -> list[float]:
        """Milliseconds per query to read, compose, adapt and search the whole catalogue; encoding comes on top."""
        base, elapsed = self._base_queries(split), []
        for row, query in enumerate(split.queries):
            started = time.perf_counter()
            self.search.run([query], base[row : row + 1])
            elapsed.append((time.perf_counter() - started) * 1000)
        return elapsed

    def addon(self, split: JudgedSplit, progress: Progress) -> LatencyAddon:
        """What the adapter step alone adds to a query."""
        return measured_latency(self.adapter, self.encoder, self._base_queries(split), progress)

    def _base_queries(self, split: JudgedSplit) -> Vectors:
        return self.encoder.encode([query.text for query in split.queries])


@dataclass(frozen=True, slots=True)
class Shelf:
    """A workspace's documents under one way to write titles, ready for any adapter and any weights."""

    documents: Sequence[Document]
    base: Vectors
    composer: Composer
    encoder: CachedEncoder

    def retriever(self, adapter: Adapter, weights: CompositionWeights) -> Retriever:
        """An adapter with composition weights over the documents."""
        doc_ids = [document.doc_id for document in self.documents]
        search = ComposedSearch.over(self.composer, weights, adapter, doc_ids, self.base)
        return Retriever(search, adapter, self.encoder, self.documents)


class Shelves:
    """A workspace's shelves, each made once; those with one lexicon read queries once."""

    def __init__(self, workspace: Workspace, settings: Settings, encoder: CachedEncoder) -> None:
        self._workspace, self._settings, self._encoder = workspace, settings, encoder
        self._titles = titles(workspace)
        self._readers: dict[str, QueryReader] = {}
        self._made: dict[tuple[DocumentTexts, str], Shelf] = {}

    def of(self, texts: DocumentTexts, lexicon: Lexicon | None = None) -> Shelf:
        """The shelf of these texts; a lexicon that is not given is the workspace's own."""
        own = read_lexicon(self._workspace.root) if lexicon is None else lexicon
        words = canonical_json(own.as_json()).decode()
        if (texts, words) not in self._made:
            documents = load_catalogue(self._workspace, self._settings, texts).documents
            reader = self._readers.get(words)
            composer = Composer(documents, self._titles, own, reader=reader)
            self._readers[words] = composer.reader
            base = self._encoder.encode([document.text for document in documents])
            self._made[texts, words] = Shelf(documents, base, composer, self._encoder)
        return self._made[texts, words]


def contenders(
    workspace: Workspace, settings: Settings, shelves: Shelves, *, live: str, chosen: str, encoder: CachedEncoder
) -> dict[str, Retriever]:
    """`baseline` (what is live), `candidate`, and beside them `frozen`, `composed` and `mlp`.

    `composed` is the frozen encoder with the candidate's composition weights; `mlp` the plain first-run network with
    them; `frozen` has none. Each ranks the documents as its own release has them encoded: live's texts may differ
    from the candidate's. All but `baseline` rank the candidate's, so that what each step adds to them can be told.
    """
    live_weights, live_lexicon = composition_of_release(workspace, live)
    theirs = shelves.of(texts_of_release(workspace, live, settings), live_lexicon)
    weights, lexicon = read_composition(candidate_folder(workspace) / chosen)
    ours = shelves.of(texts_in_force(workspace, settings), lexicon)
    frozen = Adapter("identity", encoder.dimension)
    return {
        "baseline": theirs.retriever(adapter_of_release(workspace, live, encoder), live_weights),
        "candidate": ours.retriever(_rung(workspace, chosen, encoder), weights),
        "frozen": ours.retriever(frozen, PLAIN),
        "composed": ours.retriever(frozen, weights),
        "mlp": ours.retriever(_rung(workspace, "mlp", encoder), weights),
    }


def _rung(workspace: Workspace, rung: str, encoder: CachedEncoder) -> Adapter:
    return read_rung(workspace, rung, encoder_id=encoder.encoder_id)  # type: ignore[arg-type]


def composition_of_release(workspace: Workspace, release: str) -> tuple[CompositionWeights, Lexicon | None]:
    """How a published release composes queries; the identity release leaves them plain, whatever the lexicon."""
    if release == IDENTITY:
        return PLAIN, None
    verify(workspace.root, release)
    return read_composition(workspace.releases / release)


def runs_of(field: Mapping[str, Contender], split: JudgedSplit) -> dict[str, Run]:
    """The run of every contender."""
    return {name: contender.run(split) for name, contender in field.items()}


def adapter_of_release(workspace: Workspace, release: str, encoder: CachedEncoder) -> Adapter:
    """The adapter of a published release, held to its manifest; the identity release needs no files."""
    if release == IDENTITY:
        return Adapter("identity", encoder.dimension)
    verify(workspace.root, release)
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
