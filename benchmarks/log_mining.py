"""`python -m benchmarks.log_mining [--events N …] [--json FILE]`: pairs of logs of up to 100 million events.

The log is simulated, and lies in compressed Parquet as ingest leaves it. What `mangaassist pairs` does runs on it in a
process of its own, and in another one DuckDB alone, with the same threads and memory, scans the same files and groups
them: by query and document, which is what a pair is, and by query only. What counts is the ratio of their CPU seconds,
because other work on the machine slows both.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from benchmarks.simulated_log import write_log
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import Workspace, ingest
from mangaassist.data.keyfile import KEY_VARIABLE
from mangaassist.data.log_tables import log_tables
from mangaassist.loop import make_pairs, read_settings

SIZES = (1_000_000, 10_000_000, 100_000_000)
MOST_TIMES, PEAK_LIMIT_MB = 3.0, 4_000
RESULTS = Path(__file__).parent / "results" / "log_mining.json"
BASELINES = {"by_query_and_document": "query_id, object_id", "by_query": "query_id"}


def main() -> None:
    """Write logs, mine them, say what it took; exits 1 above the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, nargs="+", default=SIZES)
    parser.add_argument("--folder", type=Path, help="keeps the logs there for another run: 4 GB for 100 million events")
    parser.add_argument("--repeats", type=int, default=1, help="runs of each; the fastest counts")
    parser.add_argument("--json", type=Path, default=RESULTS)
    given = parser.parse_args()
    told: dict[str, Any] = {"machine": machine(), "sizes": []}
    for events in given.events:
        with tempfile.TemporaryDirectory() as folder:
            place = given.folder / str(events) if given.folder else Path(folder)
            told["sizes"].append(measured(place, events, given.repeats))
        print(json.dumps(told["sizes"][-1]), flush=True)
    write_atomic(given.json, canonical_json(told))
    print(table(told))
    if given.json == RESULTS:
        rebuild("log-mining", table(told), "docs/performance.md")
    largest = told["sizes"][-1]
    if largest["times_by_query_and_document"] > MOST_TIMES or largest["pairs"]["peak_mb"] > PEAK_LIMIT_MB:
        sys.exit(f"more than {MOST_TIMES} times the baseline, or above {PEAK_LIMIT_MB:,} MB")


def measured(folder: Path, events: int, repeats: int) -> dict[str, Any]:
    """What a log of so many events took, and the baselines on the same files."""
    os.environ[KEY_VARIABLE] = str(folder / "privacy.key")
    if not (folder / "log.json").is_file():
        (folder / "log.json").write_text(json.dumps(_written(folder / "shop", events)))
    log, workspace = json.loads((folder / "log.json").read_text()), Workspace.open(folder / "shop")
    runs: dict[str, list[dict[str, Any]]] = {"pairs": [], **{name: [] for name in BASELINES}}
    for _ in range(repeats):
        for name, made in runs.items():
            made.append(_in_a_process(workspace.root, name))
    best = {name: min(made, key=lambda run: float(run["cpu_seconds"])) for name, made in runs.items()}
    counts = json.loads((workspace.pairs / "report.json").read_bytes())
    return {
        **log,
        **best,
        **{f"times_{name}": round(best["pairs"]["cpu_seconds"] / best[name]["cpu_seconds"], 2) for name in BASELINES},
        "made": sum(source["pairs"] for source in counts["sources"].values()),
        "drawn": sum(source["drawn"] for source in counts["sources"].values()),
        "load": round(os.getloadavg()[0], 1),
    }


def _written(root: Path, events: int) -> dict[str, int]:
    """A new workspace with the log."""
    root.mkdir(parents=True)
    workspace = Workspace.create(root)
    _add_a_test_query(workspace)
    workspace.scratch.mkdir(exist_ok=True)
    log = write_log(workspace, events)
    shutil.rmtree(workspace.scratch)
    return log


def _add_a_test_query(workspace: Workspace) -> None:
    """`make_pairs` holds pairs against a test set: there must be one."""
    rows = {
        "judged_queries": {"query_id": "t1", "text": "ghosts at school", "split": "test"},
        "judgements": {"query_id": "t1", "doc_id": "m1", "grade": 2},
    }
    for kind, row in rows.items():
        file = workspace.root.parent / f"{kind}.jsonl"
        file.write_text(json.dumps(row) + "\n")
        ingest(workspace, kind, file)  # type: ignore[arg-type]


def _in_a_process(root: Path, what: str) -> dict[str, Any]:
    command = [sys.executable, "-c", "import sys; from benchmarks.log_mining import child; child(*sys.argv[1:])"]
    done = subprocess.run([*command, str(root), what], check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def child(root: str, what: str) -> None:
    """Do one of the things, and print what this process used for it; loading the program is not counted."""
    workspace = Workspace.open(Path(root))
    settings = read_settings(workspace.root)
    before, begin = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    if what == "pairs":
        make_pairs(workspace, settings)
    else:
        with log_tables(workspace) as db:
            columns = BASELINES[what]
            db.execute(f"SELECT count(*), max(n) FROM (SELECT {columns}, count(*) AS n FROM events GROUP BY {columns})")
    seconds, used = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    unit = 1 if sys.platform == "darwin" else 1024
    print(
        json.dumps(
            {
                "seconds": round(seconds, 2),
                "cpu_seconds": round(cpu, 2),
                "peak_mb": round(used.ru_maxrss * unit / 1e6),
            }
        )
    )


def table(told: Mapping[str, Any]) -> str:
    """What the documentation says."""
    here = told["machine"]
    head = (
        f"Compressed Parquet as ingest leaves it, {here['cores']} cores of {here['processor']}, Python "
        f"{here['python']}, {here['date']}. `python -m benchmarks.log_mining`.\n\n"
        "| events | files MB | pairs made | of these drawn | s | CPU s | peak MB | scan and group CPU s | times | "
        "by query only CPU s | times |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
    )
    return head + "\n".join(map(_row, _by_size(told["sizes"])))


def _by_size(sizes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(sizes, key=lambda size: int(size["events"]))


def _row(size: Mapping[str, Any]) -> str:
    pairs = size["pairs"]
    cells = (
        f"{size['events']:,}",
        f"{size['bytes'] / 1e6:,.0f}",
        f"{size['made']:,}",
        f"{size['drawn']:,}",
        f"{pairs['seconds']:,.1f}",
        f"{pairs['cpu_seconds']:,.1f}",
        f"{pairs['peak_mb']:,}",
        f"{size['by_query_and_document']['cpu_seconds']:,.1f}",
        f"{size['times_by_query_and_document']:.1f}",
        f"{size['by_query']['cpu_seconds']:,.1f}",
        f"{size['times_by_query']:.1f}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
