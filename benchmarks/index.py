"""`python -m benchmarks.index [--json FILE]`: what an index costs and finds at 1,000, 10,000 and 100,000 documents.

The vectors are drawn from a seed: a fiftieth as many random centres as documents, each document a centre moved by a
random vector of 0.7 of its length, each query a document moved likewise, so that a query's best documents have a
cosine of about .57 and the crowd one of about 0. Recall counts results that score at least the exact tenth score.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval import DocumentVectors, EmbeddedStore, Hits, IndexInfo, build_index, open_index

CASES = ((1_000, 512), (10_000, 512), (100_000, 512), (100_000, 1024))
PAGE = "docs/index.md"
ROUNDS, QUERIES, K = 10, 200, 10
FILTER = {"passes": ["yes"]}
CHILD = """
import json, sys
from pathlib import Path
import numpy as np
from mangaassist.retrieval import open_index
def kilobytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith("Rss")}
before = kilobytes()
store = open_index(Path(sys.argv[1]), encoder_id="drawn", release="embed-adapter-v00")
queries = np.random.default_rng(0).normal(size=(200, store.info.dimension)).astype(np.float32)
store.search(queries / np.linalg.norm(queries, axis=1, keepdims=True), 10)
after = kilobytes()
print(json.dumps({name: (after[name] - before[name]) / 1000 for name in after}))
"""


def main() -> None:
    """Build and search each size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "index.json")
    given = parser.parse_args()
    cases = []
    for count, dimension in CASES:
        with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
            cases.append(measured(Path(folder), count, dimension))
        print(row_of(cases[-1]), flush=True)
    here = machine()
    write_atomic(given.json, canonical_json({"machine": here, "index": cases}))
    rebuild("index", table(cases, f"{here['cores']} cores of {here['processor']}, {here['date']}"), PAGE)


def measured(folder: Path, count: int, dimension: int) -> dict[str, float]:
    """Everything about an index of one size."""
    vectors, queries = drawn(count, dimension)
    passing = np.random.default_rng(1).random(count) < 0.1
    ids = [DocId(f"d{row:06d}") for row in range(count)]
    documents = DocumentVectors(ids, vectors, {"passes": ["yes" if passes else "no" for passes in passing]})
    started = time.perf_counter()
    name = build_index(folder, documents, IndexInfo("drawn", "embed-adapter-v00", dimension))
    result = {"documents": count, "dimension": dimension, "build_s": time.perf_counter() - started}
    result["files_mb"] = sum(path.stat().st_size for path in (folder / name).iterdir()) / 1e6
    result["scan_mb"] = sum(path.stat().st_size for path in (folder / name).glob("scan.*")) / 1e6
    result |= memory(folder)
    store = open_index(folder, encoder_id="drawn", release="embed-adapter-v00")
    result |= times("", lambda query: store.search(query, K), queries)
    result |= times("filtered_", lambda query: store.search(query, K, where=FILTER), queries)
    result |= times("product_", lambda query: vectors @ query[0], queries)
    result["recall"] = recall(store.search(queries, K), queries @ vectors.T)
    result["filtered_recall"] = recall(store.search(queries, K, where=FILTER), queries @ vectors[passing].T)
    return result | changing(store, documents)


