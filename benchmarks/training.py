"""`python -m benchmarks.training [--json FILE]`: what the first run's training costs, beside what products alone would.

The training is `adapter.training.Trainer` on drawn examples (see `training_examples`), 27,000 of them for 4 epochs, or
a share of that, scaled up. Between its steps a plain product of two large matrices is timed: the peak. On a processor
times are CPU seconds of one thread, so that other work on the machine, which meets steps and products alike, does not
count; on a GPU they are seconds by the clock. Of operations only the multiplications and additions of the matrix
products that a step does are counted.

sentence-transformers trains the same network on the same examples for as many steps, as its own process, in the Python
of `--peers-python`; where that is missing its seconds are null.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch

from benchmarks.machine import machine
from benchmarks.readme import ROOT, rebuild
from benchmarks.training_examples import DIMENSION, EXAMPLES, first_run_examples
from mangaassist.adapter.batches import Batch, batches
from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.recipes import FIRST_RUN
from mangaassist.adapter.training import Trainer
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import Device

RESULTS = Path(__file__).parent / "results" / "training.json"
PEER = Path(__file__).parent / "training_peer.py"
SIDE = 2_048
"""Rows and columns of the matrices whose product is the peak."""

EVERY = 8
"""Steps between two products."""

POPULARITY = (0.0, 1.0)


def main() -> None:
    """Train on both sets of examples, and write what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--device", default="auto", choices=get_args(Device))
    parser.add_argument("--share", type=float, default=1.0, help="of the steps of 4 epochs; the rest is scaled up")
    parser.add_argument("--peers-python", type=Path, default=ROOT / ".peers-venv" / "bin" / "python")
    given = parser.parse_args()
    cases = []
    for popularity in POPULARITY:
        data = first_run_examples(seed=0, popularity=popularity)
        case = {"popularity": popularity, **measured(data, given.device, given.share)}
        case |= peer(data, given.peers_python, round(given.share * STEPS))
        cases.append(case)
        print(row(case), flush=True)
    whole = {"machine": machine(), "load": os.getloadavg()[0], "share": given.share, **cases[0], "cases": cases}
    write_atomic(given.json, canonical_json(whole))
    if given.json == RESULTS:
        rebuild("training", table(whole), "docs/performance.md")


STEPS = FIRST_RUN.rounds * round(EXAMPLES / FIRST_RUN.batch)


def measured(data: TrainingSet, device: Device, share: float) -> dict[str, Any]:
    """Seconds, operations and the peak of our own training, one thread."""
    torch.set_num_threads(1)
    trainer = Trainer(data, FIRST_RUN, seed=0, device=device)
    clock = Clock(trainer.place)
    drawn = (batch for _ in range(FIRST_RUN.rounds) for batch in batches(data, FIRST_RUN, np.random.default_rng(0)))
    trainer.step(next(batches(data, FIRST_RUN, np.random.default_rng(1))))  # the first one sets the libraries up
    product = Product(trainer.place)
    product.seconds(clock)
    spent, operations, rows, products, steps = 0.0, 0, 0, [], round(share * STEPS)
    for begin in range(0, steps, EVERY):
        started = clock.now()
        for batch in islice(drawn, min(EVERY, steps - begin)):
            trainer.step(batch)
            operations += operations_of(batch)
            rows += len(batch.query) + len(batch.candidates)
        spent += clock.now() - started
        products.append(product.seconds(clock))
    peak = 2 * SIDE**3 / float(np.median(products))
    seconds = spent * STEPS / steps
    return {
        "device": str(trainer.place),
        "examples_per_s": round(EXAMPLES * FIRST_RUN.rounds / seconds),
        "cpu_seconds": round(seconds, 1),
        "achieved_gflops": round(operations / spent / 1e9, 2),
        "peak_gflops": round(peak / 1e9, 2),
        "of_peak": round(operations / spent / peak, 3),
        "rows_per_step": round(rows / steps),
    }


