"""`python -m benchmarks.peers [--sets S…] [--only M…] [--seeds N…] [--at-most MINUTES] [--dev | --table]`.

Runs what is missing, cheapest sets first, and keeps each run at once under `.peers-runs/`; then rebuilds
`benchmarks/results/peers.json` and the README's table of all that is kept; a set of which nothing is kept stays as
reported. Test splits, unless `--dev`; every invocation that scores a test split adds a line to
`benchmarks/test_reads.jsonl`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

if __name__ == "__main__":  # before NumPy is there: one thread for everybody, or CPU seconds mean nothing
    os.environ["OMP_NUM_THREADS"] = "1"

from benchmarks.machine import machine
from benchmarks.peers.methods import METHODS, ROOT, PeerFailed, fingerprint, run_method
from benchmarks.peers.runs import KeptRun, KeptRuns
from benchmarks.peers.scores import score
from benchmarks.peers.sets import SETS, ComparedSet, load_set
from benchmarks.peers.table import Report, report, table
from benchmarks.readme import rebuild
from mangaassist.commands.output import shown_progress
from mangaassist.core.files import canonical_json, write_atomic

KEPT = ROOT / "benchmarks" / "results" / "peers.json"
RUNS = ROOT / ".peers-runs"
READS = ROOT / "benchmarks" / "test_reads.jsonl"


def main() -> None:
    """Run what is missing, then report all that is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--only", nargs="+", choices=list(METHODS), default=list(METHODS), help="these methods")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--at-most", type=float, default=float("inf"), metavar="MINUTES", help="start nothing after")
    parser.add_argument("--dev", action="store_true", help="dev splits: for work on methods; no table is written")
    parser.add_argument("--table", action="store_true", help="only report what is kept")
    parser.add_argument("--runs", type=Path, default=RUNS, help="where runs are kept")
    given = parser.parse_args()
    kept = KeptRuns(given.runs)
    if not given.table:
        if not given.data.is_dir():
            sys.exit(f"{given.data}: no such folder; give the folder of the real sets with --data")
        run_missing(given, kept)
    if given.dev:
        print(table(report(kept, given.sets, dev=True)))
        return
    found = with_stored(report(kept, SETS), KEPT)
    print(table(found))
    write_atomic(KEPT, canonical_json(found))
    rebuild("peers", table(found))


def with_stored(found: Report, stored: Path) -> Report:
    """A set of which no run is kept here, as on a machine that compares one set again, stands as it was reported."""
    before: Report = json.loads(stored.read_text(encoding="utf-8")) if stored.exists() else {}
    return before | found


def run_missing(given: argparse.Namespace, kept: KeptRuns) -> None:
    """Every run that is asked for and not kept: set by set, seed by seed, and each on the disk when it is done."""
    until = time.monotonic() + 60 * given.at_most
    for name in [name for name in SETS if name in given.sets]:
        is_read = given.dev
        for compared, method, seed in _asked(name, given):
            if kept.find(name, compared.split, method, seed, fingerprint=fingerprint(method, compared)):
                continue
            if time.monotonic() > until:
                _say(f"{given.at_most:g} minutes are over; {name}, {method}, seed {seed} and later are left")
                return
            if not is_read:
                # Before the first score: a killed comparison has read the test split, too.
                _record_read(name, compared.split, given)
                is_read = True
            run = _one(compared, name, method, seed)
            if run is not None:
                kept.keep(run)


def _asked(name: str, given: argparse.Namespace) -> Iterator[tuple[ComparedSet, str, int]]:
    for seed in given.seeds:
        with shown_progress() as progress:
            compared = load_set(name, given.data, final=not given.dev, seed=seed, progress=progress)
        for method in [method for method in METHODS if method in given.only]:
            if compared.composer is not None or not METHODS[method].needs_names:
                yield compared, method, seed


def _one(compared: ComparedSet, name: str, method: str, seed: int) -> KeptRun | None:
    """The run, or None where a peer failed: that is said, and the others go on."""
    _say(f"{name}: {method}, seed {seed}")
    try:
        with shown_progress() as progress:
            run, told = run_method(method, compared, seed=seed, progress=progress)
    except PeerFailed as failure:
        _say(str(failure))
        return None
    scores = score(compared, run)
    _say(f"  {sum(scores['all']['ndcg@10'].values()) / len(scores['all']['ndcg@10']):.4f} NDCG@10, {told}")
    return KeptRun(
        set_name=name,
        split=compared.split,
        method=method,
        seed=seed,
        fingerprint=fingerprint(method, compared),
        scores=scores,
        groups=compared.groups,
        told=told,
        machine=machine(),
        commit=_commit(),
    )


def _record_read(name: str, split: str, given: argparse.Namespace) -> None:
    """One line for all runs on one set in one invocation: a claim about one test split. Scores are in `peers.json`."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "dataset": name,
        "split": split,
        "settings": {"benchmark": "peers", "methods": given.only, "seeds": given.seeds},
    }
    with READS.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _commit() -> str:
    """The checked-out commit, and whether anything but what this writes differs from it; empty outside a checkout."""
    written = (":!benchmarks/test_reads.jsonl", ":!benchmarks/results", ":!README.md")
    told = [
        subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
        for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "--", ".", *written))
    ]
    return told[0] + (" with uncommitted changes" if told[1] else "")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