def drawn(count: int, dimension: int) -> tuple[Vectors, Vectors]:
    """Clustered unit vectors and queries, always the same."""
    rng = np.random.default_rng(0)
    centres = _unit(rng, count // 50, dimension)
    moved = centres[rng.integers(len(centres), size=count)] + np.float32(0.7) * _unit(rng, count, dimension)
    vectors: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    asked = vectors[rng.integers(count, size=QUERIES)] + np.float32(0.7) * _unit(rng, QUERIES, dimension)
    return vectors, asked / np.linalg.norm(asked, axis=1, keepdims=True)


def memory(folder: Path) -> dict[str, float]:
    """Megabytes that opening and searching add to another process: its own ones, and mapped ones that all share."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-c", CHILD, str(folder)]
    added = json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)
    return {"own_mb": added["RssAnon"], "shared_mb": added["RssFile"]}


def times(what: str, search: Callable[[Vectors], Any], queries: Vectors) -> dict[str, float]:
    """p50 of CPU time, p50 and p99 of wall time of one query at a time, each of the quietest of the rounds.

    Other work on the machine is not ours; where the two kinds of time differ, there was some.
    """
    rounds = []
    for _ in range(ROUNDS):
        wall, cpu = [], []
        for row in range(len(queries)):
            started, cpu_started = time.perf_counter(), time.thread_time()
            search(queries[row : row + 1])
            cpu.append((time.thread_time() - cpu_started) * 1e3)
            wall.append((time.perf_counter() - started) * 1e3)
        rounds.append([np.percentile(cpu, 50), *np.percentile(wall, [50, 99])])
    cpu_p50, p50, p99 = np.min(rounds, axis=0)
    return {f"{what}cpu_p50_ms": float(cpu_p50), f"{what}p50_ms": float(p50), f"{what}p99_ms": float(p99)}


def recall(found: Sequence[Hits], scores: Vectors) -> float:
    """The share of results that score at least the exact tenth score."""
    tenth = -np.partition(-scores, K - 1, axis=1)[:, K - 1]
    return float(np.mean([(hits.scores >= score - 1e-6).sum() / K for hits, score in zip(found, tenth, strict=True)]))


def changing(store: EmbeddedStore, documents: DocumentVectors) -> dict[str, float]:
    """Milliseconds until a changed title is durable and found, and for a look whether anything changed."""
    one = DocumentVectors([DocId("new")], documents.vectors[:1], {"passes": ["yes"]})
    taken, looks = [], []
    for _ in range(20):
        started = time.perf_counter()
        store.upsert(one)
        store.refresh()
        taken.append((time.perf_counter() - started) * 1e3)
        started = time.perf_counter()
        store.refresh()
        looks.append((time.perf_counter() - started) * 1e3)
    return {"upsert_p50_ms": float(np.median(taken)), "refresh_p50_ms": float(np.median(looks))}


def table(cases: Sequence[Mapping[str, float]], where: str) -> str:
    """The page's table."""
    return "\n".join(
        [
            "One query at a time, one thread, the best 10; ms of CPU time (p50) · of wall time (p50 / p99), "
            f"quietest of {ROUNDS} rounds, {where}:",
            "",
            "| documents | build s | files MB (scan) | own / shared MB | search | 10 % pass a filter | plain product "
            "| recall, filtered | a change shows after | nothing changed |",
            "|---|---|---|---|---|---|---|---|---|---|",
            *map(row_of, cases),
        ]
    )


def row_of(case: Mapping[str, float]) -> str:
    """One size as a line of the table."""
    return (
        f"| {case['documents']:,} × {case['dimension']} | {case['build_s']:.2f} "
        f"| {case['files_mb']:.0f} ({case['scan_mb']:.0f}) | {case['own_mb']:.0f} / {case['shared_mb']:.0f} "
        f"| {_ms(case, '')} | {_ms(case, 'filtered_')} | {_ms(case, 'product_')} "
        f"| {case['recall']:.4f}, {case['filtered_recall']:.4f} "
        f"| {case['upsert_p50_ms']:.1f} ms | {case['refresh_p50_ms']:.3f} ms |"
    )


def _ms(case: Mapping[str, float], what: str) -> str:
    return f"{case[f'{what}cpu_p50_ms']:.2f} · {case[f'{what}p50_ms']:.2f} / {case[f'{what}p99_ms']:.2f}"


def _unit(rng: np.random.Generator, count: int, dimension: int) -> Vectors:
    vectors = rng.standard_normal(size=(count, dimension), dtype=np.float32)
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


if __name__ == "__main__":
    main()
