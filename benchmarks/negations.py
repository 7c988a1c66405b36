"""How often the first results have what the query turned down: `python -m benchmarks.negations [--workspace DIR]`.

DIR is a workspace that `mangaassist demo` filled. The labels are hand-written: which facets of the catalogue each of
the sample's queries with a "less", "without" or "not" turns down. A violation is one of the first three results with
such a facet; the rate is averaged over queries. `--split dev` and `train` are for work on the rules and the lexicon;
only `test`, the default, goes to the docs.
"""

import argparse
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.types import QueryId, no_progress
from mangaassist.data import Split, Workspace, titles
from mangaassist.evaluation import Resampler, ranked, score_run
from mangaassist.loop import judged_split, read_settings, read_tuning, workspace_encoder
from mangaassist.loop.contenders import Retriever, Shelves, contenders
from mangaassist.loop.judged import JudgedSplit
from mangaassist.promotion import IDENTITY
from mangaassist.queries import facet_of, facets_of

PAGE = "docs/queries.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--split", choices=["train", "dev", "test"], default="test")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "negations.json")
    options = parser.parse_args()
    here, measured = machine(), systems(Workspace.open(options.workspace), options.split)
    found = table(measured, options.split, f"{here['cores']} cores of {here['processor']}, {here['date']}")
    if options.split != "test":
        print(found)
        return
    options.json.write_text(json.dumps({"machine": here, **measured}, indent=2) + "\n", encoding="utf-8")
    rebuild("negations", found, PAGE)


def labels(split: str) -> dict[QueryId, list[str]]:
    """Query id → the facets it turns down, of the sample's queries of a split that turn any down."""
    source = (resources.files("mangaassist.sample") / "shop" / "judged_queries.jsonl").read_text(encoding="utf-8")
    rows = map(json.loads, source.splitlines())
    return {QueryId(row["query_id"]): row["rejects"] for row in rows if row["split"] == split and row.get("rejects")}


def systems(workspace: Workspace, name: Split) -> dict[str, Any]:
    """`queries`: how many; `systems`: of each, `violations` of the first three and `ndcg@10` as [mean, low, high]."""
    settings = read_settings(workspace.root)
    encoder = workspace_encoder(workspace, settings, no_progress)
    rejected = {query_id: {facet_of(facet) for facet in facets} for query_id, facets in labels(name).items()}
    has = {title.title_id: set(facets_of(title)) for title in titles(workspace)}
    split = judged_split(workspace, name)
    asked = JudgedSplit(
        [query for query in split.queries if query.query_id in rejected],
        {query_id: split.qrels[query_id] for query_id in rejected if query_id in split.qrels},
        split.groups,
    )
    shelves = Shelves(workspace, settings, encoder)
    chosen = read_tuning(workspace)["chosen"]
    field = contenders(workspace, settings, shelves, live=IDENTITY, chosen=chosen, encoder=encoder)
    ids = sorted(asked.qrels)
    resampler = Resampler(ids, split.groups, seed=0)
    measured = {}
    for system, contender in _systems(field).items():
        run = contender.run(asked)
        shares = {
            query_id: sum(bool(has.get(doc_id, set()) & rejected[query_id]) for doc_id in ranked(run[query_id])[:3]) / 3
            for query_id in ids
        }
        ndcg = {query_id: scores.ndcg_at_10 for query_id, scores in score_run(run, asked.qrels).items()}
        measured[system] = {
            "violations": resampler.interval(shares).as_list(),
            "ndcg@10": resampler.interval(ndcg).as_list(),
        }
    return {"queries": len(ids), "systems": measured}


def _systems(field: Mapping[str, Retriever]) -> dict[str, Retriever]:
    candidate = field["candidate"]
    weights = candidate.search.weights
    return {
        "frozen": field["frozen"],
        "candidate without facets": candidate.weighed(replace(weights, wanted=0.0, rejected=0.0, reference_facets=0.0)),
        "candidate without rejected facets": candidate.weighed(replace(weights, rejected=0.0)),
        "candidate": candidate,
    }


def table(measured: Mapping[str, Any], split: str, where: str) -> str:
    """As it stands in the docs."""
    rows = [
        "| " + " | ".join([name, *(f"{mean:.3f} [{low:.3f}, {high:.3f}]" for mean, low, high in each.values())]) + " |"
        for name, each in measured["systems"].items()
    ]
    head = "| system | first three results with a facet that was turned down, 95 % | NDCG@10 |\n|---|---|---|"
    told = f"Sample shop, the {measured['queries']} {split} queries that turn something down, {where}:"
    return f"{told}\n\n{head}\n" + "\n".join(rows)


if __name__ == "__main__":
    main()
