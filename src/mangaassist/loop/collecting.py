"""A workspace in, what nothing refers to out and, unless it is only to be shown, away.

Never touched: what the ledger, an alias, a line of rollback or a release refers to, what reviewers decided, logs, and
whatever in the directory is not the workspace's. Vectors go only where that is asked for: a paid encoder charges again.
"""

import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mangaassist.adapter import LADDER
from mangaassist.data import Workspace, leftover_parts, unnamed_files
from mangaassist.encoders import cache_file
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.catalogue import encoder_id_of
from mangaassist.loop.lineage import ORIGIN
from mangaassist.loop.settings import Settings
from mangaassist.promotion import (
    IDENTITY,
    PAIRS,
    Registry,
    half_removed,
    release_manifest,
    releases,
    remove_release,
    unpublished,
)


@dataclass(frozen=True, slots=True)
class Garbage:
    """A file or folder that nothing refers to, its size, and why nothing does."""

    path: Path
    bytes: int
    why: str


def collect_garbage(workspace: Workspace, settings: Settings, *, with_vectors: bool, dry_run: bool) -> list[Garbage]:
    """What nothing refers to; removed unless `dry_run`. Under the lock only: unfinished work of others looks alike."""
    reasons = dict(_unreferenced(workspace, settings, with_vectors))
    whole = {path: why for path, why in reasons.items() if not reasons.keys() & set(path.parents)}
    found = [Garbage(path, _size(path), why) for path, why in whole.items()]
    if not dry_run:
        with workspace.writing():
            for each in found:
                _remove(each.path)
    return found


def collect_releases(
    workspace: Workspace,
    registry: Registry,
    *,
    keep: int,
    dry_run: bool,
    at: datetime,
    actor: str,
    why: str,
    tried: Collection[str] = (),
) -> list[Garbage]:
    """The releases that no alias and no rollback can reach, but for the `keep` newest; each leaves a tombstone.

    tried: releases that stay besides, because an experiment is about them.
    """
    aliases = registry.aliases()
    reached = {IDENTITY, aliases.live, aliases.candidate, aliases.previous, *registry.rollback_line(), *tried}
    unreached = [name for name in releases(workspace.root) if name not in reached]
    found = []
    for name in unreached[: max(len(unreached) - keep, 0)]:
        folder = workspace.releases / name
        found.append(Garbage(folder, _size(folder), "a release that neither an alias nor a rollback reaches"))
        if not dry_run:
            with workspace.writing():
                remove_release(workspace.root, name, at=at, actor=actor, why=why)
    return found


def _unreferenced(workspace: Workspace, settings: Settings, with_vectors: bool) -> Iterator[tuple[Path, str]]:
    yield from ((path, "left by a killed writer") for path in (workspace.scratch,) if path.exists())
    yield from ((path, "left by a killed writer") for path in unnamed_files(workspace))
    yield from ((path, "rows of a file that does not count") for path in leftover_parts(workspace))
    yield from ((path, "a release that was never published whole") for path in unpublished(workspace.root))
    yield from ((path, "left of a deleted release") for path in half_removed(workspace.root))
    yield from ((path, "the index of a release that is gone") for path in _orphaned_indexes(workspace))
    yield from ((path, "left of a training that did not finish") for path in _unfinished_training(workspace))
    if with_vectors:
        yield from ((path, "vectors of an encoder not in use") for path in _unused_vectors(workspace, settings))


def _orphaned_indexes(workspace: Workspace) -> list[Path]:
    """Indexes of releases that were deleted since."""
    there = releases(workspace.root)
    return [path for path in sorted(workspace.index.glob("*")) if path.is_dir() and path.name not in there]


def _unfinished_training(workspace: Workspace) -> list[Path]:
    """The artefacts of a candidate that `tuning.json`, which comes last, does not name."""
    folder = candidate_folder(workspace)
    finished = (folder / "tuning.json").is_file()
    known = set(read_tuning(workspace)["rungs"]) if finished else set()
    papers = [] if finished else [ORIGIN, PAIRS]
    paths = (folder / name for name in sorted({*LADDER, *papers} - known))
    return [path for path in paths if path.exists()]


def _unused_vectors(workspace: Workspace, settings: Settings) -> list[Path]:
    """Caches of encoders that neither the settings, nor the candidate, nor a release name."""
    used = {encoder_id_of(settings)}
    if (candidate_folder(workspace) / "tuning.json").is_file():
        used.add(read_tuning(workspace)["encoder"])
    for name in releases(workspace.root)[1:]:
        used.add(str(release_manifest(workspace.releases / name).get("encoder_id")))
    caches = {cache_file(workspace.vectors, encoder_id).name for encoder_id in used}
    return [path for path in sorted(workspace.vectors.glob("*.sqlite*")) if _cache_name(path) not in caches]


def _cache_name(path: Path) -> str:
    """The cache that a file belongs to: SQLite keeps files beside its own."""
    return path.name.removesuffix("-wal").removesuffix("-shm")


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
