"""llama-index's EmbeddingAdapterFinetuneEngine: its linear query-side adapter, 4 epochs as in its documentation.

The engine knows no validation. Its default learning rate (2e-5) and one that suits a matrix that starts as the identity
(1e-3) are both tried, as its users do with its evaluation, and the better one fits everything again. It reads one
document a query, in the order of the data set and without shuffling: so every pair is an entry of its own, drawn in an
order of the seed's, at most `PER_QUERY` a query.
"""

from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.finetuning import EmbeddingAdapterFinetuneEngine, EmbeddingQAFinetuneDataset
from pydantic import PrivateAttr

from benchmarks.peers.exchange import Rows, Task, Vectors
from benchmarks.peers.workers.validation import ndcg_at_10, unit

EPOCHS, RATES, PER_QUERY = 4, (2e-5, 1e-3), 10


class KnownVectors(BaseEmbedding):
    """An embedding model that looks up rows: "q12" is a query, "d7" a document."""

    _queries: Vectors = PrivateAttr()
    _documents: Vectors = PrivateAttr()

    def __init__(self, queries: Vectors, documents: Vectors) -> None:
        super().__init__(model_name="known vectors")
        self._queries, self._documents = queries, documents

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._row(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._row(text)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._row(query)

    def _row(self, text: str) -> list[float]:
        table = self._queries if text[0] == "q" else self._documents
        found: list[float] = table[int(text[1:])].tolist()
        return found


def fit(task: Task, method: str, seed: int) -> tuple[Vectors, Vectors, dict[str, Any]]:
    """Documents stay as they are, as they do in llama-index."""
    del method
    scores = {}
    for rate in RATES:
        model = _fitted(task, task.training, rate, seed)
        scores[rate] = ndcg_at_10(_adapted(model, task.queries), task.documents, task.validation)
    best = max(RATES, key=lambda rate: scores[rate])
    model = _fitted(task, task.everything, best, seed)
    return task.documents, _adapted(model, task.test_queries), {"learning_rate": best}


def _fitted(task: Task, pairs: Rows, rate: float, seed: int) -> Any:
    torch.manual_seed(seed)
    drawn = _drawn(pairs, seed)
    dataset = EmbeddingQAFinetuneDataset(
        queries={str(at): f"q{query}" for at, (query, _) in enumerate(drawn)},
        corpus={str(row): f"d{row}" for row in np.unique(drawn[:, 1])},
        relevant_docs={str(at): [str(document)] for at, (_, document) in enumerate(drawn)},
    )
    with TemporaryDirectory() as folder:
        engine = EmbeddingAdapterFinetuneEngine(
            dataset,
            KnownVectors(task.queries, task.documents),
            dim=task.documents.shape[1],
            epochs=EPOCHS,
            device="cpu",
            bias=True,
            model_output_path=folder,
            optimizer_params={"lr": rate},
            show_progress_bar=False,
        )
        engine.finetune()
    return engine.model


def _drawn(pairs: Rows, seed: int) -> Rows:
    """At most `PER_QUERY` pairs of each query, all in a random order."""
    mixed = np.random.default_rng(seed).permutation(pairs)
    taken: dict[int, int] = {}
    kept = []
    for query, document in mixed.tolist():
        taken[query] = taken.get(query, 0) + 1
        if taken[query] <= PER_QUERY:
            kept.append((query, document))
    return np.array(kept, dtype=np.int64)


def _adapted(model: Any, queries: Vectors) -> Vectors:
    with torch.no_grad():
        return unit(model(torch.from_numpy(queries)).numpy())
