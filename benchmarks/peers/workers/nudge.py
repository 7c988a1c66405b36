"""nudge-ft: documents moved towards their training queries, how far chosen on validation as its own code does.

Its README's call with its defaults. Validation queries only choose: the package has no second fit.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from nudge import NUDGEM, NUDGEN

from benchmarks.peers.exchange import Rows, Task, Vectors

_BATCH = 32
"""Validation queries at once: changes nothing but the memory, which grows with their answers times the corpus."""


def fit(task: Task, method: str, seed: int) -> tuple[Vectors, Vectors, dict[str, Any]]:
    """Queries stay as they are. NUDGE-M's documents are not of unit length, and are meant to be scored so."""
    del seed
    tuner = {"nudge-m": NUDGEM, "nudge-n": NUDGEN}[method]()
    training, validation = _answered(task, task.training), _answered(task, task.validation)
    moved = tuner.finetune_embeddings(task.documents, training, validation, val_batch_size=_BATCH)
    return np.asarray(moved, dtype=np.float32), task.test_queries, {}


def _answered(task: Task, pairs: Rows) -> Mapping[str, Any]:
    """Its own form: query vectors, and for each the rows of the documents that answer it."""
    rows, starts = np.unique(pairs[:, 0], return_index=True)
    answers = [part.tolist() for part in np.split(pairs[:, 1], starts[1:])]
    return {"q_embs": task.queries[rows], "q_ans_indx": answers}
