"""`python -m benchmarks.serving [--json FILE]`: what users wait for under load, at 1,000 to 100,000 titles.

Open loop: 100 requests a second are due whether or not earlier ones are answered, and each answer's time counts from
the moment its request was due. The generator has one core and `mangaassist serve` (whole process, real encoder, HTTP,
logs) another. Five runs of a minute; the median run counts. No message comes twice, so nothing remembered helps.

Every run is kept in FILE as soon as it is over, and a call goes on where the last one stopped: with `--at-most 3` in
pieces of a few minutes. `--only NAME` does some of the scenarios.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from benchmarks.serving_catalogue import REAL
from benchmarks.serving_figures import retrieval_figures
from benchmarks.serving_load import Load, arrivals, sent
from benchmarks.serving_messages import messages, real_messages
from benchmarks.serving_server import Server, serving
from benchmarks.serving_shop import Shop, made_shop
from benchmarks.serving_table import page_table
from mangaassist.commands.output import shown_progress
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import titles

PAGE = "docs/serving.md"
SCENARIOS = {
    "1k": 1_000,
    "10k": 10_000,
    "12k": 11_882 if REAL.is_file() else 12_000,
    "100k": 100_000,
}
GENERATOR, SERVER = 0, 1
WARM_S = 5
RECALL_QUERIES = 200
FILTERED = 0.2
"""Share of the requests that ask for one demographic only."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a scenario is run; runs of another plan are thrown away."""

    titles: int
    rate: float
    seconds: float
    arrivals: str
    seed: int

    @property
    def requests(self) -> int:
        """Requests of one run."""
        return round(self.rate * self.seconds)


def main() -> None:
    """Run what is missing, keep it, and rebuild the page's table if asked."""
    given = _options()
    kept: dict[str, Any] = json.loads(given.json.read_bytes()) if given.json.is_file() else {}
    left = given.at_most
    for name in given.only:
        arriving = "poisson" if name.endswith("_poisson") else "even"
        count = given.titles or SCENARIOS[name.removesuffix("_poisson")]
        plan = Plan(count, given.rate, given.seconds, arriving, given.seed)
        found = kept.get(name, {})
        if found.get("plan") != asdict(plan):
            found = {"plan": asdict(plan), "each_run": []}
        missing = min(left, given.runs - len(found["each_run"]))
        if missing > 0:
            left -= missing
            _run(given.work / f"shop-{count}", plan, found, missing, partial(_keep, given.json, kept, name, found))
        print(f"{name}: {json.dumps({key: found[key] for key in SHOWN if key in found})}", flush=True)
    if given.page:
        rebuild("load", page_table(kept), PAGE)


SHOWN = (
    "titles",
    "rate",
    "p50_ms",
    "p99_ms",
    "cpu_ms_per_request",
    "errors",
    "latency_addon_p99_ms",
    "recall_vs_exact",
)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*SCENARIOS, *(f"{name}_poisson" for name in SCENARIOS)]
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "serving.json")
    parser.add_argument("--only", nargs="+", choices=names, default=list(SCENARIOS), metavar="NAME")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0, help="of a run")
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second")
    parser.add_argument("--at-most", type=int, default=1_000, help="runs in this call; the next call goes on")
    parser.add_argument("--titles", type=int, help="another number of titles, for a quick look")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / "mangaassist-load")
    parser.add_argument(
        "--nice", type=int, default=0, help="of generator and server; -20, as root, where other work shares the machine"
    )
    parser.add_argument("--page", action="store_true", help=f"rebuild the table in {PAGE} of what is kept")
    given = parser.parse_args()
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("this needs two cores, one for the server and one for the generator")
    given.work.mkdir(parents=True, exist_ok=True)
    if given.nice:
        os.setpriority(os.PRIO_PROCESS, 0, given.nice)  # before anything is started, so that the server inherits it
    return given


def _keep(path: Path, kept: dict[str, Any], name: str, found: dict[str, Any]) -> None:
    kept[name] = found
    write_atomic(path, canonical_json(kept))


