"""A release that nothing refers to in, a tombstone in its place out: who removed it, when and why, and what it was.

The tombstone comes first and whole. From then on the release is gone and its number used; files of it that a kill
leaves are leftovers.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict, JsonValue

from mangaassist.core.errors import RegistryError
from mangaassist.core.files import write_atomic
from mangaassist.promotion.codec import EXACT, from_json, to_json
from mangaassist.promotion.lineage import LINEAGE, Lineage
from mangaassist.promotion.releases import TOMBSTONE, deleted_releases, release_manifest


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What remains of a removed release. at: when, in ISO 8601, UTC.

    lineage: None of a release that is older than lineage.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    release: str
    at: str
    actor: str
    why: str
    manifest: Mapping[str, JsonValue]
    lineage: Lineage | None


def remove_release(root: Path, name: str, *, at: datetime, actor: str, why: str) -> Tombstone:
    """The tombstone of a release whose files are gone now. Whether anything refers to it is for the caller to know."""
    if not (actor.strip() and why.strip()):
        raise RegistryError(f"remove {name}: actor is {actor!r}, why {why!r}; say who does it and for what reason")
    folder = root / "releases" / name
    moment = at.astimezone(UTC).isoformat(timespec="seconds")
    tombstone = Tombstone(name, moment, actor, why, release_manifest(folder), read_lineage(root, name))
    write_atomic(_path(root, name), to_json(tombstone))
    shutil.rmtree(folder)
    return tombstone


def read_tombstones(root: Path) -> tuple[Tombstone, ...]:
    """What remains of every removed release, by number."""
    return tuple(
        from_json(Tombstone, _path(root, name).read_bytes(), source=str(_path(root, name)))
        for name in deleted_releases(root)
    )


def half_removed(root: Path) -> list[Path]:
    """Folders of releases that have a tombstone already: a kill came between."""
    folders = (root / "releases" / name for name in deleted_releases(root))
    return [folder for folder in folders if folder.exists()]


def read_lineage(root: Path, name: str) -> Lineage | None:
    """The lineage of a release, removed or not; None of the identity and of a release that is older than lineage."""
    if name in deleted_releases(root):
        return from_json(Tombstone, _path(root, name).read_bytes(), source=str(_path(root, name))).lineage
    path = root / "releases" / name / LINEAGE
    return from_json(Lineage, path.read_bytes(), source=str(path)) if path.is_file() else None


def _path(root: Path, name: str) -> Path:
    return root / "releases" / f"{name}{TOMBSTONE}"
