"""A candidate's training in, where it came from kept beside it; a release in, everything behind it out.

release → decision → pairs, by source → ingested files, each kept, deleted (with its tombstone) or missing
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from mangaassist.core.errors import DataError
from mangaassist.core.files import canonical_json, sha256_bytes, write_atomic
from mangaassist.data import Entry, LogLine, Workspace, all_entries, log_lines
from mangaassist.loop.catalogue import data_fingerprint
from mangaassist.loop.pairing import StoredPairs, pairs_file
from mangaassist.loop.settings import Settings
from mangaassist.promotion import (
    IDENTITY,
    PAIRS,
    Lineage,
    Registry,
    SourceFile,
    TrainedOn,
    from_json,
    read_erased_paper,
    read_lineage,
    read_tombstones,
    to_json,
    verify,
)

ORIGIN = "trained_on.json"


def keep_origin(
    workspace: Workspace, settings: Settings, folder: Path, stored: StoredPairs, *, encoder_id: str, seed: int
) -> None:
    """Put what a candidate was trained on into its folder, and its pairs: later `pairs` runs overwrite the others."""
    gateless = settings.model_dump(mode="json", exclude={"gate", "monitor", "feedback"})
    files = [entry for entry in all_entries(workspace.engine) if entry.deleted_at is None]
    origin = TrainedOn(
        data_fingerprint=data_fingerprint(workspace),
        files=tuple(SourceFile(each.kind, each.file, each.sha256, each.rows, each.accepted) for each in files),
        pairs_sha256=stored.fingerprint,
        pairs_by_source=dict(sorted(Counter(pair.source for pair in stored.pairs).items())),
        encoder_id=encoder_id,
        settings_sha256=sha256_bytes(canonical_json(gateless)),
        seed=seed,
        program_version=version("mangaassist"),
    )
    write_atomic(folder / PAIRS, pairs_file(workspace).read_bytes())
    write_atomic(folder / ORIGIN, to_json(origin))


def has_origin(folder: Path) -> bool:
    """Whether `keep_origin` was here: programs before lineage trained without."""
    return (folder / ORIGIN).is_file() and (folder / PAIRS).is_file()


def read_origin(folder: Path) -> tuple[TrainedOn, bytes]:
    """What the candidate was trained on, and the file of its pairs; raises DataError unless they belong together."""
    if not has_origin(folder):
        raise DataError(f"{folder}: does not say what it was trained on; train it again: `mangaassist train`")
    origin = from_json(TrainedOn, (folder / ORIGIN).read_bytes(), source=str(folder / ORIGIN))
    pairs = (folder / PAIRS).read_bytes()
    if sha256_bytes(pairs) != origin.pairs_sha256:
        raise DataError(f"{folder / PAIRS}: was changed since training; train again: `mangaassist train`")
    return origin, pairs


def trace_release(workspace: Workspace, registry: Registry, release: str) -> dict[str, Any]:
    """Everything behind a release, as JSON: `mangaassist releases --lineage` prints it.

    `lineage` is None of the identity and of a release that is older than lineage. Raises UnknownRelease for a release
    that never was, ArtifactError for one that was changed: its papers prove nothing.
    """
    tombstone = next((each for each in read_tombstones(workspace.root) if each.release == release), None)
    if tombstone is None:
        verify(workspace.root, release)
    lineage = read_lineage(workspace.root, release)
    return {
        "release": release,
        "deleted": tombstone and {"at": tombstone.at, "actor": tombstone.actor, "why": tombstone.why},
        "parents": _parents(workspace.root, lineage),
        "promoted": _promotions(registry, release),
        "lineage": lineage and _told(workspace, release, lineage, pairs_are_kept=tombstone is None),
    }


def trace_pairs(workspace: Workspace, release: str, query_text: str) -> list[dict[str, Any]]:
    """The pairs of a release with this query text, each with the log lines it was made of, as JSON.

    The lines that are gone (their file was deleted) and evidence that is no log's stand under `elsewhere`. Raises
    DataError if the release has no pairs of its own, or none with this text.
    """
    verify(workspace.root, release)
    path = workspace.releases / release / PAIRS
    erased = read_erased_paper(workspace.root, release)
    if erased is not None:
        raise DataError(
            f"{release}: its pairs were erased at {erased.at} by {erased.actor} ({erased.why}); none is left"
        )
    if not path.is_file():
        raise DataError(f"{release} keeps no pairs: it changes nothing, or is older than lineage")
    rows = pl.read_parquet(path, glob=False).filter(pl.col("query_text") == query_text).to_dicts()
    if not rows:
        raise DataError(f"{release} was trained on no pair with the query text {query_text!r}; look into {path}")
    found: dict[str, list[LogLine]] = {}
    for line in log_lines(workspace, (name for row in rows for name in _ids(row))):
        found.setdefault(line.id, []).append(line)
    return [
        {
            "query_text": query_text,
            "positive": row["positive"],
            "source": row["source"],
            "weight": row["weight"],
            "lines": [asdict(line) for name in _ids(row) for line in found.get(name, [])],
            "elsewhere": [name for name in _ids(row) if name not in found],
        }
        for row in rows
    ]


def _ids(row: Mapping[str, Any]) -> list[str]:
    """The search that a pair was seen in, then its evidence."""
    return list(dict.fromkeys([*([row["query_id"]] if row["query_id"] else []), *row["evidence"]]))


def _parents(root: Path, lineage: Lineage | None) -> list[str]:
    """The releases before it, the nearest first, as far back as lineage goes."""
    found = []
    while lineage is not None:
        found.append(lineage.parent)
        lineage = read_lineage(root, lineage.parent) if lineage.parent != IDENTITY else None
    return found


def _promotions(registry: Registry, release: str) -> list[dict[str, Any]]:
    """Each time it went live: when, by whom, why, and what the gate had said."""
    return [
        {
            "at": entry.at.isoformat(timespec="seconds"),
            "actor": entry.actor,
            "why": entry.why,
            "override": entry.override,
            "decision": entry.decision and entry.decision.outcome,
        }
        for entry in registry.history()
        if entry.action == "promote" and entry.release == release
    ]


def _told(workspace: Workspace, release: str, lineage: Lineage, *, pairs_are_kept: bool) -> dict[str, Any]:
    erased = read_erased_paper(workspace.root, release)
    origin, entries = lineage.trained_on, {(each.kind, each.sha256): each for each in all_entries(workspace.engine)}
    return {
        "decision_sha256": lineage.decision_sha256,
        "evidence_sha256": lineage.evidence_sha256,
        "report_sha256": lineage.report_sha256,
        "encoder_id": origin.encoder_id,
        "settings_sha256": origin.settings_sha256,
        "seed": origin.seed,
        "program_version": origin.program_version,
        "data_fingerprint": origin.data_fingerprint,
        "pairs": {
            "file": f"releases/{release}/{PAIRS}" if pairs_are_kept and erased is None else None,
            "sha256": origin.pairs_sha256,
            "by_source": dict(origin.pairs_by_source),
            "erased": erased
            and {
                "at": erased.at,
                "actor": erased.actor,
                "why": erased.why,
                "rows": erased.rows,
                "asked_for": erased.asked_for,
            },
        },
        "files": [
            {
                "kind": file.kind,
                "file": file.file,
                "sha256": file.sha256,
                "rows": file.rows,
                "accepted": file.accepted,
                **_state(workspace, entries.get((file.kind, file.sha256))),
            }
            for file in origin.files
        ],
    }


def _state(workspace: Workspace, entry: Entry | None) -> Mapping[str, str | int | None]:
    """Whether an ingested file is still there, and how much of it was erased.

    `unknown` where the workspace was begun anew since.
    """
    if entry is None:
        return {"state": "unknown", "deleted_at": None, "deleted_why": None, "erased": 0, "erased_at": None}
    there = entry.accepted == 0 or workspace.part(entry.kind, entry.sha256).exists()
    return {
        "state": "deleted" if entry.deleted_at is not None else "kept" if there else "missing",
        "deleted_at": entry.deleted_at,
        "deleted_why": entry.deleted_why,
        "erased": entry.erased,
        "erased_at": entry.erased_at,
    }
