"""Report in, decision and release out: the gate, the write-once releases, where they come from, which is live."""

from mangaassist.promotion.audit import Aliases, AuditEntry
from mangaassist.promotion.codec import from_json, to_json
from mangaassist.promotion.erased_papers import ErasedPaper, read_erased_paper
from mangaassist.promotion.erasing import RowCount, erase_pairs
from mangaassist.promotion.evidence import (
    DiagnosisLevel,
    GateEvidence,
    JudgedRange,
    LatencyEvidence,
    Measured,
    PairedGain,
)
from mangaassist.promotion.gate import EXIT_CODES, FIRST_RUN, Decision, GateSettings, judge
from mangaassist.promotion.lineage import LINEAGE, PAIRS, Lineage, SourceFile, TrainedOn, lineage_of
from mangaassist.promotion.outcomes import Outcome, RuleOutcome, RuleResult
from mangaassist.promotion.registry import Registry
from mangaassist.promotion.releases import (
    IDENTITY,
    deleted_releases,
    digests_of,
    publish,
    release_manifest,
    releases,
    served_digest,
    unpublished,
    verify,
)
from mangaassist.promotion.tombstones import Tombstone, half_removed, read_lineage, read_tombstones, remove_release

__all__ = [
    "EXIT_CODES",
    "FIRST_RUN",
    "IDENTITY",
    "LINEAGE",
    "PAIRS",
    "Aliases",
    "AuditEntry",
    "Decision",
    "DiagnosisLevel",
    "ErasedPaper",
    "GateEvidence",
    "GateSettings",
    "JudgedRange",
    "LatencyEvidence",
    "Lineage",
    "Measured",
    "Outcome",
    "PairedGain",
    "Registry",
    "RowCount",
    "RuleOutcome",
    "RuleResult",
    "SourceFile",
    "Tombstone",
    "TrainedOn",
    "deleted_releases",
    "digests_of",
    "erase_pairs",
    "from_json",
    "half_removed",
    "judge",
    "lineage_of",
    "publish",
    "read_erased_paper",
    "read_lineage",
    "read_tombstones",
    "release_manifest",
    "releases",
    "remove_release",
    "served_digest",
    "to_json",
    "unpublished",
    "verify",
]
