"""What a candidate was trained on in, the lineage of its release out: release → decision → pairs → ingested files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from mangaassist.core.files import sha256_bytes
from mangaassist.promotion.codec import EXACT

LINEAGE = "lineage.json"
PAIRS = "pairs.parquet"
"""The pairs that a release was trained on, each with the ids of the log lines it was made of."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file that was taken in: its content hash and how many of its rows counted."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    kind: str
    file: str
    sha256: str
    rows: int
    accepted: int


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """Everything that decided what training gave.

    pairs_sha256: of the release's own `pairs.parquet`.  pairs_by_source: how many there are of each source.
    settings_sha256: of all settings but the gate's, whose bounds stand in the decision.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    data_fingerprint: str
    files: tuple[SourceFile, ...]
    pairs_sha256: str
    pairs_by_source: Mapping[str, int]
    encoder_id: str
    settings_sha256: str
    seed: int
    program_version: str


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a release comes from. parent: the release that was live before it. Digests are of its papers."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    parent: str
    trained_on: TrainedOn
    report_sha256: str | None
    evidence_sha256: str | None
    decision_sha256: str | None


def lineage_of(trained_on: TrainedOn, *, parent: str, papers: Mapping[str, bytes]) -> Lineage:
    """The lineage of a release with these papers; a paper that there is none of has no digest."""

    def digest(name: str) -> str | None:
        return sha256_bytes(papers[name]) if name in papers else None

    return Lineage(parent, trained_on, digest("report.json"), digest("evidence.json"), digest("decision.json"))
