"""`python -m benchmarks.real_sets [--final]`: the bench on every real set, and the README's table made of it.

Reads the sets from `../shared/data`; without them it says so and stops. Dev splits by default; `--final` reads each
test split once and rebuilds the table between the markers in README.md.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.commands.bench import cache_directory, record_test_read
from mangaassist.commands.bench_run import run_bench
from mangaassist.commands.output import shown_progress
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import load_beir
from mangaassist.encoders import CachedEncoder, load_encoder

ROOT = Path(__file__).parents[1]
SETS = {"stackfaq": "qrels_unseen_faq", "scifact": "qrels", "nfcorpus": "qrels", "manga": "qrels"}
KEPT = ROOT / "benchmarks" / "results" / "real_sets.json"


def main() -> None:
    """Run, keep the JSON, and rebuild the table after a final run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--final", action="store_true")
    parser.add_argument("--table", action="store_true", help="only rebuild the README's table from the kept results")
    given = parser.parse_args()
    if given.table:
        _rebuild_readme(json.loads(KEPT.read_bytes()))
        return
    if not given.data.is_dir():
        sys.exit(f"{given.data}: no such folder; give the folder of the real sets with --data")
    results = {name: _one(given.data / name, SETS[name], given) for name in given.sets}
    kept = {"machine": machine(), "sets": results}
    write_atomic(KEPT if given.final else KEPT.with_name("real_sets_dev.json"), canonical_json(kept))
    print(table(results))
    if given.final and set(given.sets) == set(SETS):
        _rebuild_readme(kept)


def _one(folder: Path, qrels: str, given: argparse.Namespace) -> dict[str, Any]:
    with shown_progress() as progress:
        encoder = CachedEncoder(load_encoder("local"), cache_directory(Path()), progress=progress)
        dataset = load_beir(folder, qrels_folder=qrels)
        result, _ = run_bench(dataset, encoder, final=given.final, seed=given.seed, progress=progress)
    result["settings"] = {"qrels": qrels, "encoder": "local", "seed": given.seed}
    if given.final:
        record_test_read(result)
    return result


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The README's table: NDCG@10 of frozen, the plain first run and the chosen rung, all and cold."""
    lines = [
        "| set (split) | frozen | first-run `mlp` | chosen | gain, 95 % | cold: frozen → chosen | queries / groups "
        "| CPU s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, result in results.items():
        cells, chosen = result["results"], result["chosen"]
        mean, low, high = result["gains"][chosen]["all"]["ndcg@10"]
        cold = [cells[each]["cold"] for each in ("frozen", chosen)]
        shown_cold = " → ".join(f"{cell['ndcg@10']:.3f}" for cell in cold) if all(cold) else "too small"
        everything = cells["frozen"]["all"]
        lines.append(
            f"| {name} ({result['split']}) | {everything['ndcg@10']:.3f} | {cells['mlp']['all']['ndcg@10']:.3f} "
            f"| **{cells[chosen]['all']['ndcg@10']:.3f}** {chosen} | {mean:+.3f} [{low:+.3f}, {high:+.3f}] "
            f"| {shown_cold} | {everything['queries']} / {everything['groups']} | {result['cpu_seconds']:.0f} |"
        )
    return "\n".join(lines)


def seen_sentence(results: Mapping[str, Mapping[str, Any]]) -> str:
    """How many of each set's reported queries are near-duplicates of a training query."""
    counts = [
        f"{name} {result['seen_queries'] or 'none'} of {result['results']['frozen']['all']['queries']}"
        for name, result in results.items()
    ]
    told = "Queries that are near-duplicates of a training query, once pairs that know a reported query are dropped"
    return f"{told}: {', '.join(counts)}."


def readme_block(kept: Mapping[str, Any]) -> str:
    """What stands in the README: where it was measured, the table, and how much of it is known to training."""
    here, results = kept["machine"], {name: kept["sets"][name] for name in SETS}
    told = f"NDCG@10, test splits, local encoder (512-d), {here['cores']} cores of {here['processor']}, {here['date']}."
    return f"{told}\n\n{table(results)}\n\n{seen_sentence(results)}"


def _rebuild_readme(kept: Mapping[str, Any]) -> None:
    rebuild("real sets", readme_block(kept))


if __name__ == "__main__":
    print(json.dumps(machine()), file=sys.stderr)
    main()
