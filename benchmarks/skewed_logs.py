"""What the choice makes of a log that knows the most asked-for documents alone: `python -m benchmarks.skewed_logs`.

Of a real set's training judgements only those of the `KEPT` documents with most queries train: what a shop's log looks
like whose ranking showed little else. The development split asks for everything. The choice is made as it is, and once
more without its look at validation among answering documents alone. Rebuilds its table in
docs/decisions/0028-among-answers.md.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.machine import machine
from benchmarks.peers.methods import run_method
from benchmarks.peers.scores import CELLS, score, summarised
from benchmarks.peers.sets import ComparedSet, real_set
from benchmarks.readme import rebuild
from mangaassist.adapter import race
from mangaassist.commands.bench import cache_directory
from mangaassist.commands.output import shown_progress
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import Progress, RetrievalSet
from mangaassist.data import load_beir
from mangaassist.encoders import CachedEncoder, load_encoder

ROOT = Path(__file__).parents[1]
PAGE = "docs/decisions/0028-among-answers.md"
STORED = ROOT / "benchmarks" / "results" / "skewed_logs.json"
SETS = ("nfcorpus", "manga")
KEPT = (100, 300)


def main() -> None:
    """Run, keep the JSON, and rebuild the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--table", action="store_true", help="only rebuild the table from the kept results")
    given = parser.parse_args()
    if not given.table:
        if not given.data.is_dir():
            sys.exit(f"{given.data}: no such folder; give the folder of the real sets with --data")
        write_atomic(STORED, canonical_json({"machine": machine(), "seed": given.seed, "rows": rows(given)}))
    stored = json.loads(STORED.read_bytes())
    rebuild("skewed logs", table(stored), PAGE)
    print(table(stored))


def rows(given: argparse.Namespace) -> list[dict[str, Any]]:
    """One for each set and number of documents: what the frozen encoder and both choices score, cell by cell."""
    found = []
    with shown_progress() as progress:
        encoder = CachedEncoder(load_encoder("local"), cache_directory(Path()), progress=progress)
        for name in SETS:
            dataset = load_beir(given.data / name)
            for kept in KEPT:
                compared = real_set(most_asked_for(dataset, kept), encoder, final=False, seed=given.seed)
                row: dict[str, Any] = {"set": name, "kept": kept}
                row["frozen"] = scored("frozen", compared, given.seed, progress)
                row["chosen"] = scored("chosen", compared, given.seed, progress)
                # No share of the corpus is small enough to be looked at by itself.
                with mock.patch.object(race, "NEARLY_ALL", 0.0):
                    row["without"] = scored("chosen", compared, given.seed, progress)
                found.append(row)
    return found


def scored(method: str, compared: ComparedSet, seed: int, progress: Progress) -> dict[str, Any]:
    """Mean NDCG@10 of each cell, None where it is too small, and what the method tells of itself."""
    run, told = run_method(method, compared, seed=seed, progress=progress)
    cells = summarised([score(compared, run)], compared.groups)
    return {**told, **{cell: None if found is None else found["ndcg@10"][0] for cell, found in cells.items()}}


def most_asked_for(dataset: RetrievalSet, count: int) -> RetrievalSet:
    """The set with the training judgements of so many documents, those that most queries have as an answer."""
    train = dataset.qrels["train"]
    asked = Counter(doc_id for grades in train.values() for doc_id, grade in grades.items() if grade >= 1)
    kept = {doc_id for doc_id, _ in sorted(asked.items(), key=lambda item: (-item[1], item[0]))[:count]}
    skewed = {
        query_id: left
        for query_id, grades in train.items()
        if (left := {doc_id: grade for doc_id, grade in grades.items() if doc_id in kept})
    }
    return replace(dataset, qrels={**dataset.qrels, "train": skewed})


def table(stored: Mapping[str, Any]) -> str:
    """One line a set and number of documents; NDCG@10 of the development queries, cell by cell."""
    here = stored["machine"]
    lines = [
        f"NDCG@10 all / warm / cold of the development split, local encoder (512-d), seed {stored['seed']}, "
        f"{here['cores']} cores of {here['processor']}, {here['date']}.",
        "",
        "| set, documents that train | frozen | the choice | without the look among answers |",
        "|---|---|---|---|",
    ]
    for row in stored["rows"]:
        systems = [
            _cells(row["frozen"]),
            *(f"{row[each]['chosen']} {_cells(row[each])}" for each in ("chosen", "without")),
        ]
        lines.append(f"| {row['set']}, {row['kept']} | {' | '.join(systems)} |")
    return "\n".join(lines)


def _cells(of: Mapping[str, Any]) -> str:
    return " / ".join("·" if of[cell] is None else f"{of[cell]:.3f}" for cell in CELLS)


if __name__ == "__main__":
    main()
