"""How often the first results have what the query turned down: `python -m benchmarks.negations [--workspace DIR]`.

DIR is a workspace that `mangaassist demo` filled. The labels are hand-written: which facets of the catalogue each of
the sample's test queries with a "less", "without" or "not" turns down. A violation is one of the first three results
with such a facet; the rate is averaged over queries.
"""

import argparse
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.types import QueryId, no_progress
from mangaassist.data import Workspace, titles
from mangaassist.evaluation import Resampler, ranked
from mangaassist.loop import judged_split, read_settings, read_tuning, workspace_encoder
from mangaassist.loop.contenders import Shelves, contenders
from mangaassist.loop.judged import JudgedSplit
from mangaassist.promotion import IDENTITY
from mangaassist.queries import facet_of, facets_of

PAGE = "docs/queries.md"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "negations.json")
    options = parser.parse_args()
    here, rates = machine(), violations(Workspace.open(options.workspace))
    options.json.write_text(json.dumps({"machine": here, "violations": rates}, indent=2) + "\n", encoding="utf-8")
    rebuild("negations", table(rates, f"{here['cores']} cores of {here['processor']}, {here['date']}"), PAGE)


def labels() -> dict[QueryId, list[str]]:
    """Query id → the facets it turns down, of the sample's test queries that name any."""
    source = (resources.files("mangaassist.sample") / "shop" / "judged_queries.jsonl").read_text(encoding="utf-8")
    rows = map(json.loads, source.splitlines())
    return {QueryId(row["query_id"]): row["rejects"] for row in rows if row["split"] == "test" and row.get("rejects")}


def violations(workspace: Workspace) -> dict[str, list[float]]:
    """System → [mean share of violating results among the first three, low, high], and the number of queries."""
    settings = read_settings(workspace.root)
    encoder = workspace_encoder(workspace, settings, no_progress)
    rejected = {query_id: {facet_of(name) for name in names} for query_id, names in labels().items()}
    has = {title.title_id: set(facets_of(title)) for title in titles(workspace)}
    split = judged_split(workspace, "test")
    asked = JudgedSplit(
        [query for query in split.queries if query.query_id in rejected],
        {query_id: split.qrels[query_id] for query_id in rejected if query_id in split.qrels},
        split.groups,
    )
    chosen = read_tuning(workspace)["chosen"]
    shelves = Shelves(workspace, settings, encoder)
    field = contenders(workspace, settings, shelves, live=IDENTITY, chosen=chosen, encoder=encoder)
    candidate = field["candidate"]
    systems = {
        "frozen": field["frozen"],
        "candidate without rejected facets": candidate.weighed(replace(candidate.search.weights, rejected=0.0)),
        "candidate": candidate,
    }
    ids = sorted(query.query_id for query in asked.queries)
    resampler = Resampler(ids, split.groups, seed=0)
    rates: dict[str, list[float]] = {}
    for name, system in systems.items():
        run = system.run(asked)
        shares = {
            query_id: sum(bool(has.get(doc_id, set()) & rejected[query_id]) for doc_id in ranked(run[query_id])[:3]) / 3
            for query_id in ids
        }
        rates[name] = [*resampler.interval(shares).as_list(), len(ids)]
    return rates


def table(found: dict[str, list[float]], where: str) -> str:
    """As it stands in the docs."""
    rows = [
        f"| {name} | {mean:.3f} [{low:.3f}, {high:.3f}] | {queries:.0f} |"
        for name, (mean, low, high, queries) in found.items()
    ]
    head = "| system | first three results with a facet that was turned down, 95 % | queries |\n|---|---|---|"
    return f"Sample shop, test queries that turn something down, {where}:\n\n{head}\n" + "\n".join(rows)


if __name__ == "__main__":
    main()
