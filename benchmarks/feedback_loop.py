"""The loop closed, in one command: `python -m benchmarks.feedback_loop [--workspace DIR] [--json FILE]`.

DIR is a workspace that `mangaassist demo` filled; it is copied, its gate's floors are taken away (the sample reaches
none), and its candidate is made live. Of the needs of `failing_needs.toml` those are planted that live fails at by the
logged part of their texts: searches that nobody clicks (`feedback_planting.py`). They go through bucket, clusters and
proposals; a reviewer who knows what answers each need judges the proposals in the console, in a real browser, by
keyboard; the held-out part is added to the judged test queries; a new candidate is trained, evaluated against live,
gated, and promoted if the gate says so. Reported is success@3 before and after: of the held-out texts, and of the
sample's judged test queries, whole and by slice. p_value: of the held-out gain, one-sided, by swapping before and after
in whole needs. A slice falls if its loss is significant after Holm, over all slices.
"""

import argparse
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.failing_needs import Need, failing, failing_needs, split_of
from benchmarks.feedback_browser import review_by_keyboard
from benchmarks.feedback_figures import compared, needs_told, p_value, success, told
from benchmarks.feedback_planting import planted_searches, second_try, write_judged, write_log
from benchmarks.feedback_review import Knowledge, clusters_of, review_in_store
from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.commands.output import shown_progress
from mangaassist.core.types import DocId, Progress, Query, QueryId
from mangaassist.data import Workspace, articles, ingest_directory, titles
from mangaassist.evaluation import ranked
from mangaassist.feedback import OPEN_STATES, read_bucket, read_members
from mangaassist.loop import (
    SETTINGS_FILE,
    JudgedSplit,
    Settings,
    cluster_failures,
    decide,
    evaluate_candidate,
    fill_bucket,
    judged_split,
    make_pairs,
    propose_feedback,
    read_settings,
    read_tuning,
    registry_of,
    release_candidate,
    review_store,
    train_candidate,
    workspace_encoder,
)
from mangaassist.loop.contenders import Retriever, Shelves, contenders
from mangaassist.promotion import IDENTITY, Decision
from mangaassist.serving import time_candidate

PAGE: Final = "docs/feedback.md"
NO_FLOORS: Final = "\n[gate]\nrecall_at_3_floor = 0.0\nndcg_at_10_floor = 0.0\nbad_top1_ceiling = 1.0\n"
ACTOR: Final = "the benchmark"

Review = Callable[[Workspace, Sequence[str], Knowledge], Counter[str]]


@dataclass(frozen=True, slots=True)
class Shop:
    """A copy of the sample shop. others: its judged test queries, as they were before any need was added."""

    workspace: Workspace
    settings: Settings
    others: JudgedSplit
    seed: int
    progress: Progress


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without-browser", action="store_true", help="judge in the review store, not in the console")
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "feedback_loop.json")
    options = parser.parse_args()
    review: Review = review_in_store if options.without_browser else in_browser
    with TemporaryDirectory() as folder, shown_progress() as progress:
        shutil.copytree(options.workspace, Path(folder) / "shop", symlinks=True)
        shop = opened(Workspace.open(Path(folder) / "shop"), options.seed, progress)
        found = {"machine": machine(), "browser": not options.without_browser, **closed_loop(shop, review)}
    options.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(told(found))
    if options.json.parent.name == "results":
        rebuild("feedback loop", told(found), PAGE)


def opened(workspace: Workspace, seed: int, progress: Progress) -> Shop:
    """The shop with the gate's floors at 0: what no sample reaches shall not hide what the other rules say."""
    path = workspace.root / SETTINGS_FILE
    path.write_text((path.read_text(encoding="utf-8") if path.is_file() else "") + NO_FLOORS, encoding="utf-8")
    return Shop(workspace, read_settings(workspace.root), judged_split(workspace, "test"), seed, progress)


def in_browser(shop: Workspace, clusters: Sequence[str], knowledge: Knowledge) -> Counter[str]:
    """The review by keyboard in the console."""
    return review_by_keyboard(shop, clusters, knowledge.answer)


def closed_loop(shop: Shop, review: Review) -> dict[str, Any]:
    """The JSON of the benchmark, see the top of this file."""
    live = first_release(shop)
    served = retriever(shop)
    needs = all_needs(shop)
    logged = split_of(needs, lambda need: need.logged)
    planted = failing(needs, success(served.run(logged), logged))
    held_out, missed = split_of(planted, lambda need: need.held_out), split_of(planted, lambda need: need.logged)
    before, others_before, missed_before = served.run(held_out), served.run(shop.others), served.run(missed)
    collected = collect_failures(shop, planted, served, live)
    knowledge = Knowledge.of(planted)
    clusters = list(clusters_of(review_store(shop.workspace).items(states=OPEN_STATES, with_private=True), knowledge))
    decisions = review(shop.workspace, clusters, knowledge)
    trained = next_candidate(shop, planted)
    served = retriever(shop)
    after, others_after = served.run(held_out), served.run(shop.others)
    others = {"before": others_before, "after": others_after}
    decision, release = gated(shop, live)
    return {
        "planted_before": _mean(success(before, held_out)),
        "planted_after": _mean(success(after, held_out)),
        "logged_before": _mean(success(missed_before, missed)),
        "logged_after": _mean(success(served.run(missed), missed)),
        "others_before": _mean(success(others_before, shop.others)),
        "others_after": _mean(success(others_after, shop.others)),
        "p_value": p_value(success(before, held_out), success(after, held_out), planted),
        "slices": compared(others, shop.others, seed=shop.seed),
        "needs": needs_told(planted, success(before, held_out), success(after, held_out)),
        "needs_in_file": len(needs),
        **collected,
        "decisions": dict(sorted(decisions.items())),
        "feedback_pairs": trained,
        "gate": {
            "outcome": decision.outcome,
            "rules": [{"name": each.name, "outcome": each.outcome, "because": each.because} for each in decision.rules],
        },
        "release": release,
    }


