"""Pairs, documents and an encoder in; what folds and refits train on, as arrays, out."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from mangaassist.adapter.composing import Composition, fit_reference_weight
from mangaassist.adapter.examples import CorpusVectors, TrainingSet, training_set
from mangaassist.adapter.race import Fold
from mangaassist.adapter.recipes import FIRST_RUN
from mangaassist.adapter.validation import hold_out
from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, Document, Example, GroupId, Intent, Pair, Progress, Run, Vectors
from mangaassist.encoders import Encoder
from mangaassist.pairs import mine_hard_negatives, training_queries, two_sides
from mangaassist.queries import Composer
from mangaassist.retrieval import search_run

MINING_DEPTH = 100
"""How deep in the frozen ranking hard negatives are looked for."""


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


@dataclass(frozen=True, slots=True)
class Material:
    """Everything encoded, read and ranked once: what folds and the refit are cut from.

    queries: text → its base vector, joined with the titles it names by `reference`. frozen: the ranking, of every text
    that trains, that hard negatives are mined from; looked up once for all. answering: which documents answer any query
    that trains or validates, (m,).
    """

    data: TuningData
    corpus: CorpusVectors
    queries: Mapping[str, Vectors]
    composition: Composition | None
    reference: float
    frozen: Run
    answering: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, data: TuningData, encoder: Encoder, *, halves: bool, progress: Progress) -> Self:
        """halves: also of long texts, see `two_sides`."""
        corpus = corpus_vectors(data.documents, encoder, halves=halves)
        texts = sorted({pair.query_text for pair in data.pairs} | set(data.judged))
        base = encoder.encode(texts)
        reference, composition = 0.0, None
        if data.composer is not None:
            progress("reading queries", 0, 1)
            composition = Composition.of(data.composer, texts, data.intents)
            by_text = dict(zip(texts, base, strict=True))
            reference = fit_reference_weight(composition, data.judged, by_text, corpus.documents, corpus.doc_ids)
            base = composition.joined(texts, base, corpus.documents, reference)
            progress("reading queries", 1, 1)
        queries = dict(zip(texts, base, strict=True))
        train = training_queries(data.pairs)
        ranked = _stack(list(train.values()), queries, corpus.documents.shape[1])
        frozen = search_run(list(train), ranked, corpus.doc_ids, corpus.documents, depth=MINING_DEPTH)
        return cls(data, corpus, queries, composition, reference, frozen, _answering(data, corpus.doc_ids))

    def fold(self, *, seed: int) -> Fold:
        """One hold-out of queries and documents, ready to train and to score."""
        held = hold_out(self.data.pairs, self.data.judged, self.data.groups, seed=seed)
        if not held.training:
            raise DataError("holding out for validation leaves nothing to train on; give more pairs")
        query_ids, composition = sorted(held.qrels), self.composition
        return Fold(
            training=self.examples(held.training, unknown=held.unknown, seed=seed),
            query_ids=query_ids,
            queries=_stack(query_ids, self.queries, self.corpus.documents.shape[1]),
            qrels=held.qrels,
            groups=held.groups,
            doc_ids=self.corpus.doc_ids,
            documents=self.corpus.documents,
            warm=held.warm,
            allowed={} if composition is None else {each: composition.allowed(each) for each in query_ids},
            answering=self.answering,
        )

    def examples(self, pairs: Sequence[Pair], *, unknown: AbstractSet[DocId] = frozenset(), seed: int) -> TrainingSet:
        """Examples with hard negatives mined from the frozen ranking, as arrays; a named title is no negative.

        unknown: held-out documents; new ones were not shown to anybody yet, so neither were these.
        """
        examples = mine_hard_negatives(
            pairs,
            self.frozen,
            per_query=FIRST_RUN.hard_negatives,
            series=self.data.series,
            exposed=None if self.data.exposed is None else self.data.exposed - unknown,
            rng=np.random.default_rng(seed),
        )
        if self.composition is not None:
            examples = [_without_references(example, self.composition) for example in examples]
        return training_set(examples, self.queries, self.corpus)


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


def _answering(data: TuningData, doc_ids: Sequence[DocId]) -> npt.NDArray[np.bool_]:
    answers = {pair.positive for pair in data.pairs}
    answers.update(doc_id for grades in data.judged.values() for doc_id, grade in grades.items() if grade >= 1)
    return np.array([doc_id in answers for doc_id in doc_ids])


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
