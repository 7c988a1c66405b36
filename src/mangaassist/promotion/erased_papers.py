"""The name of a release in, what was erased of it out: a paper that held what people typed, and its tombstone.

releases/embed-adapter-v03/           write-once; the paper that was erased is missing
releases/embed-adapter-v03.erased     which one, its digest, how many rows, who, when and why
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import ConfigDict

from mangaassist.promotion.codec import EXACT, from_json

ERASED = ".erased"
"""What the name of a release ends with in the name of its paper's tombstone."""


@dataclass(frozen=True, slots=True)
class ErasedPaper:
    """What remains of an erased paper. sha256: as the manifest has it.  at: when, in ISO 8601, UTC.

    rows: how many it held.  asked_for: how many of them the erasure was about.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    release: str
    paper: str
    sha256: str
    rows: int
    asked_for: int
    at: str
    actor: str
    why: str


def read_erased_paper(root: Path, name: str) -> ErasedPaper | None:
    """The tombstone of the release's erased paper, if it has one."""
    path = erased_path(root, name)
    return from_json(ErasedPaper, path.read_bytes(), source=str(path)) if path.is_file() else None


def erased_path(root: Path, name: str) -> Path:
    """Where the tombstone lies: beside the release, which is never edited."""
    return root / "releases" / f"{name}{ERASED}"