def all_needs(shop: Shop) -> list[Need]:
    """The needs of the file that something in the shop answers."""
    return failing_needs(titles(shop.workspace), {DocId(each.article_id) for each in articles(shop.workspace)})


def first_release(shop: Shop) -> str:
    """The release that is live before anything is planted: the demo's candidate, which its gate's floors held back."""
    live = registry_of(shop.workspace).aliases().live
    if live != IDENTITY:
        return live
    train(shop)
    why = "the benchmark begins with what the demo trained"
    return release_candidate(shop.workspace, actor=ACTOR, why=why, override=why)


def train(shop: Shop) -> int:
    """Pairs and candidate brought up to date; how many feedback pairs train."""
    with shop.workspace.lock():
        pairs = make_pairs(shop.workspace, shop.settings, seed=shop.seed)
        train_candidate(shop.workspace, shop.settings, seed=shop.seed, progress=shop.progress)
    trained: int = pairs["sources"].get("feedback", {}).get("trained", 0)
    return trained


def collect_failures(shop: Shop, planted: Sequence[Need], served: Retriever, live: str) -> dict[str, Any]:
    """Searches of the planted texts taken in, and the bucket, clusters and proposals made of the whole log."""
    folder = shop.workspace.root / "planted"
    write_log(folder, list(planted_searches(planted, answers(planted, served))), live)
    ingest_directory(shop.workspace, folder, progress=shop.progress)
    with shop.workspace.lock():
        fill_bucket(shop.workspace, shop.settings, progress=shop.progress)
        cluster_failures(shop.workspace, shop.settings, seed=shop.seed, progress=shop.progress)
        proposed = propose_feedback(shop.workspace, shop.settings, progress=shop.progress)
    texts = {text.casefold(): need.name for need in planted for text in need.logged}
    in_bucket = set(read_bucket(shop.workspace, columns=["key"])["key"])
    members = read_members(shop.workspace).drop_nulls("cluster_id")
    clustered = {key: cluster for key, cluster in members.select("key", "cluster_id").iter_rows() if key in texts}
    return {
        "planted_texts": len(texts),
        "in_bucket": len(texts.keys() & in_bucket),
        "in_a_cluster": len(clustered),
        "proposed": proposed["new"],
    }


def answers(planted: Sequence[Need], served: Retriever) -> dict[str, list[DocId]]:
    """Text → what live answers, best first; of every logged text, and of what a shopper tries then."""
    asked = [
        Query(QueryId(typed), typed, need.intent)
        for need in planted
        for text in need.logged
        for typed in (text, second_try(need, text))
    ]
    run = served.run(JudgedSplit(asked, {query.query_id: {} for query in asked}, {}))
    return {query.text: ranked(run[query.query_id]) for query in asked}


def next_candidate(shop: Shop, planted: Sequence[Need]) -> int:
    """How many feedback pairs trained the new candidate; the held-out texts are in its test set."""
    folder = shop.workspace.root / "judged"
    write_judged(folder, planted)
    ingest_directory(shop.workspace, folder, progress=shop.progress)
    return train(shop)


def gated(shop: Shop, live: str) -> tuple[Decision, str | None]:
    """What the gate says of the candidate against live, and the release that it became if that is promote."""
    with shop.workspace.lock():
        evaluate_candidate(
            shop.workspace,
            shop.settings,
            live=live,
            seed=shop.seed,
            now=datetime.now(UTC),
            progress=shop.progress,
            time_service=time_candidate,
        )
        decision = decide(shop.workspace, shop.settings)
        if decision.outcome != "promote":
            return decision, None
        return decision, release_candidate(shop.workspace, actor=ACTOR, why="the gate said promote")


def retriever(shop: Shop) -> Retriever:
    """The candidate's whole retriever, as it would be served."""
    encoder = workspace_encoder(shop.workspace, shop.settings, shop.progress)
    shelves = Shelves(shop.workspace, shop.settings, encoder)
    chosen = read_tuning(shop.workspace)["chosen"]
    field = contenders(shop.workspace, shop.settings, shelves, live=IDENTITY, chosen=chosen, encoder=encoder)
    return field["candidate"]


def _mean(scores: Mapping[QueryId, float]) -> dict[str, Any]:
    return {"success@3": round(sum(scores.values()) / len(scores), 4), "queries": len(scores)}


if __name__ == "__main__":
    main()
