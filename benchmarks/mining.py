"""`python -m benchmarks.mining [--json FILE]`: hard negatives for 27,000 pairs out of a catalogue of 100,000.

The code is what `train` runs: every query ranked against every document by `search_run`, then `mine_hard_negatives`.
With `--queries` fewer are ranked; the seconds of all are then scaled up. CPU seconds are those of all threads together.
"""

import argparse
import os
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index import drawn
from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import DocId, Pair, Vectors
from mangaassist.pairs import mine_hard_negatives, training_queries
from mangaassist.retrieval import search_run

DOCUMENTS, QUERIES, DIMENSION, DEPTH, HARD = 100_000, 27_000, 1024, 100, 7
RESULTS = Path(__file__).parent / "results" / "mining.json"


def main() -> None:
    """Mine, and write what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--queries", type=int, default=QUERIES)
    given = parser.parse_args()
    told = {"machine": machine(), "load": round(os.getloadavg()[0], 1), **measured(given.queries)}
    write_atomic(given.json, canonical_json(told))
    print(line(told))
    if given.json == RESULTS:
        rebuild("mining", line(told), "docs/performance.md")


def measured(queries: int) -> dict[str, Any]:
    """Seconds of the ranking, of choosing the negatives, and of the matrix product alone."""
    documents, _ = drawn(DOCUMENTS, DIMENSION)
    rng = np.random.default_rng(2)
    wanted = rng.integers(DOCUMENTS, size=queries)
    moved = rng.standard_normal((queries, DIMENSION), dtype=np.float32)
    asked: Vectors = documents[wanted] + np.float32(0.7 / 32) * moved
    doc_ids = [DocId(f"d{row:06d}") for row in range(DOCUMENTS)]
    pairs = [Pair(f"query {number}", doc_ids[row], "click") for number, row in enumerate(wanted)]
    product_started, product_cpu = time.perf_counter(), time.process_time()
    for _ in range(2):
        asked[:128] @ documents.T
    product = (time.process_time() - product_cpu) / 256, (time.perf_counter() - product_started) / 256
    started, cpu_started = time.perf_counter(), time.process_time()
    run = search_run(list(training_queries(pairs)), asked, doc_ids, documents, depth=DEPTH)
    ranked, cpu_ranked = time.perf_counter(), time.process_time()
    examples = mine_hard_negatives(pairs, run, per_query=HARD, series={}, exposed=None, rng=rng)
    ended, cpu_ended = time.perf_counter(), time.process_time()
    assert min(len(example.hard_negatives) for example in examples) == HARD
    scale = QUERIES / queries
    return {
        "queries": queries,
        "seconds": round((ended - started) * scale, 1),
        "cpu_seconds": round((cpu_ended - cpu_started) * scale, 1),
        "rank_cpu_seconds": round((cpu_ranked - cpu_started) * scale, 1),
        "choose_cpu_seconds": round((cpu_ended - cpu_ranked) * scale, 1),
        "product_cpu_seconds": round(product[0] * QUERIES, 1),
        "rank_seconds": round((ranked - started) * scale, 1),
    }


def line(told: Mapping[str, Any]) -> str:
    """What the documentation says."""
    here = told["machine"]
    part = "" if told["queries"] == QUERIES else f" (scaled up from {told['queries']:,} of the queries)"
    text = (
        f"Measured: {QUERIES:,} queries against {DOCUMENTS:,} documents of {DIMENSION:,} dimensions{part} in "
        f"{told['cpu_seconds']:.0f} CPU seconds: {told['rank_cpu_seconds']:.0f} to rank all and keep the best {DEPTH}, "
        f"where the products alone take {told['product_cpu_seconds']:.0f}, and {told['choose_cpu_seconds']:.1f} to "
        f"choose {HARD} negatives each; by the clock {told['seconds']:.0f} s at load {told['load']}. "
        f"`python -m benchmarks.mining`, {here['cores']} cores of {here['processor']}, {here['date']}."
    )
    return textwrap.fill(text, 120, break_on_hyphens=False)


if __name__ == "__main__":
    main()
