"""A workspace's log, curated rows and reviews in, weighted training pairs out, with what was dropped and why."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mangaassist.core.errors import DataError
from mangaassist.core.files import canonical_json, sha256_bytes, sha256_of, write_atomic
from mangaassist.core.types import DocId, Pair
from mangaassist.data import Workspace, log_tables
from mangaassist.loop.catalogue import data_fingerprint
from mangaassist.loop.fixing_pairs import added_pairs
from mangaassist.loop.human_sources import HumanPairs, human_pairs, without_leaks
from mangaassist.loop.judged import judged_split
from mangaassist.loop.log_mining import MinedLog, mine
from mangaassist.loop.review_queue import settled_items
from mangaassist.loop.reviewing import read_proposals
from mangaassist.loop.settings import Settings
from mangaassist.pairs import (
    BalancedPairs,
    LogSource,
    PairsReport,
    balance_pairs,
    check_no_leakage,
    pair_rows,
    pairs_of_rows,
    with_rejected,
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
    All pairs of the log go to `log_pairs_file`; at most `max_log_pairs` of them train.
    """
    with log_tables(workspace) as db:
        log = mine(db, settings, seed=seed)
        human = _human_pairs(workspace, settings, log, seed)
        if not any((*log.pairs.values(), *(report.pairs for report in human.reports.values()))):
            raise DataError(
                f"{workspace.root} holds no click, purchase or wishlist of a shown result{_before(log.since)}, no "
                "usable curated pair and no accepted proposal; ingest a search log, or let train judgements be pairs "
                "(from_judgements = true under [pairs] in mangaassist.toml)"
            )
        test = judged_split(workspace, "test")
        human = without_leaks(human, test)
        by_people = [pair for report in human.reports.values() for pair in report.pairs]
        from_log = [pair for pairs in log.pairs.values() for pair in pairs]
        found = with_rejected([*from_log, *by_people, *added_pairs(workspace, settings, from_log)], human.rejected)
        balanced = balance_pairs(found, settings.pairs)
        held_out = log.held_out([pair.query_id or "" for pair in balanced.pairs], _names(by_people))
        check_no_leakage(balanced.pairs, test.queries, test.qrels, named_titles=human.named_titles, held_out=held_out)
        _write(workspace, log, balanced.pairs)
    counts = _counts(workspace, settings, log, human, balanced)
    write_atomic(workspace.pairs / "report.json", canonical_json(counts))
    return counts


def _human_pairs(workspace: Workspace, settings: Settings, log: MinedLog, seed: int) -> HumanPairs:
    lines = {line for item, _ in settled_items(workspace) for lines in item.evidence.values() for line in lines}
    return human_pairs(
        workspace,
        settings.pairs,
        rng=np.random.default_rng(seed),
        feedback_weight=settings.feedback.pair_weight,
        held_out=log.held_out((), lines),
    )


def _names(pairs: Iterable[Pair]) -> set[str]:
    """Everything that pairs name as what they were made of."""
    return {name for pair in pairs for name in (pair.query_id, *pair.evidence) if name}


def pairs_file(workspace: Workspace) -> Path:
    """Where `make_pairs` stores the pairs that train."""
    return workspace.pairs / "pairs.parquet"


def log_pairs_file(workspace: Workspace) -> Path:
    """Where `make_pairs` stores all pairs of the log."""
    return workspace.pairs / "log_pairs.parquet"


def _exposed_file(workspace: Workspace) -> Path:
    return workspace.pairs / "exposed.parquet"


def read_pairs(workspace: Workspace, settings: Settings) -> StoredPairs:
    """The pairs that `make_pairs` stored; raises DataError if it has not run on the present data and rules.

    Older pairs were not checked against test queries that came later.
    """
    files = (pairs_file(workspace), _exposed_file(workspace), workspace.pairs / "report.json")
    if not all(file.is_file() for file in files):
        raise DataError(f"{workspace.root} has no pairs yet; make them: `mangaassist pairs`")
    if read_pair_counts(workspace).get("made_from") != _made_from(workspace, settings):
        raise DataError(
            f"{workspace.root}: data or reviews were taken in, or the rules for pairs were changed, since its pairs "
            "were made; make them again: `mangaassist pairs`"
        )
    pairs, exposed, _ = files
    return StoredPairs(
        pairs=pairs_of_rows(pl.read_parquet(pairs, glob=False)),
        exposed=frozenset(map(DocId, pl.read_parquet(exposed, glob=False)["object_id"])),
        fingerprint=sha256_of(pairs),
    )


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


def _before(since: date | None) -> str:
    """What to say of a log whose newest days do not train."""
    return f" before {since} (later ones are held out for testing)" if since else ""


def _write(workspace: Workspace, log: MinedLog, pairs: Sequence[Pair]) -> None:
    """Each file whole or not at all, that of the pairs that train last."""
    with workspace.writing():
        _write_whole(log_pairs_file(workspace), log.write_pairs)
        exposed = pl.DataFrame({"object_id": log.exposed()}, schema={"object_id": pl.String()})
        _write_whole(_exposed_file(workspace), exposed.write_parquet)
        _write_whole(pairs_file(workspace), pair_rows(pairs).write_parquet)


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    unfinished = path.with_suffix(".tmp")
    write(unfinished)
    unfinished.replace(path)


def _counts(
    workspace: Workspace, settings: Settings, log: MinedLog, human: HumanPairs, balanced: BalancedPairs
) -> dict[str, Any]:
    trained: Counter[str] = Counter(pair.source for pair in balanced.pairs)
    by_people = {name: _people_counts(report) for name, report in human.reports.items()}
    from_log: dict[str, dict[str, Any]] = {
        name: _log_counts(source, len(log.pairs[name])) for name, source in log.sources.items()
    }
    return {
        "sources": {name: {**each, "trained": trained[name]} for name, each in (from_log | by_people).items()},
        "share_by_source": dict(balanced.share_by_source),
        "synthetic_share": balanced.share_by_source.get("synthetic", 0.0),
        "largest_client_share": balanced.largest_client_share,
        "repeats_across_sources": balanced.repeats,
        "held_out": {"since": log.since.isoformat() if log.since else None, "searches": log.held_searches},
        "bounds": {
            "synthetic_share": settings.pairs.max_synthetic_share,
            "largest_client_share": settings.pairs.max_client_share,
            "log_pairs": settings.pairs.max_log_pairs,
        },
        "made_from": _made_from(workspace, settings),
    }


def _log_counts(source: LogSource, drawn: int) -> dict[str, Any]:
    """used: events behind the pairs.  drawn: pairs that were drawn to train."""
    return {
        "raw_events": sum(source.raw.values()),
        "raw": dict(source.raw),
        "used": source.used,
        "pairs": source.pairs,
        "unique": source.unique,
        "drawn": drawn,
        "dropped": dict(source.dropped),
        "inhuman_sessions": source.inhuman_sessions,
    }


def _people_counts(report: PairsReport) -> dict[str, Any]:
    return {
        "raw_events": report.raw_events,
        "raw": dict(report.raw),
        "pairs": len(report.pairs),
        "unique": len({(pair.query_text, pair.positive) for pair in report.pairs}),
        "dropped": dict(report.dropped),
        "inhuman_sessions": report.inhuman_sessions,
    }
