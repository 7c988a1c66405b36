"""The loop closed, in one command: `python -m benchmarks.feedback_loop [--workspace DIR] [--json FILE]`.

DIR is a workspace that `mangaassist demo` filled; it is copied. Half of the texts of every need of `planted_needs.toml`
is typed by shoppers who click nothing; the other half is held out. The failures go through bucket, clusters and
proposals; a reviewer who knows what answers each need judges what was proposed for them, item by item, in the review
store; the adapter is trained and evaluated anew. Reported is success@3 of the candidate before and after: on the
held-out texts, and on the sample's judged test queries, of which none may lose. p_value: of the held-out gain,
one-sided, by swapping before and after in whole needs.
"""

import argparse
import itertools
import json
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.feedback_clusters import NEEDS_FILE, planted_needs
from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.commands.output import shown_progress
from mangaassist.core.types import DocId, Intent, Progress, Query, QueryId
from mangaassist.data import Title, Workspace, ingest_directory, titles
from mangaassist.evaluation import score_run
from mangaassist.feedback import OPEN_STATES, Reviewer, ReviewItem, ReviewStore
from mangaassist.loop import (
    Settings,
    cluster_failures,
    evaluate_candidate,
    fill_bucket,
    make_pairs,
    propose_feedback,
    read_settings,
    read_tuning,
    train_candidate,
    workspace_encoder,
)
from mangaassist.loop.contenders import Shelves, contenders
from mangaassist.loop.judged import JudgedSplit
from mangaassist.promotion import IDENTITY

PAGE = "docs/feedback.md"
REVIEWER = Reviewer("the benchmark", "admin")
SHOPPERS = 4
"""Of every planted text: enough that no query is private."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One need: the texts that fail in the log, those that are held out, and the titles that answer."""

    name: str
    logged: tuple[str, ...]
    held_out: tuple[str, ...]
    answers: frozenset[DocId]
    intent: Intent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "feedback_loop.json")
    options = parser.parse_args()
    with TemporaryDirectory() as folder, shown_progress() as progress:
        shutil.copytree(options.workspace, Path(folder) / "shop", symlinks=True)
        found = {"machine": machine(), **closed_loop(Workspace.open(Path(folder) / "shop"), options.seed, progress)}
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(told(found))
    if options.json.parent.name == "results":
        rebuild("feedback loop", told(found), PAGE)


def closed_loop(shop: Workspace, seed: int, progress: Progress) -> dict[str, Any]:
    """The JSON of the benchmark, see the top of this file."""
    settings = read_settings(shop.root)
    needs = planted(titles(shop))
    make_pairs(shop, settings, seed=seed)
    train_candidate(shop, settings, seed=seed, progress=progress)
    before, others_before = held_out_scores(shop, settings, needs, progress), judged(shop, settings, seed, progress)
    _log(shop, needs, progress)
    with shop.lock():
        fill_bucket(shop, settings, progress=progress)
        cluster_failures(shop, settings, seed=seed, progress=progress)
        propose_feedback(shop, settings, progress=progress)
    decisions = review(ReviewStore(shop.engine), needs)
    pairs = make_pairs(shop, settings, seed=seed)
    train_candidate(shop, settings, seed=seed, progress=progress)
    after, others_after = held_out_scores(shop, settings, needs, progress), judged(shop, settings, seed, progress)
    return {
        "planted_before": _mean(before),
        "planted_after": _mean(after),
        "others_before": others_before["all"],
        "others_after": others_after["all"],
        "slices": {
            name: {"queries": told["queries"], "before": told["success@3"], "after": others_after[name]["success@3"]}
            for name, told in others_before.items()
            if name != "all" and told["queries"] >= 50
        },
        "p_value": p_value(before, after, needs),
        "decisions": decisions,
        "feedback_pairs": pairs["sources"].get("feedback", {}).get("trained", 0),
        "needs": len(needs),
    }


def planted(catalogue: Sequence[Title]) -> list[Planted]:
    """The needs that anything in the catalogue answers; their texts by turns logged and held out."""
    told = tomllib.loads(NEEDS_FILE.read_text(encoding="utf-8"))
    facets = {
        DocId(each.title_id): {_plain(name) for name in (*each.genres, *each.tones, *each.themes)} for each in catalogue
    }
    found = []
    for name, texts in planted_needs().items():
        fitting = [
            doc_id
            for doc_id, has in facets.items()
            if any(set(map(_plain, one)) <= has for one in told["answers"].get(name, ()))
        ]
        fitting += map(DocId, told["articles"].get(name, ()))
        intent: Intent = "faq" if name in told["articles"] else "recommendation"
        if fitting:
            found.append(Planted(name, tuple(texts[0::2]), tuple(texts[1::2]), frozenset(fitting), intent))
    return found


