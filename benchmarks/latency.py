"""`python -m benchmarks.latency [--json FILE]`: what a rung adds to one query at 512 and 1024 dimensions.

Fitted on random unit vectors: the time of a forward pass does not depend on what the tensors hold.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.adapter import LADDER, recipes_for
from mangaassist.adapter.examples import CorpusVectors, TrainingSet, training_set
from mangaassist.adapter.fitting import fit
from mangaassist.adapter.ladder import Rung
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import DocId, Example, Vectors
from mangaassist.encoders import LocalEncoder
from mangaassist.evaluation import latency_addon

DIMENSIONS = (512, 1024)
RUNGS: tuple[Rung, ...] = tuple(rung for rung in LADDER if rung != "identity")
"""All that change a vector."""


def main() -> None:
    """Time the rungs, interleaved with encoding a query, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "latency.json")
    given = parser.parse_args()
    encoder = LocalEncoder()
    measured: dict[str, dict[str, dict[str, float]]] = {}
    for dimension in DIMENSIONS:
        data = _random_set(dimension)
        for rung in RUNGS:
            adapter = fit(recipes_for(rung)[0], data, seed=0, rounds=1)
            addon = latency_addon(
                lambda: encoder.encode(["dark fantasy like berserk"]), adapter.adapt_queries, data.queries
            )
            measured.setdefault(str(dimension), {})[rung] = {"p50_ms": addon.p50_ms, "p99_ms": addon.p99_ms}
            print(f"{dimension:5d} {rung:9s} p50 {addon.p50_ms:.4f} ms, p99 {addon.p99_ms:.4f} ms", flush=True)
    kept = {"machine": machine(), "latency_addon": measured}
    write_atomic(given.json, canonical_json(kept))
    rebuild("latency", readme_block(kept))


def readme_block(kept: Mapping[str, Any]) -> str:
    """What stands in the README."""
    here = kept["machine"]
    return table(kept["latency_addon"], f"{here['cores']} cores of {here['processor']}, {here['date']}")


def table(measured: Mapping[str, Mapping[str, Mapping[str, float]]], where: str) -> str:
    """The README's table of p50 and p99 by rung and dimension: of the rungs that were measured, simplest first."""
    shown = [rung for rung in RUNGS if all(rung in rungs for rungs in measured.values())]
    what = "What the adapter step adds to a query (base vector in, unit vector out, one thread)"
    lines = [
        f"{what}, p50 / p99 in ms, {where}:",
        "",
        f"| dimension | {' | '.join(shown)} |",
        f"|---|{'---|' * len(shown)}",
    ]
    for dimension in sorted(measured, key=int, reverse=True):
        rungs = measured[dimension]
        cells = " | ".join(f"{rungs[rung]['p50_ms']:.3f} / {rungs[rung]['p99_ms']:.3f}" for rung in shown)
        lines.append(f"| {dimension} | {cells} |")
    return "\n".join(lines)


def _random_set(dimension: int, rows: int = 256) -> TrainingSet:
    vectors = np.random.default_rng(0).normal(size=(2 * rows, dimension)).astype(np.float32)
    unit: Vectors = np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
    ids = [DocId(f"d{row}") for row in range(rows)]
    examples = [Example(f"q{row}", ids[row], (), (), 1.0, "judgement") for row in range(rows)]
    none = np.empty((0, dimension), dtype=np.float32)
    corpus = CorpusVectors(ids, unit[:rows], none, none, np.empty(0, dtype=np.int64))
    return training_set(examples, {f"q{row}": unit[rows + row] for row in range(rows)}, corpus)


if __name__ == "__main__":
    main()