def operations_of(batch: Batch) -> int:
    """Multiplications and additions of the products of one step of the `mlp` rung: see `info_nce_of_layer`."""
    queries, candidates, hidden = len(batch.query), len(batch.candidates), DIMENSION // 2
    rows = queries + candidates
    layer = 2 * rows * DIMENSION * hidden  # the first one, and its gradient
    scores = 2 * rows * hidden**2 + 2 * hidden**2 * DIMENSION + 5 * queries * candidates * hidden
    return 2 * (layer + scores)


class Clock:
    """CPU seconds of this process on a processor; seconds once all is done on a GPU."""

    def __init__(self, place: torch.device) -> None:
        self._is_gpu = place.type == "cuda"

    def now(self) -> float:
        """Seconds since some moment."""
        if not self._is_gpu:
            return time.process_time()
        torch.cuda.synchronize()
        return time.perf_counter()


class Product:
    """The product of two large matrices, into a third that is there already."""

    def __init__(self, place: torch.device) -> None:
        self._left, self._right = (torch.randn(SIDE, SIDE, device=place) for _ in range(2))
        self._result = torch.empty_like(self._left)

    def seconds(self, clock: Clock) -> float:
        """How long it took."""
        started = clock.now()
        torch.mm(self._left, self._right, out=self._result)
        return clock.now() - started


def peer(data: TrainingSet, python: Path, steps: int) -> dict[str, Any]:
    """CPU seconds of sentence-transformers for four epochs, from what so many steps took; null where it is missing."""
    if not python.exists():
        return {"sentence_transformers_cpu_seconds": None, "sentence_transformers": None}
    whole = data.hard_negatives.copy()
    # It takes columns without gaps: a product that was drawn twice stands for the missing one.
    rows, columns = np.nonzero(whole < 0)
    whole[rows, columns] = (data.positive[rows] + 1 + columns) % len(data.documents)
    documents = len(data.queries) + np.column_stack([data.positive, whole])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "examples.npz"
        np.savez(
            path, vectors=np.vstack([data.queries, data.documents]), columns=np.column_stack([data.query, documents])
        )
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
        environment.pop("PYTHONPATH", None)
        command = [str(python), str(PEER), str(path), str(steps), "1"]
        done = subprocess.run(command, env=environment, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command[:2])} failed; what it said stands above")
    told = json.loads(done.stdout.splitlines()[-1])
    seconds = round(told["cpu_seconds_a_step"] * STEPS, 1)
    return {"sentence_transformers_cpu_seconds": seconds, "sentence_transformers": told["version"]}


def table(whole: Mapping[str, Any]) -> str:
    """The page's table."""
    here = whole["machine"]
    part = "" if whole["share"] == 1 else f", scaled up from {whole['share']:.0%} of the steps"
    where = f"{whole['device']}, one thread of {here['processor']}, load {whole['load']:.1f}, {here['date']}"
    return "\n".join(
        [
            f"{EXAMPLES:,} examples × {FIRST_RUN.rounds} epochs{part}; {where}:",
            "",
            "| products | rows a step | examples a second | CPU s | GFLOP/s of peak | CPU s of sentence-transformers |",
            "|---|---|---|---|---|---|",
            *map(row, whole["cases"]),
        ]
    )


def row(case: Mapping[str, Any]) -> str:
    """One set of examples as a line of the table."""
    drawn = f"by rank^-{case['popularity']:g}" if case["popularity"] else "all alike"
    other = case["sentence_transformers_cpu_seconds"]
    told = f"{other:.0f} ({other / case['cpu_seconds']:.1f} times ours)" if other else "not measured"
    return (
        f"| {drawn} | {case['rows_per_step']:,} | {case['examples_per_s']:,} | {case['cpu_seconds']:.0f} "
        f"| {case['achieved_gflops']:.0f} of {case['peak_gflops']:.0f} = {case['of_peak']:.0%} | {told} |"
    )


if __name__ == "__main__":
    main()