def _log(shop: Workspace, needs: Sequence[Planted], progress: Progress) -> None:
    """Searches of the planted texts that end without a click, taken in as any log is."""
    folder = shop.root / "planted"
    folder.mkdir()
    start = datetime(2026, 4, 20, 9, tzinfo=UTC)
    rows = []
    typed = [(need, text, shopper) for need in needs for text in need.logged for shopper in range(SHOPPERS)]
    for number, (need, text, shopper) in enumerate(typed):
        rows.append(
            {
                "application": "planted",
                "query_id": f"planted-{number:05d}",
                "client_id": f"planted-client-{need.name}-{shopper}-{number % 97}",
                "user_query": text,
                "query_attributes": {"intent": need.intent, "intent_confidence": 0.9, "release": IDENTITY},
                "timestamp": (start + timedelta(minutes=7 * number)).isoformat(),
                "query_response_id": f"planted-{number:05d}-r",
                "query_response_hit_ids": [],
            }
        )
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "queries.jsonl").write_text(lines, encoding="utf-8")
    ingest_directory(shop, folder, progress=progress)


def review(store: ReviewStore, needs: Sequence[Planted]) -> dict[str, int]:
    """Judge every proposal for a planted need; the rest of the queue is left alone. How many were said which."""
    need_of = {text.casefold(): need for need in needs for text in need.logged}
    said = {"accept": 0, "reject": 0}
    for item in store.items(kinds=("positive", "negative"), states=OPEN_STATES, with_private=True):
        mine = [need_of[text.casefold()] for text in item.texts if text.casefold() in need_of]
        if mine and item.doc_id is not None:
            verdict = "accept" if _is_right(item, mine) else "reject"
            store.decide(item.id, REVIEWER, "accept" if verdict == "accept" else "reject")
            said[verdict] += 1
    return said


def _is_right(item: ReviewItem, needs: Sequence[Planted]) -> bool:
    answers = all(item.doc_id in need.answers for need in needs)
    return answers if item.kind == "positive" else not any(item.doc_id in need.answers for need in needs)


def held_out_scores(
    shop: Workspace, settings: Settings, needs: Sequence[Planted], progress: Progress
) -> dict[QueryId, float]:
    """success@3 of the candidate's whole retriever on every held-out text."""
    queries = [
        Query(QueryId(f"{need.name}-{number}"), text, need.intent)
        for need in needs
        for number, text in enumerate(need.held_out)
    ]
    qrels = {
        QueryId(f"{need.name}-{number}"): dict.fromkeys(need.answers, 1)
        for need in needs
        for number, _ in enumerate(need.held_out)
    }
    encoder = workspace_encoder(shop, settings, progress)
    shelves = Shelves(shop, settings, encoder)
    chosen = read_tuning(shop)["chosen"]
    field = contenders(shop, settings, shelves, live=IDENTITY, chosen=chosen, encoder=encoder)
    run = field["candidate"].run(JudgedSplit(queries, qrels, {}))
    return {query_id: scores.success_at_3 for query_id, scores in score_run(run, qrels).items()}


def judged(shop: Workspace, settings: Settings, seed: int, progress: Progress) -> dict[str, dict[str, Any]]:
    """The candidate's success@3 on the judged test queries: all, and every slice by intent and symptom."""
    report = evaluate_candidate(
        shop, settings, live=IDENTITY, seed=seed, now=datetime(2026, 11, 27, tzinfo=UTC), progress=progress
    )
    everything = report["systems"]["candidate"]
    found = {"all": {"success@3": everything["success@3"], "queries": everything["queries"]}}
    for family in ("intent", "symptom"):
        for name, told in report["slices"][family].items():
            if told["candidate"]:
                found[f"{family}: {name}"] = {
                    "success@3": told["candidate"]["success@3"],
                    "queries": told["queries"],
                }
    return found


def p_value(before: Mapping[QueryId, float], after: Mapping[QueryId, float], needs: Sequence[Planted]) -> float:
    """How often swapping before and after in whole needs gains as much as what was seen: every way of swapping."""
    gains = np.array(
        [sum(after[each] - before[each] for each in before if each.rsplit("-", 1)[0] == need.name) for need in needs]
    )
    signs = np.array(list(itertools.product((1, -1), repeat=len(gains))))
    return round(float((signs @ gains >= gains.sum() - 1e-9).mean()), 5)


def told(found: Mapping[str, Any]) -> str:
    """As it stands in the docs."""
    rows = [
        f"| held-out texts of the planted needs | {found['planted_before']['queries']} | "
        f"{found['planted_before']['success@3']:.3f} | {found['planted_after']['success@3']:.3f} |",
        f"| judged test queries | {found['others_before']['queries']} | {found['others_before']['success@3']:.3f} | "
        f"{found['others_after']['success@3']:.3f} |",
    ]
    rows += [
        f"| {name} | {of['queries']} | {of['before']:.3f} | {of['after']:.3f} |" for name, of in found["slices"].items()
    ]
    said = found["decisions"]
    return "\n".join(
        [
            f"{found['needs']} needs, {said['accept']} proposals accepted and {said['reject']} rejected, "
            f"{found['feedback_pairs']} feedback pairs trained; p = {found['p_value']:.4f} "
            f"({found['machine']['cores']} cores, {found['machine']['date']}):",
            "",
            "| success@3 of the candidate | queries | before | after |",
            "|---|---|---|---|",
            *rows,
        ]
    )


def _mean(scores: Mapping[QueryId, float]) -> dict[str, Any]:
    return {"success@3": round(sum(scores.values()) / len(scores), 4), "queries": len(scores)}


def _plain(facet: str) -> str:
    return facet.casefold().replace("_", " ").replace("-", " ").strip()


if __name__ == "__main__":
    main()
