"""sentence-transformers: its Dense modules over a lookup of frozen vectors, its trainer, loss and hard negatives.

`st-dense` is one residual Dense that starts as the identity, `st-mlp` two Dense modules with a GELU between them, from
their own random start; both serve queries and documents. MultipleNegativesRankingLoss with its defaults, batches
without duplicates as its documentation advises. `-mined` adds its `mine_hard_negatives` over the whole corpus, with the
margin that its documentation calls strongest. The trainer's default rate is one for whole transformers; 1e-3 is what
these small modules need. Steps are chosen on validation, by its early stopping's rule, and then everything trains.
"""

import logging
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.modules import Dense, InputModule
from sentence_transformers.base.sampler import BatchSamplers
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from sentence_transformers.util import mine_hard_negatives
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from benchmarks.peers.exchange import Rows, Task, Vectors
from benchmarks.peers.workers.validation import ndcg_at_10, unit

RATE, BATCH, PATIENCE, LOOK_EVERY, MOST_STEPS = 1e-3, 128, 4, 100, 4000
MARGIN = 0.05


class Lookup(InputModule):
    """Texts "q12" and "d7" in, the rows of their base vectors out."""

    def __init__(self, queries: Vectors, documents: Vectors) -> None:
        super().__init__()
        self.tables = {"q": torch.from_numpy(queries), "d": torch.from_numpy(documents)}

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        del prompt
        return {"sentence_embedding": torch.stack([self.tables[text[0]][int(text[1:])] for text in inputs])}

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        return features

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        """Nothing to save."""


class StopEarly(TrainerCallback):
    """Looks at validation every `every` steps, keeps the best number of steps, and stops `PATIENCE` looks after it."""

    def __init__(self, model: SentenceTransformer, task: Task, every: int) -> None:
        self._model, self._task, self._every = model, task, every
        self.best_steps, self._best = every, -1.0  # as with its checkpoints: what was never trained is none of them

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        del args, kwargs
        if state.global_step % self._every == 0:
            found = self._look()
            if found > self._best:
                self._best, self.best_steps = found, state.global_step
            control.should_training_stop = state.global_step - self.best_steps >= PATIENCE * self._every
        return control

    def _look(self) -> float:
        task = self._task
        return ndcg_at_10(adapted(self._model, task.queries), adapted(self._model, task.documents), task.validation)


def fit(task: Task, method: str, seed: int) -> tuple[Vectors, Vectors, dict[str, Any]]:
    """Both sides adapted."""
    logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
    first = _examples(task, task.training, method)
    every = max(1, min(LOOK_EVERY, len(first) // BATCH))
    model = _model(task, method, seed)
    stop = StopEarly(model, task, every)
    _train(model, first, MOST_STEPS, seed, stop)
    steps = round(stop.best_steps * len(task.everything) / len(task.training))
    model = _model(task, method, seed)
    _train(model, _examples(task, task.everything, method), steps, seed)
    told = {"steps": steps, "examples": len(first), "pairs": len(task.training)}
    return adapted(model, task.documents), adapted(model, task.test_queries), told


def adapted(model: SentenceTransformer, base: Vectors) -> Vectors:
    """The Dense modules' output, unit length: cosine is what the loss compares by."""
    features = {"sentence_embedding": torch.from_numpy(base)}
    with torch.no_grad():
        for module in list(model)[1:]:
            features = module(features)
    return unit(features["sentence_embedding"].numpy())


def _model(task: Task, method: str, seed: int) -> SentenceTransformer:
    torch.manual_seed(seed)
    dimension = task.documents.shape[1]
    if method.startswith("st-dense"):
        weight, bias = torch.zeros(dimension, dimension), torch.zeros(dimension)
        layers = [
            Dense(
                dimension,
                dimension,
                activation_function=None,
                init_weight=weight,
                init_bias=bias,
                use_residual=True,
            )
        ]
    else:
        layers = [
            Dense(dimension, dimension // 2, activation_function=nn.GELU()),
            Dense(dimension // 2, dimension, activation_function=None),
        ]
    return SentenceTransformer(modules=[Lookup(task.queries, task.documents), *layers], device="cpu")


def _examples(task: Task, pairs: Rows, method: str) -> Dataset:
    anchors, positives = ([f"{kind}{row}" for row in pairs[:, at]] for at, kind in enumerate("qd"))
    dataset = Dataset.from_dict({"anchor": anchors, "positive": positives})
    if not method.endswith("-mined"):
        return dataset
    frozen = SentenceTransformer(modules=[Lookup(task.queries, task.documents)], device="cpu")
    corpus = [f"d{row}" for row in range(len(task.documents))]
    return mine_hard_negatives(
        dataset,
        frozen,
        corpus=corpus,
        relative_margin=MARGIN,
        output_format="n-tuple",
        batch_size=1024,
        faiss_batch_size=1024,
        verbose=False,
    )


def _train(
    model: SentenceTransformer, examples: Dataset, steps: int, seed: int, stop: TrainerCallback | None = None
) -> None:
    with TemporaryDirectory() as folder:
        settings = SentenceTransformerTrainingArguments(
            output_dir=folder,
            max_steps=steps,
            per_device_train_batch_size=BATCH,
            learning_rate=RATE,
            lr_scheduler_type="constant",  # so that a number of steps means the same in both fits
            batch_sampler=BatchSamplers.NO_DUPLICATES,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            use_cpu=True,
            disable_tqdm=True,
            seed=seed,
        )
        SentenceTransformerTrainer(
            model=model,
            args=settings,
            train_dataset=examples,
            loss=MultipleNegativesRankingLoss(model),
            callbacks=[stop] if stop else [],
        ).train()
