"""Releases and which of their pairs shall go in; the affected releases without their pairs, a tombstone in place, out.

A release is write-once, so its pairs are not rewritten: the whole paper goes. The tombstone comes first; from then on
`verify` does without the paper. What is served stays as it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mangaassist.core.errors import RegistryError
from mangaassist.core.files import sync_directory, write_atomic
from mangaassist.promotion.codec import to_json
from mangaassist.promotion.erased_papers import ErasedPaper, erased_path, read_erased_paper
from mangaassist.promotion.lineage import PAIRS
from mangaassist.promotion.releases import releases, verify


@dataclass(frozen=True, slots=True)
class RowCount:
    """Of a paper: all rows, and those that shall go."""

    rows: int
    asked_for: int


def erase_pairs(
    root: Path, count: Callable[[Path], RowCount], *, at: datetime, actor: str, why: str, dry_run: bool
) -> int:
    """How many releases lose, or would lose, their pairs: those of whose pairs `count` finds some that shall go.

    A paper that has a tombstone already and is still there was left by a kill, and goes.
    """
    found = 0
    for name in releases(root):
        paper = root / "releases" / name / PAIRS
        if not paper.is_file():
            continue
        tombstone = read_erased_paper(root, name)
        counted = count(paper) if tombstone is None else RowCount(tombstone.rows, tombstone.asked_for)
        if counted.asked_for:
            found += 1
            if not dry_run:
                _erase(root, name, counted, at=at, actor=actor, why=why)
    return found


def _erase(root: Path, name: str, counted: RowCount, *, at: datetime, actor: str, why: str) -> None:
    if not (actor.strip() and why.strip()):
        raise RegistryError(f"erase {name}/{PAIRS}: actor is {actor!r}, why {why!r}; say who does it and why")
    if read_erased_paper(root, name) is None:
        moment = at.astimezone(UTC).isoformat(timespec="seconds")
        digest = verify(root, name)[PAIRS]
        told = ErasedPaper(name, PAIRS, digest, counted.rows, counted.asked_for, moment, actor, why)
        write_atomic(erased_path(root, name), to_json(told))
    _remove(root / "releases" / name / PAIRS)


def _remove(paper: Path) -> None:
    paper.unlink()
    sync_directory(paper.parent)
