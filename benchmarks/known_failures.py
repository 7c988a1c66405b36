"""Two adapters that the field publishes, and what the gate says of them: `python -m benchmarks.known_failures`.

`stackfaq`: the plain first-run network with hard negatives, on help articles of which some have no training query.
`nudge`: a simulated shop of 20,000 products whose documents are moved towards their training queries (see
nudged_shop.py). Ordinary validation likes both; both sink what nobody clicked. The gate's floors are off, so that what
rejects them is not that they are bad.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.nudged_shop import nudged_shop
from benchmarks.readme import rebuild
from mangaassist.adapter import Adapter, TuningData, tune_ladder
from mangaassist.commands.bench import cache_directory
from mangaassist.commands.bench_run import choose_splits
from mangaassist.core.files import canonical_json, sha256_bytes, write_atomic
from mangaassist.data import load_beir
from mangaassist.encoders import CachedEncoder, load_encoder
from mangaassist.evaluation import (
    Diagnosis,
    DiagnosisRules,
    DocumentFacts,
    Exposure,
    Material,
    Probes,
    diagnose,
    latency_addon,
    run_depth,
)
from mangaassist.loop.catalogue import Catalogue
from mangaassist.loop.evidence import gate_evidence
from mangaassist.loop.judged import JudgedSplit
from mangaassist.loop.scored import Scored
from mangaassist.pairs import drop_leaks, judged_pairs
from mangaassist.promotion import IDENTITY, Decision, GateSettings, LatencyEvidence, judge
from mangaassist.retrieval import search_run

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "benchmarks" / "results" / "known_failures.json"
STACKFAQ = ROOT.parent / "shared" / "data" / "stackfaq"
NO_FLOORS = GateSettings(recall_at_3_floor=0.0, ndcg_at_10_floor=0.0, bad_top1_ceiling=1.0, judged_at_3_floor=0.0)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gate decided without floors, on which diagnoses."""

    decision: Decision
    diagnoses: tuple[Diagnosis, ...]

    @property
    def cold_harm(self) -> Diagnosis:
        """The diagnosis that both failures are named by."""
        return next(each for each in self.diagnoses if each.name == "cold_harm")

    def as_json(self) -> dict[str, Any]:
        """The outcome, the rules that reject, and every diagnosis."""
        return {
            "outcome": self.decision.outcome,
            "rejected_by": [rule.name for rule in self.decision.rules if rule.outcome == "reject"],
            "diagnoses": [each.as_json() for each in self.diagnoses],
        }


def main() -> None:
    """Judge both, keep the JSON, and rebuild the table of the docs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, default=KEPT)
    parser.add_argument("--stackfaq", type=Path, default=STACKFAQ, help="folder of the set")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    test, material, addon = nudged_shop(seed=given.seed)
    found = {"stackfaq": stackfaq(given.stackfaq, seed=given.seed), "nudge": judged(test, material, addon, given.seed)}
    result = {"machine": machine(), **{name: each.as_json() for name, each in found.items()}}
    write_atomic(given.json, canonical_json(result))
    text = table(result)
    print(text)
    if given.json == KEPT:
        here = result["machine"]
        rebuild("known failures", f"{here['cores']} cores of {here['processor']}, {here['date']}:\n\n{text}", PAGE)


PAGE = "docs/diagnoses.md"


def stackfaq(folder: Path, *, seed: int) -> Judged:
    """The plain network on the dev part of the split that keeps its FAQs out of training."""
    encoder = CachedEncoder(load_encoder("local"), cache_directory(Path()))
    dataset = load_beir(folder, qrels_folder="qrels_unseen_faq")
    splits = choose_splits(dataset, final=False, seed=seed)
    queries = [dataset.queries[query_id] for query_id in sorted(splits.reported)]
    pairs, _ = drop_leaks(judged_pairs(splits.training, dataset.queries), queries, splits.reported)
    known = {pair.query_text for pair in pairs}
    tuned = tune_ladder(
        TuningData(
            pairs=pairs,
            documents=dataset.documents,
            groups={dataset.queries[query_id].text: group for query_id, group in splits.groups.items()},
            judged={
                dataset.queries[query_id].text: grades
                for query_id, grades in splits.training.items()
                if dataset.queries[query_id].text in known
            },
        ),
        encoder,
        seed=seed,
        rungs=("identity", "mlp"),
    )
    base_queries = encoder.encode([query.text for query in queries])
    documents = encoder.encode([document.text for document in dataset.documents])
    doc_ids = [document.doc_id for document in dataset.documents]

    def run_of(adapter: Adapter) -> Any:
        ids = [query.query_id for query in queries]
        adapted = adapter.adapt_queries(base_queries), adapter.adapt_documents(documents)
        return search_run(ids, adapted[0], doc_ids, adapted[1], depth=run_depth(splits.reported))

    addon = latency_addon(
        lambda: encoder.wrapped.encode(["why is my order split"]), tuned.adapters["mlp"].adapt_queries, base_queries
    )
    split = JudgedSplit(queries, splits.reported, splits.groups)
    test = Probes(
        texts={query.query_id: query.text for query in queries},
        qrels=splits.reported,
        groups=splits.groups,
        baseline=run_of(tuned.adapters["identity"]),
        candidate=run_of(tuned.adapters["mlp"]),
    )
    facts = DocumentFacts(headings={document.doc_id: document.heading for document in dataset.documents})
    material = Material(test, facts, warm=frozenset(pair.positive for pair in pairs), pairs=pairs)
    return judged(split, material, addon.p99_ms, seed)


def judged(split: JudgedSplit, material: Material, addon_p99_ms: float, seed: int) -> Judged:
    """What the gate says of a candidate against what it started from, floors off."""
    scored = Scored(
        split=split,
        catalogue=Catalogue([], {}, {}, {}),
        runs={"baseline": material.test.baseline, "candidate": material.test.candidate},
        by_text={},
        ablated={},
        exposure=Exposure(material.warm),
        seed=seed,
    )
    found = diagnose(material, DiagnosisRules(), seed=seed)
    evidence = gate_evidence(
        scored,
        candidate=sha256_bytes(b"a published recipe"),
        live=IDENTITY,
        data_fingerprint=split.fingerprint,
        latency=LatencyEvidence(latency_addon_p99_ms=addon_p99_ms),
        diagnoses=found,
        earlier_looks=0,
    )
    return Judged(judge(evidence, NO_FLOORS), found)


def table(result: Mapping[str, Any]) -> str:
    """As it stands in docs/diagnoses.md."""
    rows = ["| adapter | gate | named | recall@3 cold | recall@3 warm |", "|---|---|---|---|---|"]
    names = {
        "stackfaq": "plain `mlp`, hard negatives, stackfaq (dev, unseen FAQs)",
        "nudge": "documents moved, 20,000 products",
    }
    for key, name in names.items():
        failed = [each for each in result[key]["diagnoses"] if each["status"] == "fail"]
        cold = next(each for each in result[key]["diagnoses"] if each["name"] == "cold_harm")["figures"]
        recalls = [
            f"{cold[cell]['baseline']:.3f} → {cold[cell]['candidate']:.3f}"
            if cold.get(cell, {}).get("candidate") is not None
            else "–"
            for cell in ("cold recall@3", "warm recall@3")
        ]
        named = ", ".join(f"`{each['name']}`" for each in failed)
        rows.append(f"| {name} | {result[key]['outcome']} | {named} | {recalls[0]} | {recalls[1]} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(json.dumps(machine()))
    main()
