"""How often the gate errs: `python -m benchmarks.gate [--json FILE] [--runs N] [--no-docs]`.

Simulated test sets (`gate_population`, `gate_trials`) go through the real gate, at least 5,000 to a row. The rows are
those of `gate_scenarios`; the result stands in docs/gate.md and, in short, in the README.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scipy import stats

from benchmarks.gate_scenarios import OPEN, ROWS, Row
from benchmarks.gate_settling import Settled, settle
from benchmarks.gate_tables import page_tables, readme_lines
from benchmarks.gate_trials import decisions
from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.promotion import FIRST_RUN

PAGE = "docs/gate.md"
RUNS = 5_000
FEWEST_RUNS = 5_000


@dataclass(frozen=True, slots=True)
class RowResult:
    """What the gate said in one row. upper95, lower95: one-sided 95 % Clopper-Pearson ends of the rate of promotion.

    likeness: the correlation of both systems' recall@3 over queries.  blocking: rule → share of decisions in which it
    did not promote.
    """

    name: str
    says: str
    promise: str
    kept: bool | None
    promoted: float
    lower95: float
    upper95: float
    rejected: float
    inconclusive: float
    likeness: float
    blocking: dict[str, float]
    runs: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", default=str(Path(__file__).parent / "results" / "gate.json"), metavar="FILE")
    parser.add_argument(
        "--runs", type=int, default=RUNS, help=f"decisions to a row; at least {FEWEST_RUNS:,} are reported"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes; they do not change the numbers")
    parser.add_argument("--no-docs", action="store_true", help="leave the README and the docs as they are")
    options = parser.parse_args()
    if options.runs < FEWEST_RUNS and not options.no_docs:
        sys.exit(f"--runs {options.runs}: the docs show rows of {FEWEST_RUNS} or more; add --no-docs to try fewer")
    with ProcessPoolExecutor(options.jobs) as pool:
        judging = [pool.submit(judged_row, row, runs=options.runs, seed=options.seed) for row in ROWS]
        settling = [pool.submit(settle, each, runs=options.runs, seed=options.seed) for each in OPEN]
        rows, settled = [each.result() for each in judging], [each.result() for each in settling]
    found = as_json(rows, settled)
    text = json.dumps({**found, "machine": machine()}, indent=2) + "\n"
    if options.json == "-":
        sys.stdout.write(text)
    else:
        Path(options.json).write_text(text, encoding="utf-8")
    if not options.no_docs:
        here = machine()
        where = f"{here['cores']} cores of {here['processor']}, {here['date']}"
        rebuild("gate", page_tables(found, where), PAGE)
        rebuild("gate", readme_lines(found, where))


def judged_row(row: Row, *, runs: int, seed: int) -> RowResult:
    """The gate's decisions on a row's test sets, counted."""
    populations = row.populations(seed=seed)
    outcomes: Counter[str] = Counter()
    blocking: Counter[str] = Counter()
    for decision in decisions(populations, row.layout, runs=runs, seed=seed, settings=FIRST_RUN):
        outcomes[decision.outcome] += 1
        blocking.update(rule.name for rule in decision.rules if rule.outcome in {"reject", "inconclusive"})
    promoted = outcomes["promote"]
    lower, upper = clopper_pearson(promoted, runs)
    result = RowResult(
        name=row.name,
        says=row.says,
        promise=row.promise_in_words(),
        kept=row.is_kept(promoted / runs, upper),
        promoted=promoted / runs,
        lower95=lower,
        upper95=upper,
        rejected=outcomes["reject"] / runs,
        inconclusive=outcomes["inconclusive"] / runs,
        likeness=sum(each.likeness() for each in populations.values()) / len(populations),
        blocking={name: count / runs for name, count in blocking.most_common(4)},
        runs=runs,
    )
    print(f"{row.name}: promoted {result.promoted:.4f} [{lower:.4f}, {upper:.4f}]", file=sys.stderr, flush=True)
    return result


def clopper_pearson(found: int, runs: int) -> tuple[float, float]:
    """Lower and upper ends of the one-sided 95 % intervals of a rate.

    >>> [round(end, 4) for end in clopper_pearson(0, 100)]
    [0.0, 0.0295]
    """
    lower = float(stats.beta.ppf(0.05, found, runs - found + 1)) if found else 0.0
    upper = float(stats.beta.ppf(0.95, found + 1, runs - found)) if found < runs else 1.0
    return lower, upper


def as_json(rows: Sequence[RowResult], settled: Sequence[Settled]) -> dict[str, Any]:
    """The figures that others read by name, then every row."""
    by_name = {row.name: row for row in rows}
    return {
        "aa_promoted": by_name["aa"].promoted,
        "aa_upper95": by_name["aa"].upper95,
        "seed_gain_promoted": by_name["seed_gain"].promoted,
        "cold_harm_promoted": by_name["cold_harm"].promoted,
        "inconclusive_n_error": max(abs(each.error) for each in settled),
        "runs": min(row.runs for row in rows),
        "rows": [asdict(row) for row in rows],
        "settled": [asdict(each) | {"error": each.error} for each in settled],
    }


if __name__ == "__main__":
    main()
