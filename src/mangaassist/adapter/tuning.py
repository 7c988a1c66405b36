"""Pairs, documents and an encoder in, the whole ladder out: tuned on held-out documents, refitted on everything."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mangaassist.adapter.composing import Composition, candidates, fit_reference_weight, fit_signal_weights
from mangaassist.adapter.examples import CorpusVectors, TrainingSet, training_set
from mangaassist.adapter.fitting import fit
from mangaassist.adapter.known_moves import fit_known_moves
from mangaassist.adapter.ladder import LADDER, Adapter, Rung
from mangaassist.adapter.race import Fold, Trial
from mangaassist.adapter.recipes import FIRST_RUN
from mangaassist.adapter.selection import Choice, choose
from mangaassist.adapter.validation import hold_out
from mangaassist.core.scripts import scripts_of
from mangaassist.core.types import DocId, Document, Example, GroupId, Intent, Pair, Progress, Vectors, no_progress
from mangaassist.encoders import Encoder
from mangaassist.pairs import mine_hard_negatives, training_queries, two_sides
from mangaassist.queries import PLAIN, Composer, CompositionWeights
from mangaassist.retrieval import search_run

FOLDS = 3
"""Hold-outs that are pooled for the choice: one alone leaves too few queries of small sets in each cell."""

FEWEST_OF_SCRIPT = 50
"""Different training queries that a script needs before the adapter answers queries written in it."""

MINING_DEPTH = 100
"""How deep in the frozen ranking hard negatives are looked for."""


@dataclass(frozen=True, slots=True)
class TunedLadder:
    """Every rung refitted on all pairs with its best recipe, and the choice among them.

    refit_cpu_seconds: process CPU time to fit each rung again on everything; `choice` has those of tuning.
    weights: of query composition, fitted for the chosen rung.
    """

    choice: Choice
    adapters: Mapping[Rung, Adapter]
    refit_cpu_seconds: Mapping[Rung, float]
    weights: CompositionWeights = PLAIN

    @property
    def chosen(self) -> Adapter:
        """The adapter of the chosen rung."""
        return self.adapters[self.choice.chosen]


@dataclass(frozen=True, slots=True)
class TuningData:
    """What is tuned on.

    judged: query text → grades, of the judged queries that may be validated on; see `hold_out`.
    groups: query text, of pairs and judged queries → its group.
    series: document → series, whose other volumes are no negatives.
    exposed: documents that were shown to users; hard negatives come from these. None: from all.
    composer: reads the queries; None leaves them as they are typed.  intents: query text → the router's intent.
    """

    pairs: Sequence[Pair]
    documents: Sequence[Document]
    judged: Mapping[str, Mapping[DocId, int]]
    groups: Mapping[str, GroupId]
    series: Mapping[DocId, str] = field(default_factory=dict)
    exposed: frozenset[DocId] | None = None
    composer: Composer | None = None
    intents: Mapping[str, Intent] = field(default_factory=dict)


def tune_ladder(
    data: TuningData,
    encoder: Encoder,
    *,
    seed: int,
    rungs: Sequence[Rung] = LADDER,
    spares_unknown: bool = False,
    progress: Progress = no_progress,
) -> TunedLadder:
    """Tunes every rung on folds that hold out queries and documents, chooses, then refits each rung on all pairs.

    spares_unknown: the fix of `cold_harm`: no hard negatives, and halves of long texts among the self-supervised pairs.
    Raises DataError if there is nothing to train or to validate on.
    """
    corpus = corpus_vectors(data.documents, encoder, halves=spares_unknown)
    texts = sorted({pair.query_text for pair in data.pairs} | set(data.judged))
    base_queries = encoder.encode(texts)
    reference, composition = 0.0, None
    if data.composer is not None:
        progress("reading queries", 0, 1)
        composition = Composition.of(data.composer, texts, data.intents)
        by_text = dict(zip(texts, base_queries, strict=True))
        reference = fit_reference_weight(composition, data.judged, by_text, corpus.documents, corpus.doc_ids)
        base_queries = composition.joined(texts, base_queries, corpus.documents, reference)
        progress("reading queries", 1, 1)
    query_vectors = dict(zip(texts, base_queries, strict=True))
    folds = [_fold(data, query_vectors, corpus, composition, seed=seed + number) for number in range(FOLDS)]
    choice = choose(folds, rungs, seed=seed, hard_negatives=not spares_unknown, progress=progress)
    everything = _examples(data.pairs, query_vectors, corpus, data, composition, seed)
    scripts = scripts_of((pair.query_text for pair in data.pairs), fewest=FEWEST_OF_SCRIPT)
    adapters: dict[Rung, Adapter] = {}
    seconds: dict[Rung, float] = {}
    for done, (rung, trial) in enumerate(choice.trials.items()):
        progress(f"refitting {rung}", done, len(choice.trials))
        started = time.process_time()
        fitted = fit(trial.recipe, everything, seed=seed, rounds=trial.rounds)
        if trial.move_share:
            moves = fit_known_moves(everything, fitted.adapt_queries(everything.queries))
            fitted = replace(fitted, moves=moves.by(trial.move_share))
        adapters[rung] = fitted if rung == "identity" else replace(fitted, scripts=scripts or None)
        seconds[rung] = time.process_time() - started
    progress("refitting", len(choice.trials), len(choice.trials))
    if composition is None:
        return TunedLadder(choice, adapters, seconds)
    progress("weighing", 0, 1)
    weights = _weights(choice.trials[choice.chosen], folds, composition, reference=reference, seed=seed)
    progress("weighing", 1, 1)
    return TunedLadder(choice, adapters, seconds, weights)


def _weights(
    trial: Trial, folds: Sequence[Fold], composition: Composition, *, reference: float, seed: int
) -> CompositionWeights:
    """The weights of the other signals, on what the chosen rung's adapters say of queries they were not fitted on."""
    held = []
    for fold, adapter in zip(folds, trial.adapters, strict=True):
        queries, documents = adapter.adapt_queries(fold.queries), adapter.adapt_documents(fold.documents)
        args = (fold.query_ids, queries, documents, fold.doc_ids, fold.qrels, fold.groups, fold.warm)
        held.append(candidates(composition, *args))
    return fit_signal_weights(held, reference=reference, seed=seed)


