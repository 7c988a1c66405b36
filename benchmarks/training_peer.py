"""`python training_peer.py EXAMPLES.npz STEPS THREADS`: CPU seconds a step of that training in sentence-transformers.

Reads `vectors` (n, d) and `columns` (examples, 2 + negatives), rows of it: query, product, hard negatives. Needs NumPy,
torch, datasets and sentence-transformers only, so that it runs in an environment of its own. The network is that of
the first run, on both sides; learning rate, loss, batch and optimiser are too. The first steps, which set up, and what
the trainer does before and after all steps are not counted. Prints one JSON object.
"""

import json
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformer,
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.modules import InputModule, Module
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
from torch import Tensor, nn
from transformers import TrainerCallback

BATCH, TEMPERATURE, LEARNING_RATE = 128, 0.07, 1e-3
FIRST = 2


class Lookup(InputModule):
    """A text is the number of its base vector: what encoding beforehand comes to."""

    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.table = table

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """The base vectors of these numbers."""
        return {"sentence_embedding": self.table[torch.tensor([int(each) for each in inputs])]}

    def forward(self, features: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
        """Nothing more."""
        return features

    def save(self, *_: Any, **__: Any) -> None:
        """Nothing is kept."""


class Mlp(Module):
    """d → d/2 → d with LayerNorm and GELU."""

    def __init__(self, dimension: int) -> None:
        super().__init__()
        half = dimension // 2
        layers = (nn.Linear(dimension, half), nn.LayerNorm(half), nn.GELU(), nn.Linear(half, dimension))
        self.layers = nn.Sequential(*layers)

    def forward(self, features: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
        """Mapped vectors in the place of base vectors."""
        return {**features, "sentence_embedding": self.layers(features["sentence_embedding"])}

    def save(self, *_: Any, **__: Any) -> None:
        """Nothing is kept."""


class StepEnds(TrainerCallback):
    """CPU seconds of this process at the end of every step."""

    def __init__(self) -> None:
        self.moments: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Keeps the moment."""
        self.moments.append(time.process_time())


def main(examples: Path, steps: int, threads: int) -> None:
    """Train for so many steps, and print what it took."""
    torch.set_num_threads(threads)
    read = np.load(examples)
    table, columns = torch.from_numpy(read["vectors"]), read["columns"]
    names = ["anchor", "positive", *(f"negative_{number}" for number in range(1, columns.shape[1] - 1))]
    data = Dataset.from_dict({name: columns[:, place].astype(str).tolist() for place, name in enumerate(names)})
    model = SentenceTransformer(modules=[Lookup(table), Mlp(table.shape[1])], device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            output_dir=folder,
            max_steps=steps,
            per_device_train_batch_size=BATCH,
            learning_rate=LEARNING_RATE,
            lr_scheduler_type="constant",
            use_cpu=True,
            save_strategy="no",
            logging_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        loss = MultipleNegativesRankingLoss(model, scale=1 / TEMPERATURE)
        ends = StepEnds()
        SentenceTransformerTrainer(model=model, args=arguments, train_dataset=data, loss=loss, callbacks=[ends]).train()
    a_step = (ends.moments[-1] - ends.moments[FIRST - 1]) / (len(ends.moments) - FIRST)
    print(json.dumps({"cpu_seconds_a_step": a_step, "version": version("sentence-transformers")}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
