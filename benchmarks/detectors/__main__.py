"""Power and false alarms of the diagnoses: `python -m benchmarks.detectors [--json FILE]`.

Every failure is injected at growing strength into a small simulated shop (see shop.py, injecting.py), closed-form
adapters are trained on it, and the diagnosis is asked. Finished runs are kept: a killed command goes on where it
was.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks.detectors.running import run_all, tasks
from benchmarks.detectors.summing import summary, table
from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.commands.output import shown_progress
from mangaassist.core.files import canonical_json, write_atomic

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "benchmarks" / "results" / "detectors.json"
RUNS = ROOT / ".benchmarks" / "detectors.jsonl"
PAGE = "docs/diagnoses.md"


def main() -> None:
    """Run what is missing, print and keep the numbers, and rebuild the table of the docs after a whole run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write the result there; - for standard output")
    parser.add_argument("--seeds", type=int, default=50, help="runs per failure and strength (default 50)")
    parser.add_argument("--healthy", type=int, default=400, help="healthy candidates (default 400)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=RUNS, help="where finished runs are kept")
    parser.add_argument("--no-docs", action="store_true", help="leave the table of the docs as it is")
    given = parser.parse_args()
    started = time.monotonic()
    with shown_progress() as progress:
        lines = run_all(tasks(given.seeds, given.healthy), given.runs, processes=given.processes, progress=progress)
    result = {**summary(lines), "machine": machine(), "seconds": round(time.monotonic() - started)}
    if given.json == "-":
        sys.stdout.write(json.dumps(result, indent=2) + "\n")
        return
    print(table(result))
    if given.json:
        write_atomic(Path(given.json), canonical_json(result))
    if not given.no_docs:
        here = result["machine"]
        write_atomic(KEPT, canonical_json(result))
        said = f"Simulated shop, {here['cores']} cores of {here['processor']}, {here['date']}:"
        rebuild("detectors", f"{said}\n\n{table(result)}", PAGE)


if __name__ == "__main__":
    main()
