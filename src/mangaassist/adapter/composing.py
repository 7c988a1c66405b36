"""Held-out queries with their candidates in, the weights of query composition out, fitted as adapters are chosen.

A set of weights is as good as its worst eligible cell: the mean ndcg@10 gain over no composition in that same cell.
Weights are found one at a time, over a short list of values, until none of them changes. The reference weight comes
first, on the frozen encoder, because adapters are then trained on joined queries; the others come last, on the
held-out scores of the chosen rung.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from mangaassist.adapter.pooling import eligible_cells, pooled
from mangaassist.core.types import Adjustment, DocId, GroupId, Groups, Intent, Qrels, QueryId, Vectors
from mangaassist.evaluation import Exposure, Resampler, document_filter, score_run, split_grades
from mangaassist.queries import PLAIN, SIGNALS, Composer, CompositionWeights, Reading, compose_vectors
from mangaassist.retrieval import search_run

REFERENCE_WEIGHTS: Final = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
TRIED: Final[Mapping[str, tuple[float, ...]]] = {
    "reference_facets": (0.0, 0.1, 0.2, 0.4, 0.6, 1.0),
    "lexical": (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0),
    "wanted": (0.0, 0.05, 0.1, 0.2, 0.4),
    "rejected": (0.0, 0.1, 0.2, 0.4, 0.8),
}
SWEEPS: Final = 3
POOL: Final = 100
"""How many of the best by vector, and by each signal, are candidates: what weights can bring among the first ten."""

_DISCOUNT: Final = 1 / np.log2(np.arange(2, 12))

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Composition:
    """The readings of every text that trains or validates, by text, and the composer that made them."""

    composer: Composer
    readings: Mapping[str, Reading]

    @classmethod
    def of(cls, composer: Composer, texts: Sequence[str], intents: Mapping[str, Intent]) -> "Composition":
        """Reads every text once."""
        return cls(composer, {text: composer.reader.read(text, intents.get(text)) for text in texts})

    def joined(self, texts: Sequence[str], base: Vectors, documents: Vectors, weight: float) -> Vectors:
        """Base query vectors (n, d) joined with the titles that each text names; documents (m, d) base vectors."""
        rows = [self.composer.reference_rows(self.readings[text]) for text in texts]
        return compose_vectors(base, [documents[row] for row in rows], weight)

    def allowed(self, text: str) -> Flags:
        """Which documents may be returned for a text."""
        return self.composer.allowed(self.readings[text])


def fit_reference_weight(
    composition: Composition,
    judged: Mapping[str, Mapping[DocId, int]],
    base_queries: Mapping[str, Vectors],
    documents: Vectors,
    doc_ids: Sequence[DocId],
) -> float:
    """The weight that is best for the frozen encoder, by mean ndcg@10 over the judged texts that name a title."""
    texts = [text for text in sorted(judged) if composition.composer.reference_rows(composition.readings[text])]
    if not texts:
        return 0.0
    base = np.stack([base_queries[text] for text in texts])
    qrels = {QueryId(text): judged[text] for text in texts}
    gains = {}
    for weight in REFERENCE_WEIGHTS:
        run = search_run(
            [QueryId(text) for text in texts],
            composition.joined(texts, base, documents, weight),
            doc_ids,
            documents,
            adjust=lambda query_id: Adjustment(allowed=composition.allowed(query_id)),
        )
        scores = score_run(run, qrels)
        gains[weight] = sum(score.ndcg_at_10 for score in scores.values()) / len(scores)
    return max(gains, key=lambda weight: (gains[weight], -weight))


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the first ten of each query can be made of, with what is known of each.

    similarity (n, c): adapted cosine, -inf where a document may not be returned.  signals (n, s, c), as `SIGNALS`.
    grade: cell → (n, c) grade of a document that counts there.  out: cell → (n, c) whether it is taken out of the run.
    ideal: cell → (n,) best possible DCG, 0 for queries outside the cell.  query_ids, groups: of the rows.
    """

    similarity: Floats
    signals: Floats
    grade: Mapping[str, Floats]
    out: Mapping[str, Flags]
    ideal: Mapping[str, Floats]
    query_ids: Sequence[QueryId]
    groups: Groups

    def ndcg(self, weights: CompositionWeights, cell: str) -> dict[QueryId, float]:
        """ndcg@10 of every query of a cell, were these the weights."""
        scores = self.similarity + np.einsum("nsc,s->nc", self.signals, weights.of_signals)
        scores = np.where(self.out[cell], -np.inf, scores)
        best = np.argsort(-scores, axis=1, kind="stable")[:, : len(_DISCOUNT)]
        gained = np.take_along_axis(self.grade[cell], best, axis=1)
        gained = np.where(np.isfinite(np.take_along_axis(scores, best, axis=1)), gained, 0)
        found = gained @ _DISCOUNT[: best.shape[1]]
        ideal = self.ideal[cell]
        return {
            query_id: float(found[row] / ideal[row]) for row, query_id in enumerate(self.query_ids) if ideal[row] > 0
        }


