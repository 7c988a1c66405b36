"""A folder between two environments: base vectors and what trains out, adapted vectors back.

| file of a task | what it holds |
|---|---|
| `documents.npy` | (m, d) float32 base vectors, unit length |
| `queries.npy` | (n, d), likewise: the queries that train or validate |
| `test_queries.npy` | (t, d), likewise: only to be adapted; what answers them is not in the folder |
| `training.npy`, `validation.npy` | (pairs, 2) int64: row of a query, row of a document that answers it |

| file of an answer | what it holds |
|---|---|
| `documents.npy`, `test_queries.npy` | the same rows, adapted; scored by inner product, so unit length for cosine |
| `told.json` | `cpu_seconds` of fitting and adapting, and what the peer chose by itself |

The peers' environment has none of our packages: NumPy is all that this module needs.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Vectors: TypeAlias = npt.NDArray[np.float32]
Rows: TypeAlias = npt.NDArray[np.int64]

_ANSWERED = "told.json"


@dataclass(frozen=True, slots=True)
class Task:
    """What every method is given. validation: pairs of queries that are to choose with; they may train afterwards."""

    documents: Vectors
    queries: Vectors
    test_queries: Vectors
    training: Rows
    validation: Rows

    @property
    def everything(self) -> Rows:
        """All pairs, for those who fit again once they have chosen."""
        return np.concatenate([self.training, self.validation])


@dataclass(frozen=True, slots=True)
class Answer:
    """Adapted vectors, rows as in the task; told: what the method says of itself, CPU seconds among it."""

    documents: Vectors
    test_queries: Vectors
    told: Mapping[str, Any]


def write_task(folder: Path, task: Task) -> None:
    """The task as files; the folder is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in Task.__slots__:
        np.save(folder / f"{name}.npy", getattr(task, name), allow_pickle=False)


def read_task(folder: Path) -> Task:
    """The task in a folder; ValueError where its parts do not fit each other."""
    task = Task(**{name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in Task.__slots__})
    if len({task.documents.shape[1], task.queries.shape[1], task.test_queries.shape[1]}) != 1:
        raise ValueError(f"{folder}: documents and queries differ in dimension; write the task again")
    for name in ("training", "validation"):
        pairs: Rows = getattr(task, name)
        if pairs.ndim != 2 or pairs.shape[1] != 2 or (pairs >= (len(task.queries), len(task.documents))).any():
            raise ValueError(f"{folder / name}.npy names rows that are not there; write the task again")
    return task


def write_answer(folder: Path, answer: Answer) -> None:
    """The answer as files, `told.json` last and in one rename: an answer that has it is whole."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("documents", "test_queries"):
        np.save(folder / f"{name}.npy", getattr(answer, name), allow_pickle=False)
    staged = folder / f"{_ANSWERED}.tmp"
    staged.write_text(json.dumps(answer.told), encoding="utf-8")
    os.replace(staged, folder / _ANSWERED)


def read_answer(folder: Path, task: Task) -> Answer:
    """The answer in a folder; ValueError where it is unfinished, of other shape than the task, or not finite."""
    if not (folder / _ANSWERED).is_file():
        raise ValueError(f"{folder}: no {_ANSWERED}, so the method did not finish; run it again")
    answer = Answer(
        np.load(folder / "documents.npy", allow_pickle=False),
        np.load(folder / "test_queries.npy", allow_pickle=False),
        json.loads((folder / _ANSWERED).read_text(encoding="utf-8")),
    )
    for name in ("documents", "test_queries"):
        adapted, base = getattr(answer, name), getattr(task, name)
        if len(adapted) != len(base) or not np.isfinite(adapted).all():
            raise ValueError(f"{folder / name}.npy: {adapted.shape} rows for {base.shape}, or not finite; fit it again")
    return answer
