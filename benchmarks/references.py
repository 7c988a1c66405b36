"""What composed queries gain on real titles: `python -m benchmarks.references [--final]`.

The bench with composed queries on the manga set of `../shared/data`: dev split, or with `--final` one read of the test
split; then the Japanese blurbs, a known-item test that nothing is tuned on: each should find the title it describes,
with the frozen encoder and with the chosen adapter behind composed queries. Rebuilds its table in docs/queries.md.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.adapter import Adapter, TunedLadder
from mangaassist.commands.bench import cache_directory, record_test_read
from mangaassist.commands.bench_run import COMPOSED, run_bench
from mangaassist.commands.output import shown_progress
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import DocId, GroupId, Query, QueryId, RetrievalSet
from mangaassist.data import catalogue_titles, load_beir
from mangaassist.encoders import CachedEncoder, Encoder, load_encoder
from mangaassist.evaluation import paired_gain, score_run, summarise
from mangaassist.queries import PLAIN, Composer
from mangaassist.retrieval import ComposedSearch

ROOT = Path(__file__).parents[1]
PAGE = "docs/queries.md"
METRICS = ("success@3", "ndcg@10")


def main() -> None:
    """Run, keep the JSON, and rebuild the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "manga")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--final", action="store_true", help="read the test split and the Japanese blurbs, once")
    parser.add_argument("--json", type=Path, help="where the numbers go; results/references[_dev].json without")
    given = parser.parse_args()
    if not given.data.is_dir():
        sys.exit(f"{given.data}: no such folder; give the folder of the manga set with --data")
    with shown_progress() as progress:
        encoder = CachedEncoder(load_encoder("local"), cache_directory(Path()), progress=progress)
        dataset = load_beir(given.data)
        composer = Composer(dataset.documents, catalogue_titles(given.data))
        result, tuned = run_bench(
            dataset, encoder, final=given.final, seed=given.seed, progress=progress, composer=composer
        )
        kept: dict[str, Any] = {"machine": machine(), "manga": result}
        if given.final:
            record_test_read({**result, "settings": {"compose": True, "encoder": "local", "seed": given.seed}})
            kept["japanese"] = japanese(given.data, dataset, composer, tuned, encoder, given.seed)
    name = "references" if given.final else "references_dev"
    write_atomic(given.json or ROOT / "benchmarks" / "results" / f"{name}.json", canonical_json(kept))
    if given.final:
        rebuild("references", table(kept), PAGE)
    print(table(kept))


def japanese(
    folder: Path, dataset: RetrievalSet, composer: Composer, tuned: TunedLadder, encoder: Encoder, seed: int
) -> dict[str, Any]:
    """System → its metrics on the Japanese blurbs, and the paired gain over frozen [mean, low, high]."""
    with gzip.open(folder / "japanese.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    queries = [Query(QueryId(f"blurb-{number:04d}"), row["query"]) for number, row in enumerate(rows)]
    answers = zip(queries, rows, strict=True)
    qrels = {query.query_id: {DocId(row["title_id"]): 1} for query, row in answers}
    groups = {query_id: GroupId(f"title:{doc_id}") for query_id, grades in qrels.items() for doc_id in grades}
    base = encoder.encode([query.text for query in queries])
    documents = encoder.encode([document.text for document in dataset.documents])
    doc_ids = [document.doc_id for document in dataset.documents]
    frozen = Adapter("identity", encoder.dimension)
    searches = {
        "frozen": ComposedSearch.over(composer, PLAIN, frozen, doc_ids, documents),
        "chosen": ComposedSearch.over(composer, tuned.weights, tuned.chosen, doc_ids, documents),
    }
    scores = {name: score_run(search.run(queries, base, depth=10), qrels) for name, search in searches.items()}
    return {
        name: {
            **summarise(found, groups, seed=seed).as_json(),
            "gain": {
                metric: paired_gain(found, scores["frozen"], metric, groups, seed=seed).as_list() for metric in METRICS
            },
        }
        for name, found in scores.items()
    }


def table(kept: Mapping[str, Any]) -> str:
    """As it stands in the docs: frozen, composed and chosen on the set, then on the blurbs."""
    here, result = kept["machine"], kept["manga"]
    chosen, frozen = result["chosen"], result["results"]["frozen"]["all"]
    where = f"{here['cores']} cores of {here['processor']}, {here['date']}"
    lines = [
        f"{result['split']} split, {frozen['queries']} queries in {frozen['groups']} groups, {where}:",
        "",
        "| system | NDCG@10 | × frozen | gain, 95 % | cold NDCG@10 |",
        "|---|---|---|---|---|",
    ]
    for name in ("frozen", COMPOSED, chosen):
        cells = result["results"][name]
        found, cold = cells["all"], cells["cold"]
        mean, low, high = result["gains"][name]["all"]["ndcg@10"]
        lines.append(
            f"| {name} | {found['ndcg@10']:.3f} | {found['ndcg@10'] / frozen['ndcg@10']:.1f} "
            f"| {mean:+.3f} [{low:+.3f}, {high:+.3f}] | {cold['ndcg@10']:.3f} |"
        )
    if "japanese" in kept:
        lines += [
            "",
            f"Japanese blurbs ({kept['japanese']['frozen']['queries']}), each with the one title it describes:",
        ]
        lines += ["", "| system | success@3 | NDCG@10 | gain in NDCG@10, 95 % |", "|---|---|---|---|"]
        for name, found in kept["japanese"].items():
            mean, low, high = found["gain"]["ndcg@10"]
            gain = f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"
            lines.append(f"| {name} | {found['success@3']:.3f} | {found['ndcg@10']:.3f} | {gain} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
