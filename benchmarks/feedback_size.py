"""A million logged searches through bucket and clusters: `python -m benchmarks.feedback_size [--json FILE]`.

The log is made up of the sample's queries, their misspelt and shortened forms, and combinations of what shoppers say,
typed with Zipf's law by 200,000 clients; a third of the searches gets no click, a tenth is tried again within seconds.
It is written as the Parquet parts that `ingest` writes, so that only the stages themselves are timed.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.types import no_progress
from mangaassist.data import KINDS, Entry, Workspace, ingest_directory
from mangaassist.data.ledger import record
from mangaassist.loop import cluster_failures, fill_bucket, read_settings
from mangaassist.sample import sample_shop, write_shop_files
from mangaassist.sample.simulator_dice import Dice
from mangaassist.sample.simulator_texts import Need, typed_forms

PAGE = "docs/feedback.md"
DAYS = 60
CLIENTS = 200_000
TEXTS = 250_000
START = datetime(2026, 3, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--searches", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "feedback_size.json")
    options = parser.parse_args()
    found = {"machine": machine(), **measured(options.searches)}
    options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if options.searches == 1_000_000 and options.json.parent.name == "results":
        rebuild("feedback size", table(found), PAGE)


def measured(searches: int) -> dict[str, Any]:
    """Seconds of each stage, of a second run without news, and the most memory that the process ever held."""
    with TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "shop")
        write_shop_files(workspace.root / "files")
        ingest_directory(workspace, workspace.root / "files", progress=no_progress)
        writer = get_context("spawn").Process(target=write_log, args=(workspace.root, searches))
        writer.start()
        writer.join()
        assert writer.exitcode == 0
        settings = read_settings(workspace.root)
        seconds: dict[str, float] = {}
        with workspace.lock():
            for name in ("bucket", "bucket_again"):
                started = time.monotonic()
                bucket = fill_bucket(workspace, settings, progress=no_progress)
                seconds[name] = round(time.monotonic() - started, 1)
            started = time.monotonic()
            clusters = cluster_failures(workspace, settings, seed=0, progress=no_progress)
            seconds["clusters"] = round(time.monotonic() - started, 1)
        return {
            "searches": searches,
            "texts": pl.read_parquet(workspace.part("queries", "q" * 64), columns=["user_query"])[
                "user_query"
            ].n_unique(),
            "entries": bucket["entries"],
            "bucket_texts": bucket["texts"],
            "clusters": len(clusters["clusters"]),
            "seconds": {**seconds, "bucket_and_clusters": round(seconds["bucket"] + seconds["clusters"], 1)},
            "peak_mb": _peak_mb(),
        }


def write_log(root: Path, searches: int) -> None:
    """Write the log as ingested parts; in a process of its own, so that its memory is not the stages'."""
    workspace = Workspace.open(root)
    rng = np.random.default_rng(0)
    texts = list(_texts(rng, min(TEXTS, searches // 4)))
    ranks = np.arange(1, len(texts) + 1) ** -0.9
    typed = rng.choice(len(texts), size=searches, p=ranks / ranks.sum())
    clients = rng.integers(0, CLIENTS, size=searches)
    moments = np.sort(rng.uniform(0, DAYS * 86_400, size=searches))
    again = np.flatnonzero(rng.random(searches) < 0.1)
    again = again[again > 0]
    clients[again], moments[again] = clients[again - 1], moments[again - 1] + rng.uniform(5, 25, size=len(again))
    ids = sample_shop().doc_ids
    pages = [[ids[place] for place in rng.choice(len(ids), size=10, replace=False)] for _ in range(2_000)]
    shown = rng.integers(0, len(pages), size=searches)
    query_ids = [f"q{number:08d}" for number in range(searches)]
    at = [START + timedelta(seconds=float(second)) for second in moments]
    intents = rng.choice(["recommendation", "product_discovery", "product_question", "faq"], size=searches)
    queries = pl.DataFrame(
        {
            "query_id": query_ids,
            "user_query": [texts[place] for place in typed],
            "client_id": [f"c{client:06d}" for client in clients],
            "timestamp": at,
            "query_response_hit_ids": [pages[place] for place in shown],
            "intent": intents,
            "release": ["embed-adapter-v00"] * searches,
            "intent_confidence": rng.uniform(0.4, 1.0, size=searches),
            "top_score": rng.uniform(0.2, 0.9, size=searches),
        }
    )
    _store(workspace, "queries", queries)
    clicked = np.flatnonzero(rng.random(searches) < 0.66)
    rows = np.concatenate([np.arange(searches), clicked])
    places = np.concatenate([np.zeros(searches, dtype=int), rng.integers(0, 10, size=len(clicked))])
    events = pl.DataFrame(
        {
            "event_id": [f"e{number:08d}" for number in range(len(rows))],
            "query_id": [query_ids[row] for row in rows],
            "session_id": [f"s{clients[row]:06d}" for row in rows],
            "client_id": [f"c{clients[row]:06d}" for row in rows],
            "action_name": ["impression"] * searches + ["click"] * len(clicked),
            "timestamp": [at[row] + timedelta(seconds=2) for row in rows],
            "object_id": [pages[shown[row]][place] for row, place in zip(rows, places, strict=True)],
            "ordinal": places + 1,
        }
    )
    _store(workspace, "events", events)


def _store(workspace: Workspace, kind: str, rows: pl.DataFrame) -> None:
    """A part with every column of its kind, written down in the ledger."""
    schema = {**dict(KINDS[kind].columns), "line": pl.Int64()}  # type: ignore[index]
    missing = [pl.lit(None).cast(dtype).alias(name) for name, dtype in schema.items() if name not in rows.columns]
    whole = rows.with_row_index("line", offset=1).with_columns(missing).select(list(schema)).cast(schema)  # type: ignore[arg-type]
    name = kind[0] * 64
    workspace.part(kind, name).parent.mkdir(parents=True, exist_ok=True)
    whole.write_parquet(workspace.part(kind, name))
    record(workspace.engine, [Entry(kind, name, f"{kind}.jsonl", rows.height, rows.height, 0, 0)])


def _texts(rng: np.random.Generator, amount: int) -> Iterator[str]:
    """Different texts: forms of the sample's training queries first, then combinations of facets."""
    shop = sample_shop()
    seen: set[str] = set()
    for number, query in enumerate(each for each in shop.queries if each.split == "train"):
        for form in typed_forms(Need(query.text, "recommendation", {}), Dice(0, 1, number)):
            if form not in seen and len(seen) < amount:
                seen.add(form)
                yield form
    words = sorted(
        {name.replace("_", " ") for title in shop.titles for name in (*title.tones, *title.genres, *title.themes)}
    )
    frames = ("{} manga with {}", "something {} about {}", "{} and {} like {}", "no {} but {}", "{} {} {} series")
    while len(seen) < amount:
        chosen = [words[place] for place in rng.integers(0, len(words), size=3)]
        text = frames[int(rng.integers(0, len(frames)))].format(*chosen)
        if text not in seen:
            seen.add(text)
            yield text


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def table(found: dict[str, Any]) -> str:
    """As it stands in the docs."""
    seconds, here = found["seconds"], found["machine"]
    bucket = f"{found['entries']:,} failed searches of {found['bucket_texts']:,} texts"
    return (
        f"{found['searches']:,} searches of {found['texts']:,} texts, {here['cores']} shared cores, {here['date']}: "
        f"bucket {seconds['bucket']:.0f} s ({bucket}), the same again {seconds['bucket_again']:.0f} s, clusters "
        f"{seconds['clusters']:.0f} s ({found['clusters']:,} needs); at most {found['peak_mb'] / 1024:.1f} GB."
    )


if __name__ == "__main__":
    main()