def _run(folder: Path, plan: Plan, found: dict[str, Any], runs: int, keep: Callable[[], None]) -> None:
    """So many more runs on one server, each kept at once."""
    with shown_progress() as progress:
        shop = made_shop(folder, plan.titles, seed=plan.seed, progress=progress)
    done = len(found["each_run"])
    warm = round(WARM_S * plan.rate)
    count = (done + runs) * plan.requests + warm + RECALL_QUERIES
    texts = messages(count, titles(shop.workspace), seed=plan.seed + done)
    if "recall_vs_exact" not in found:
        found |= retrieval_figures(shop.workspace, texts[-RECALL_QUERIES:])
    cores = sorted(os.sched_getaffinity(0))
    with serving(shop.workspace.root, core=cores[SERVER], key_file=folder.parent / "privacy.key") as server:
        os.sched_setaffinity(0, {cores[GENERATOR]})
        try:
            sent(server.url, *_due(texts[-RECALL_QUERIES - warm : -RECALL_QUERIES], plan, seed=-1))
            for number in range(done, done + runs):
                asked = texts[number * plan.requests : (number + 1) * plan.requests]
                found["each_run"].append(_measured(server, plan, asked, seed=plan.seed + number))
                found |= _summary(plan, shop, server, found["each_run"])
                keep()
                print(json.dumps(found["each_run"][-1]), flush=True)
        finally:
            os.sched_setaffinity(0, cores)


def _due(texts: Sequence[str], plan: Plan, *, seed: int) -> tuple[list[bytes], Any]:
    bodies = []
    for number, text in enumerate(texts):
        filters = {"filters": {"demographic": ["Shoujo"]}} if number % round(1 / FILTERED) == 0 else {}
        asked = {"query": text, "k": 10, "session_id": f"s-{number % 997}", "client_id": f"c-{number % 499}", **filters}
        bodies.append(json.dumps(asked).encode())
    is_poisson = plan.arrivals == "poisson"
    return bodies, arrivals(len(bodies), plan.rate, is_poisson=is_poisson, seed=abs(seed))


def _measured(server: Server, plan: Plan, texts: Sequence[str], *, seed: int) -> dict[str, Any]:
    used_s = server.cpu_s()
    load = sent(server.url, *_due(texts, plan, seed=seed))
    return {
        **_percentiles(load),
        "cpu_ms_per_request": round((server.cpu_s() - used_s) * 1000 / len(texts), 3),
        "errors": len(load.errors),
        "first_errors": load.errors[:3],
        "degraded": load.degraded,
        "sent_late_p99_ms": round(float(np.percentile(load.late_ms, 99)), 3),
    }


def _percentiles(load: Load) -> dict[str, float]:
    answered = load.latency_ms[~np.isnan(load.latency_ms)]
    if not len(answered):
        sys.exit(f"nothing was answered: {load.errors[:3]}")
    points = {"p50_ms": 50, "p90_ms": 90, "p99_ms": 99, "p999_ms": 99.9, "max_ms": 100}
    return {name: round(float(np.percentile(answered, point)), 3) for name, point in points.items()}


def _summary(plan: Plan, shop: Shop, server: Server, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The scenario's figures: medians over runs, sums of errors."""
    medians = {
        name: round(float(np.median([run[name] for run in runs])), 3)
        for name in ("p50_ms", "p99_ms", "cpu_ms_per_request")
    }
    return {
        "titles": plan.titles,
        "rate": plan.rate,
        **medians,
        "errors": sum(run["errors"] for run in runs),
        "degraded": sum(run["degraded"] for run in runs),
        "runs": len(runs),
        "seconds": plan.seconds,
        "arrivals": plan.arrivals,
        "memory_mb": server.memory_mb(),
        "open_s": server.open_s,
        "catalogue": shop.facts,
        "messages": {
            "real": len(real_messages()),
            "asked_before_share": 0.0,
            "vectors": server.info()["query_vectors"],
        },
        "machine": {
            **machine(),
            "nice": os.getpriority(os.PRIO_PROCESS, 0),
            "load_average": round(os.getloadavg()[0], 1),
        },
    }


if __name__ == "__main__":
    main()