def _fold(
    data: TuningData,
    query_vectors: Mapping[str, Vectors],
    corpus: CorpusVectors,
    composition: Composition | None,
    *,
    seed: int,
) -> Fold:
    """One hold-out of queries and documents, ready to train and to score."""
    held = hold_out(data.pairs, data.judged, data.groups, seed=seed)
    query_ids = sorted(held.qrels)
    return Fold(
        training=_examples(held.training, query_vectors, corpus, data, composition, seed),
        query_ids=query_ids,
        queries=_stack(query_ids, query_vectors, corpus.documents.shape[1]),
        qrels=held.qrels,
        groups=held.groups,
        doc_ids=corpus.doc_ids,
        documents=corpus.documents,
        warm=held.warm,
        allowed={} if composition is None else {each: composition.allowed(each) for each in query_ids},
    )


def corpus_vectors(documents: Sequence[Document], encoder: Encoder, *, halves: bool = False) -> CorpusVectors:
    """Base vectors of the documents, and of heading ↔ body where a document has both; `halves`: see `two_sides`."""
    sides = list(two_sides(documents, halves=halves))
    number = {left: index for index, left in enumerate(sorted({side.left for side in sides}))}
    return CorpusVectors(
        doc_ids=[document.doc_id for document in documents],
        documents=encoder.encode([document.text for document in documents]),
        left=encoder.encode([side.left for side in sides]),
        right=encoder.encode([side.right for side in sides]),
        group=np.array([number[side.left] for side in sides], dtype=np.int64),
    )


def _examples(
    pairs: Sequence[Pair],
    query_vectors: Mapping[str, Vectors],
    corpus: CorpusVectors,
    data: TuningData,
    composition: Composition | None,
    seed: int,
) -> TrainingSet:
    """Examples with hard negatives mined from the frozen ranking, as arrays; a named title is no negative."""
    texts = training_queries(pairs)
    run = search_run(
        list(texts),
        _stack(list(texts.values()), query_vectors, corpus.documents.shape[1]),
        corpus.doc_ids,
        corpus.documents,
        depth=MINING_DEPTH,
    )
    examples = mine_hard_negatives(
        pairs,
        run,
        per_query=FIRST_RUN.hard_negatives,
        series=data.series,
        exposed=data.exposed,
        rng=np.random.default_rng(seed),
    )
    if composition is not None:
        examples = [_without_references(example, composition) for example in examples]
    return training_set(examples, query_vectors, corpus)


def _without_references(example: Example, composition: Composition) -> Example:
    """Joined with the vector of a title it names, a query must not be pushed away from that title."""
    named = set(composition.readings[example.query_text].references) - {example.positive}
    return replace(
        example,
        hard_negatives=tuple(doc_id for doc_id in example.hard_negatives if doc_id not in named),
        also_positive=tuple(sorted({*example.also_positive, *named})),
    )


def _stack(texts: Sequence[str], query_vectors: Mapping[str, Vectors], dimension: int) -> Vectors:
    if not texts:
        return np.empty((0, dimension), dtype=np.float32)
    return np.stack([query_vectors[text] for text in texts])
