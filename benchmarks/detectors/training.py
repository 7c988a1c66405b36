"""Pairs in, a closed-form system out: real rules for pairs, real ridge, and the ranking it gives."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from benchmarks.detectors.log import Log, rows_of
from benchmarks.detectors.shop import Indices, Shop, Texts
from mangaassist.adapter.closed_forms import fit_ridge
from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.ladder import IDENTITY_MAP, SideMap
from mangaassist.core.types import Pair, Vectors
from mangaassist.pairs import PairRules, balance_pairs

PULL = 0.3


@dataclass(frozen=True, slots=True)
class System:
    """A map of queries and the documents' vectors: what ranks.

    shake: the length of the noise that every query is heard with, drawn by `shaken_by`.
    """

    query_map: SideMap
    documents: Vectors
    trained_on: tuple[Pair, ...] = ()
    shake: float = 0.0
    shaken_by: tuple[int, ...] = ()

    def first(self, queries: Vectors, k: int) -> tuple[Indices, Vectors]:
        """(q, k): rows of the best documents, and their scores."""
        adapted = self.query_map(queries)
        if self.shake:
            rng = np.random.default_rng((*self.shaken_by, len(queries)))
            noise = rng.normal(scale=self.shake / np.sqrt(adapted.shape[1]), size=adapted.shape)
            adapted = (adapted + noise).astype(np.float32)
        scores = adapted @ self.documents.T
        best = np.argpartition(-scores, k, axis=1)[:, :k]
        found = np.take_along_axis(scores, best, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        return np.take_along_axis(best, order, axis=1), np.take_along_axis(found, order, axis=1)


def frozen(shop: Shop) -> System:
    """The base encoder as it is."""
    return System(IDENTITY_MAP, shop.vectors)


def trained(shop: Shop, log: Log, rules: PairRules) -> System:
    """Ridge towards the identity with an intercept, on what the rules make of the log's pairs.

    The intercept moves all queries to where positives are on average; so it feels at once what is clicked too often.
    """
    pairs = balance_pairs(log.pairs, rules).pairs
    data = _training_set(shop, log, pairs)
    ridge = fit_ridge(data, pull=PULL).query_map
    assert ridge.shift is not None
    weights = data.weight[:, None] / data.weight.sum()
    residual = data.documents[data.positive] - ridge(data.queries[data.query])
    bias = (weights * residual).sum(axis=0).astype(np.float32)
    size = data.dimension
    query_map = SideMap(
        is_residual=True, shift=ridge.shift, down=ridge.matrix, up=np.eye(size, dtype=np.float32), up_bias=bias
    )
    return System(query_map, shop.vectors, tuple(pairs))


def recall_at_3(system: System, texts: Texts) -> float:
    """Mean recall@3 of queries with `RELEVANT` relevant documents each."""
    best, _ = system.first(texts.vectors, 3)
    return float((best[:, :, None] == texts.relevant[:, None, :]).any(axis=2).mean())


def _training_set(shop: Shop, log: Log, pairs: list[Pair]) -> TrainingSet:
    texts = sorted({pair.query_text for pair in pairs})
    number = {text: row for row, text in enumerate(texts)}
    nothing = np.empty((0, shop.vectors.shape[1]), dtype=np.float32)
    query = np.array([number[pair.query_text] for pair in pairs], dtype=np.int64)
    return TrainingSet(
        queries=np.stack([log.vectors[text] for text in texts]),
        documents=shop.vectors,
        query=query,
        positive=rows_of(shop, pairs),
        weight=np.array([pair.weight for pair in pairs], dtype=np.float32),
        words=np.arange(len(texts)),
        client=np.full(len(pairs), -1),
        hard_negatives=np.empty((len(pairs), 0), dtype=np.int64),
        relevant=sparse.csr_matrix((len(texts), len(shop.doc_ids)), dtype=bool),
        corpus_left=nothing,
        corpus_right=nothing,
        corpus_group=np.empty(0, dtype=np.int64),
    )
