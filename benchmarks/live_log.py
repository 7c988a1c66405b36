"""What debiasing changes on the newest searches of a shop's log: `python -m benchmarks.live_log [--workspace DIR]`.

DIR is a workspace that `mangaassist demo` filled; its newest report is read, nothing is computed again.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.evaluation import CHOICE_METRICS, debiased_sentences

PAGE = "docs/live-log.md"
SYSTEMS = {"baseline": "live", "mlp": "first-run mlp", "candidate": "candidate"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "live_log.json")
    options = parser.parse_args()
    report = json.loads((options.workspace / "runs" / "candidate" / "report.json").read_bytes())
    here = machine()
    found = {"machine": here, "delta_on_judged": report["delta"]["recall@3"], "live_log": report["live_log"]}
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    rebuild("live log", section(found, f"{here['cores']} cores of {here['processor']}, {here['date']}"), PAGE)


def section(found: dict[str, Any], where: str) -> str:
    """As it stands in the docs."""
    live_log = found["live_log"]
    choices = live_log["choices"]
    rows = [
        f"| {name} | {' | '.join(_cell(choices['systems'][who][metric][kind]) for metric, kind in _COLUMNS)} |"
        for who, name in SYSTEMS.items()
    ]
    rows.append(
        f"| candidate − live | {' | '.join(_cell(choices['delta'][m][kind], '+.3f') for m, kind in _COLUMNS)} |"
    )
    head = " | ".join(f"{metric}, {kind.replace('_', ' ')}" for metric, kind in _COLUMNS)
    judged = _cell(found["delta_on_judged"], "+.3f")
    return "\n".join(
        [
            f"Sample shop, newest {live_log['queries']:,} usable searches, {choices['choices']:,} choices, {where}. "
            f"On the judged test queries of the same shop the candidate's gain in recall@3 is {judged}.",
            "",
            f"| system | {head} |",
            f"|{'---|' * (1 + len(_COLUMNS))}",
            *rows,
            "",
            *(f"- {sentence}" for sentence in debiased_sentences(live_log)),
        ]
    )


_COLUMNS = [(metric, kind) for metric in CHOICE_METRICS for kind in ("as_clicked", "debiased")]


def _cell(ends: list[float] | None, form: str = ".3f") -> str:
    return "–" if ends is None else f"{ends[0]:{form}} [{ends[1]:{form}}, {ends[2]:{form}}]"


if __name__ == "__main__":
    main()
