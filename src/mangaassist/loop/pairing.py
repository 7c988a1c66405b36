"""A workspace's log, curated rows and reviews in, weighted training pairs out, with what was dropped and why."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mangaassist.core.errors import DataError
from mangaassist.core.files import canonical_json, sha256_bytes, sha256_of, write_atomic
from mangaassist.core.types import DocId, Pair, QueryId
from mangaassist.data import Workspace, ubi_events, ubi_queries
from mangaassist.loop.catalogue import data_fingerprint
from mangaassist.loop.fixing_pairs import added_pairs
from mangaassist.loop.human_sources import human_pairs, without_leaks
from mangaassist.loop.judged import judged_split
from mangaassist.loop.review_queue import settled_items
from mangaassist.loop.reviewing import read_proposals
from mangaassist.loop.settings import Settings
from mangaassist.pairs import (
    HeldOut,
    PairsReport,
    balance_pairs,
    cart_pairs,
    check_no_leakage,
    click_pairs,
    hold_out_newest,
    training_events,
    with_rejected,
)

_SCHEMA = pl.Schema(
    {
        "query_text": pl.String(),
        "positive": pl.String(),
        "source": pl.String(),
        "weight": pl.Float64(),
        "negatives": pl.List(pl.String()),
        "query_id": pl.String(),
        "client": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "evidence": pl.List(pl.String()),
    }
)


@dataclass(frozen=True, slots=True)
class StoredPairs:
    """The pairs of a workspace; fingerprint: digest of the file.

    exposed: documents that were shown to a shopper in a search that was not held out for testing.
    """

    pairs: Sequence[Pair]
    exposed: frozenset[DocId]
    fingerprint: str


def make_pairs(workspace: Workspace, settings: Settings, *, seed: int = 0) -> dict[str, Any]:
    """Makes and stores the pairs of every source, and gives the counts that `mangaassist pairs` prints.

    The newest searches of the log are held out for testing, and counted as dropped. Editorial and synthetic pairs that
    know a test query are left out and counted: nobody knew the test set when they were made. A log that knows one is a
    mistake: raises LeakageError. Raises DataError if there is nothing to learn from.
    """
    queries, events = ubi_queries(workspace), ubi_events(workspace)
    held_out = hold_out_newest(queries, events, settings.live_log)
    from_log = {
        "click": click_pairs(queries, events, settings.pairs, held_out=held_out.query_ids),
        "cart": cart_pairs(queries, events, settings.pairs, held_out=held_out.query_ids),
    }
    human = human_pairs(
        workspace,
        settings.pairs,
        rng=np.random.default_rng(seed),
        feedback_weight=settings.feedback.pair_weight,
        held_out=held_out.ids,
    )
    if not any(report.pairs for report in (*from_log.values(), *human.reports.values())):
        raise DataError(
            f"{workspace.root} holds no click, purchase or wishlist of a shown result{_before(held_out)}, no usable "
            "curated pair and no accepted proposal; ingest a search log, or let train judgements be pairs "
            "(from_judgements = true under [pairs] in mangaassist.toml)"
        )
    test = judged_split(workspace, "test")
    human = without_leaks(human, test)
    reports = {**from_log, **human.reports}
    found = with_rejected(
        [*(pair for report in reports.values() for pair in report.pairs), *added_pairs(workspace, settings, from_log)],
        human.rejected,
    )
    balanced = balance_pairs(found, settings.pairs)
    check_no_leakage(balanced.pairs, test.queries, test.qrels, named_titles=human.named_titles, held_out=held_out.ids)
    _write(workspace, balanced.pairs)
    trained: Counter[str] = Counter(pair.source for pair in balanced.pairs)
    counts = {
        "sources": {name: _counts(report, trained[name]) for name, report in reports.items()},
        "share_by_source": dict(balanced.share_by_source),
        "synthetic_share": balanced.share_by_source.get("synthetic", 0.0),
        "largest_client_share": balanced.largest_client_share,
        "repeats_across_sources": balanced.repeats,
        "held_out": {
            "since": held_out.since.isoformat() if held_out.since else None,
            "searches": len(held_out.query_ids),
        },
        "bounds": {
            "synthetic_share": settings.pairs.max_synthetic_share,
            "largest_client_share": settings.pairs.max_client_share,
        },
        "made_from": _made_from(workspace, settings),
    }
    write_atomic(workspace.pairs / "report.json", canonical_json(counts))
    return counts


def pairs_file(workspace: Workspace) -> Path:
    """Where `make_pairs` stores the pairs."""
    return workspace.pairs / "pairs.parquet"


def read_pairs(workspace: Workspace, settings: Settings) -> StoredPairs:
    """The pairs that `make_pairs` stored; raises DataError if it has not run on the present data and rules.

    Older pairs were not checked against test queries that came later.
    """
    path = pairs_file(workspace)
    if not (path.is_file() and (workspace.pairs / "report.json").is_file()):
        raise DataError(f"{workspace.root} has no pairs yet; make them: `mangaassist pairs`")
    if read_pair_counts(workspace).get("made_from") != _made_from(workspace, settings):
        raise DataError(
            f"{workspace.root}: data or reviews were taken in, or the rules for pairs were changed, since its pairs "
            "were made; make them again: `mangaassist pairs`"
        )
    pairs = [
        Pair(
            query_text=row["query_text"],
            positive=DocId(row["positive"]),
            source=row["source"],
            weight=row["weight"],
            negatives=tuple(DocId(doc_id) for doc_id in row["negatives"]),
            query_id=QueryId(row["query_id"]) if row["query_id"] else None,
            client=row["client"],
            at=row["at"],
            evidence=tuple(row["evidence"]),
        )
        for row in pl.read_parquet(path).iter_rows(named=True)
    ]
    queries, events = ubi_queries(workspace), ubi_events(workspace)
    trains = training_events(events, hold_out_newest(queries, events, settings.live_log))
    shown = trains.filter(pl.col("action_name") == "impression")["object_id"].drop_nulls().unique().to_list()
    return StoredPairs(pairs, frozenset(DocId(doc_id) for doc_id in shown), sha256_of(path))


def read_pair_counts(workspace: Workspace) -> dict[str, Any]:
    """The counts that `make_pairs` stored."""
    counts: dict[str, Any] = json.loads((workspace.pairs / "report.json").read_bytes())
    return counts


def _made_from(workspace: Workspace, settings: Settings) -> str:
    """Digest of everything that decides which pairs there are."""
    reviewed = [(each.id, each.status) for each in read_proposals(workspace) if each.status != "pending"]
    told = {
        "data": data_fingerprint(workspace),
        "rules": asdict(settings.pairs),
        "live_log": asdict(settings.live_log),
        "reviewed": reviewed,
        **({"fixes": settings.fixes} if settings.fixes else {}),
        "feedback": [
            (item.id, item.state, vote.sequence)
            for item, vote in settled_items(workspace)
            if item.kind in ("positive", "negative")
        ],
        "feedback_weight": settings.feedback.pair_weight,
    }
    return sha256_bytes(canonical_json(told))


def _before(held_out: HeldOut) -> str:
    """What to say of a log whose newest days do not train."""
    return f" before {held_out.since} (later ones are held out for testing)" if held_out.since else ""


def _write(workspace: Workspace, pairs: Sequence[Pair]) -> None:
    rows = [
        {
            "query_text": pair.query_text,
            "positive": pair.positive,
            "source": pair.source,
            "weight": pair.weight,
            "negatives": list(pair.negatives),
            "query_id": pair.query_id,
            "client": pair.client,
            "at": pair.at,
            "evidence": list(pair.evidence),
        }
        for pair in pairs
    ]
    path = pairs_file(workspace)
    unfinished = path.with_suffix(".tmp")
    with workspace.writing():
        pl.DataFrame(rows, schema=_SCHEMA).write_parquet(unfinished)
        unfinished.replace(path)


def _counts(report: PairsReport, trained: int) -> Mapping[str, Any]:
    return {
        "raw_events": report.raw_events,
        "raw": dict(report.raw),
        "pairs": len(report.pairs),
        "unique": len({(pair.query_text, pair.positive) for pair in report.pairs}),
        "trained": trained,
        "dropped": dict(report.dropped),
        "inhuman_sessions": report.inhuman_sessions,
    }
