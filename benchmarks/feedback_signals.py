"""How well each signal tells bad answers: `python -m benchmarks.feedback_signals --workspace DIR [--json FILE]`.

DIR is a workspace that `mangaassist demo` filled; it is copied, never changed. In the copy its candidate is released,
and answers the sample's *test* queries, typed by simulated shoppers in many forms, routed by the workspace's
classifier. An answer is bad if its first result is not relevant by the test judgements. Thresholds come from
validation queries alone. Clicks and second tries are the click model's: of real shoppers those rows are an example.
"""

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.types import DocId, Query, QueryId, no_progress
from mangaassist.data import Workspace, ingest
from mangaassist.evaluation import ranked
from mangaassist.feedback import REASONS, read_bucket
from mangaassist.loop import (
    fill_bucket,
    live_intents,
    read_settings,
    registry_of,
    release_candidate,
    retriever_of_release,
    train_intent_classifier,
)
from mangaassist.loop.catalogue import workspace_encoder
from mangaassist.loop.contenders import Retriever, Shelves
from mangaassist.promotion import IDENTITY
from mangaassist.sample import sample_shop
from mangaassist.sample.simulator import simulate
from mangaassist.sample.simulator_habits import Habits
from mangaassist.sample.simulator_texts import Need, all_typed_forms

PAGE = "docs/feedback.md"
SESSIONS = 8_000
SEED = 11
HABITS = Habits(popularity_mix=0.0, exploration=0.0, bot_share=0.0, wrong_intent=0.0, uncertain_intent=0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "feedback_signals.json")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        shutil.copytree(options.workspace, Path(folder) / "shop")
        found = {"machine": machine(), **measured(Workspace.open(Path(folder) / "shop"))}
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    rebuild("feedback signals", table(found), PAGE)


def measured(workspace: Workspace) -> dict[str, Any]:
    """Precision and recall of "this answer is bad" of each signal and of any, over simulated searches."""
    settings = read_settings(workspace.root)
    encoder = workspace_encoder(workspace, settings, no_progress)
    if live_intents(workspace, encoder_id=encoder.encoder_id) is None:
        train_intent_classifier(workspace, settings, seed=0, progress=no_progress)
    if registry_of(workspace).aliases().live == IDENTITY:
        release_candidate(
            workspace, actor="benchmark", why="to be measured", override="signals, not quality, are measured"
        )
    release = registry_of(workspace).aliases().live
    retriever = retriever_of_release(workspace, settings, Shelves(workspace, settings, encoder), release)
    bad = take_in_searches(workspace, retriever, release)
    told = fill_bucket(workspace, settings, progress=no_progress)
    reasons = {
        query_id: set(each)
        for query_id, each in read_bucket(workspace, columns=["query_id", "reasons"]).iter_rows()
        if query_id in bad
    }
    signals: dict[str, set[str]] = {
        name: {query_id for query_id, of in reasons.items() if name in of} for name in REASONS
    }
    signals["any"] = set().union(*signals.values())
    signals["any but no_click"] = set().union(*(signals[name] for name in REASONS if name != "no_click"))
    return {
        "release": release,
        "searches": len(bad),
        "bad_share": sum(bad.values()) / len(bad),
        "thresholds": told["thresholds"].get(release, {}),
        "signals": {name: scores(found, bad) for name, found in signals.items()},
    }


def scores(found: set[str], bad: Mapping[str, bool]) -> dict[str, float | int | None]:
    """How many searches a signal names; which share of them was bad, and which share of the bad ones it names."""
    right = sum(bad[query_id] for query_id in found)
    return {
        "searches": len(found),
        "precision": right / len(found) if found else None,
        "recall": right / max(sum(bad.values()), 1),
    }


def take_in_searches(workspace: Workspace, retriever: Retriever, release: str) -> dict[str, bool]:
    """Query id → whether its answer was bad, of the simulated searches that the workspace now holds."""
    needs = test_needs()
    texts = sorted({form for forms in all_typed_forms(needs, SEED) for form in forms})
    answers = answered(workspace, retriever, texts)
    popularity = {DocId(title.title_id): title.popularity or 0.0 for title in sample_shop().titles}
    of_text = {form: need for need, forms in zip(needs, all_typed_forms(needs, SEED), strict=True) for form in forms}
    queries, events, bad = [], [], {}
    rank = {text: answer["hits"] for text, answer in answers.items()}
    for search in simulate(needs, popularity, rank.__getitem__, amount=SESSIONS, seed=SEED, habits=HABITS):
        text, answer = search.query["user_query"], answers[search.query["user_query"]]
        query_id = f"held-out-{search.query['query_id']}"
        attributes = {name: answer[name] for name in ("intent", "intent_confidence", "top_score")}
        queries.append({**search.query, "query_id": query_id, "query_attributes": {**attributes, "release": release}})
        events += [{**row, "query_id": query_id, "event_id": f"held-out-{row['event_id']}"} for row in search.events]
        hits = search.query["query_response_hit_ids"]
        bad[query_id] = not hits or of_text[text].grades.get(DocId(hits[0]), 0) < 1
    for kind, rows in (("queries", queries), ("events", events)):
        path = workspace.root / "more" / f"{kind}.jsonl"
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        ingest(workspace, kind, path)  # type: ignore[arg-type]
    return bad


def answered(workspace: Workspace, retriever: Retriever, texts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Text → what the release answers, routed by the classifier: `hits`, `top_score`, `intent`, `intent_confidence`."""
    classifier = live_intents(workspace, encoder_id=retriever.encoder.encoder_id)
    assert classifier is not None
    base = retriever.encoder.encode(texts)
    said = classifier.classify(base)
    least = read_settings(workspace.root).pairs.min_intent_confidence
    queries = [
        Query(QueryId(text), text, intent if confidence >= least else None)
        for text, (intent, confidence) in zip(texts, said, strict=True)
    ]
    run = retriever.search.run(queries, base, depth=10)
    return {
        query.text: {
            "hits": ranked(run[query.query_id]),
            "top_score": max(run[query.query_id].values(), default=0.0),
            "intent": intent,
            "intent_confidence": confidence,
        }
        for query, (intent, confidence) in zip(queries, said, strict=True)
    }


def test_needs() -> list[Need]:
    """What the sample's test queries want."""
    shop = sample_shop()
    return replace(shop, queries=list(as_train([each for each in shop.queries if each.split == "test"]))).needs()


def as_train(queries: Sequence[Any]) -> Iterator[Any]:
    """The queries under the split whose needs the simulator takes."""
    judged = {judgement.query_id for judgement in sample_shop().judgements}
    return (query.model_copy(update={"split": "train"}) for query in queries if query.query_id in judged)


def table(found: Mapping[str, Any]) -> str:
    """As it stands in the docs."""
    rows = []
    for name, each in found["signals"].items():
        precision = "–" if each["precision"] is None else f"{each['precision']:.2f}"
        rows.append(f"| {name.replace('_', ' ')} | {each['searches']:,} | {precision} | {each['recall']:.2f} |")
    head = (
        f"{found['searches']:,} simulated searches of the sample's test queries, answered by {found['release']}; "
        f"{found['bad_share']:.0%} of the answers are bad ({found['machine']['date']}):"
    )
    return f"{head}\n\n| signal | searches | precision | recall |\n|---|---|---|---|\n" + "\n".join(rows)


if __name__ == "__main__":
    main()
