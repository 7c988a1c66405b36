"""`python -m benchmarks.peers.workers METHOD TASK ANSWER --seed N`: one peer on one task, see exchange.py."""

import argparse
import importlib
import sys
import time
from pathlib import Path

from benchmarks.peers.exchange import Answer, read_task, write_answer

MODULES = {
    "nudge-m": "nudge",
    "nudge-n": "nudge",
    "st-dense": "dense",
    "st-dense-mined": "dense",
    "st-mlp": "dense",
    "st-mlp-mined": "dense",
    "llama-index": "llama_index_engine",
    "ridge": "ridge",
}
"""Each has `fit(task, method, seed)`, which gives (documents, test queries, what it chose)."""


def main() -> None:
    """Fit, adapt, write; only that is timed, not what it takes to load the packages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=MODULES)
    parser.add_argument("task", type=Path)
    parser.add_argument("answer", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    peer = importlib.import_module(f"benchmarks.peers.workers.{MODULES[given.method]}")
    task = read_task(given.task)
    started = time.process_time()
    documents, test_queries, told = peer.fit(task, given.method, given.seed)
    told = {"cpu_seconds": round(time.process_time() - started, 2), **told}
    write_answer(given.answer, Answer(documents, test_queries, told))
    print(told, file=sys.stderr)


if __name__ == "__main__":
    main()