def candidates(
    composition: Composition,
    query_ids: Sequence[QueryId],
    queries: Vectors,
    documents: Vectors,
    doc_ids: Sequence[DocId],
    qrels: Qrels,
    groups: Mapping[QueryId, GroupId],
    warm: frozenset[DocId],
) -> Candidates:
    """The candidates of held-out queries; queries (n, d) and documents (m, d) adapted, query ids are their texts."""
    order = np.argsort(np.array(doc_ids, dtype=str), kind="stable")  # equal scores by document id, as in every run
    ids = [doc_ids[row] for row in order]
    size = min(len(ids), POOL * (1 + len(SIGNALS)))
    rows: list[npt.NDArray[np.int64]] = []
    similarity = np.empty((len(query_ids), size), dtype=np.float32)
    signals = np.empty((len(query_ids), len(SIGNALS), size), dtype=np.float32)
    for number, query_id in enumerate(query_ids):
        reading = composition.readings[query_id]
        scores = np.where(composition.composer.allowed(reading), documents @ queries[number], -np.inf)[order]
        told = composition.composer.signals(reading)[:, order]
        chosen = _pool(scores, told, size)
        rows.append(chosen)
        similarity[number], signals[number] = scores[chosen], told[:, chosen]
    exposure = Exposure(warm)
    grade, out, ideal = {}, {}, {}
    for cell in ("all", "warm", "cold"):
        split = [split_grades(qrels[query_id], document_filter(exposure, cell)) for query_id in query_ids]
        grade[cell] = np.array(
            [[max(0, kept.get(ids[row], 0)) for row in chosen] for (kept, _), chosen in zip(split, rows, strict=True)],
            dtype=np.float32,
        )
        out[cell] = np.array(
            [[ids[row] in removed for row in chosen] for (_, removed), chosen in zip(split, rows, strict=True)]
        )
        ideal[cell] = np.array([_ideal(kept) for kept, _ in split], dtype=np.float32)
    return Candidates(similarity, signals, grade, out, ideal, query_ids, groups)


def fit_signal_weights(folds: Sequence[Candidates], *, reference: float, seed: int) -> CompositionWeights:
    """The weights that are best on the folds' held-out queries, beside a reference weight that is settled.

    What a shopper turned down is heeded as strongly as validation allows: of the rejected weights within one standard
    error of the best, the largest.
    """
    start = replace(PLAIN, reference=reference)
    judge = _Judge(folds, start)
    best = start
    for _ in range(SWEEPS):
        before = best
        for name, values in TRIED.items():
            tried = [replace(best, **{name: value}) for value in values]
            best = max(tried, key=lambda weights: (judge.worth(weights), -_size(weights)))
        if best == before:
            break
    if not any(fold.signals[:, SIGNALS.index("rejected")].any() for fold in folds):
        return best
    stronger = [replace(best, rejected=value) for value in TRIED["rejected"] if value > best.rejected]
    allowed = [weights for weights in stronger if judge.is_as_good(weights, best, seed)]
    return allowed[-1] if allowed else best


class _Judge:
    """Measures weights on all folds at once, against none."""

    def __init__(self, folds: Sequence[Candidates], start: CompositionWeights) -> None:
        self._folds = folds
        self.groups = pooled(
            {each: fold.groups.get(each, GroupId(f"query:{each}")) for each in fold.query_ids} for fold in folds
        )
        plain = {cell: self._pooled(start, cell) for cell in ("warm", "cold", "all")}
        self._cells = eligible_cells(plain)
        self._plain = {cell: _mean(plain[cell]) for cell in self._cells}
        self._known: dict[CompositionWeights, float] = {}

    def worth(self, weights: CompositionWeights) -> float:
        """The gain of the worst eligible cell."""
        if weights not in self._known:
            gains = (_mean(self._pooled(weights, cell)) - self._plain[cell] for cell in self._cells)
            self._known[weights] = round(min(gains), 6)
        return self._known[weights]

    def is_as_good(self, weights: CompositionWeights, best: CompositionWeights, seed: int) -> bool:
        """Whether these lose no more than one standard error of the paired difference, over all queries."""
        mine, theirs = self._pooled(weights, "all"), self._pooled(best, "all")
        behind = {query_id: theirs[query_id] - mine[query_id] for query_id in theirs}
        error = Resampler(sorted(behind), self.groups, seed=seed).standard_error(behind)
        return _mean(behind) <= error

    def _pooled(self, weights: CompositionWeights, cell: str) -> dict[QueryId, float]:
        return pooled(fold.ndcg(weights, cell) for fold in self._folds)


def _pool(scores: Floats, signals: Floats, size: int) -> npt.NDArray[np.int64]:
    """Rows of the best by vector and by each signal, filled up by vector, in rising order."""
    by_vector = np.argsort(-scores, kind="stable")
    chosen = set(by_vector[:POOL].tolist())
    for signal in signals:
        best = np.argsort(-np.where(np.isfinite(scores), signal, -1), kind="stable")[:POOL]
        chosen |= set(best[signal[best] > 0].tolist())
    for row in by_vector.tolist():
        if len(chosen) >= size:
            break
        chosen.add(row)
    return np.array(sorted(chosen), dtype=np.int64)


def _ideal(grades: Mapping[DocId, int]) -> float:
    best = sorted((grade for grade in grades.values() if grade > 0), reverse=True)[: len(_DISCOUNT)]
    return float(np.dot(best, _DISCOUNT[: len(best)]))


def _mean(values: Mapping[QueryId, float]) -> float:
    return sum(values.values()) / len(values) if values else 0.0


def _size(weights: CompositionWeights) -> float:
    return float(np.abs(weights.of_signals).sum())
