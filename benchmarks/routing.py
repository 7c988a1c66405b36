"""What routing is worth to the results: `python -m benchmarks.routing [--workspace DIR] [--split test|dev]`.

DIR is a workspace that `mangaassist demo` filled. Its candidate answers judged queries as the service would, without
the shop's own rules: with the intent that the caller gives (the judged one, so never wrong), with none, which leaves it
to the classifier, and with neither. `--split dev` only prints.
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.commands.output import shown_progress
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.shop_settings import ShopSettings
from mangaassist.core.types import DocId, Progress, QueryId, Run
from mangaassist.data import Workspace
from mangaassist.evaluation import paired_gain, score_run
from mangaassist.loop import judged_split, read_settings
from mangaassist.loop.judged import JudgedSplit
from mangaassist.serving import Comparison, RetrieveRequest

PAGE = "docs/intents.md"
METRICS = ("recall@3", "ndcg@10", "bad_top1_rate")
CALLER, CLASSIFIER, NOBODY = "the caller", "the classifier", "nobody"
FOUND = 10


def main() -> None:
    """Ask, print, and write the page where the test split was asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--split", choices=["dev", "test"], default="test")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "routing.json")
    given = parser.parse_args()
    workspace = Workspace.open(given.workspace)
    split = judged_split(workspace, given.split)
    with shown_progress() as progress:
        found = scored(runs(workspace, split, progress), split)
    here = machine()
    text = table(found, f"{len(split.queries)} {given.split} queries, {here['date']}")
    print(text)
    if given.split == "test":
        write_atomic(given.json, canonical_json({"machine": here, "routed_by": found}))
        rebuild("routing", text, PAGE)


def runs(workspace: Workspace, split: JudgedSplit, progress: Progress) -> dict[str, Run]:
    """By whom messages are routed → the first results of every query, in their order."""
    comparison = Comparison.open(workspace, read_settings(workspace.root), progress=progress)
    how = replace(comparison.how, shop=ShopSettings(prefer_in_print=False))
    comparison = replace(comparison, how=how, systems={"candidate": comparison.systems["candidate"]})
    unrouted = replace(comparison, how=replace(how, classifier=None))
    asked: dict[str, dict[QueryId, dict[DocId, float]]] = {CALLER: {}, CLASSIFIER: {}, NOBODY: {}}
    for number, query in enumerate(split.queries):
        progress("asking", number + 1, len(split.queries))
        for name, answering, intent in (
            (CALLER, comparison, query.intent),
            (CLASSIFIER, comparison, None),
            (NOBODY, unrouted, None),
        ):
            answer = answering.compared(RetrieveRequest(query.text, intent, k=FOUND)).answers["candidate"]
            asked[name][query.query_id] = {DocId(each.id): float(-place) for place, each in enumerate(answer.results)}
    return dict(asked)


def scored(found: Mapping[str, Run], split: JudgedSplit) -> dict[str, Any]:
    """By whom → metric → value and, against the caller, [mean, low, high]."""
    scores = {name: score_run(run, split.qrels) for name, run in found.items()}
    return {
        name: {
            metric: {
                "value": sum(score.value(metric) for score in each.values()) / len(each),
                "delta": paired_gain(each, scores[CALLER], metric, split.groups, seed=0).as_list(),
            }
            for metric in METRICS
        }
        for name, each in scores.items()
    }


def table(found: Mapping[str, Any], where: str) -> str:
    """As it stands in the docs."""
    lines = [f"The candidate, {where}; differences to the caller's intent with their 95 %:", ""]
    lines += [f"| routed by | {' | '.join(METRICS)} |", f"|---|{'---|' * len(METRICS)}"]
    for name, metrics in found.items():
        cells = []
        for metric in METRICS:
            mean, low, high = metrics[metric]["delta"]
            change = "" if name == CALLER else f" ({mean:+.3f} [{low:+.3f}, {high:+.3f}])"
            cells.append(f"{metrics[metric]['value']:.3f}{change}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
