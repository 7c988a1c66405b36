"""Report in, decision and release out: the gate, the write-once releases, and which of them is live."""

from mangaassist.promotion.audit import Aliases, AuditEntry
from mangaassist.promotion.codec import from_json, to_json
from mangaassist.promotion.evidence import (
    DiagnosisLevel,
    GateEvidence,
    JudgedRange,
    LatencyEvidence,
    Measured,
    PairedGain,
)
from mangaassist.promotion.gate import EXIT_CODES, FIRST_RUN, Decision, GateSettings, judge
from mangaassist.promotion.outcomes import Outcome, RuleOutcome, RuleResult
from mangaassist.promotion.registry import Registry
from mangaassist.promotion.releases import IDENTITY, digests_of, publish, releases, served_digest, verify

__all__ = [
    "EXIT_CODES",
    "FIRST_RUN",
    "IDENTITY",
    "Aliases",
    "AuditEntry",
    "Decision",
    "DiagnosisLevel",
    "GateEvidence",
    "GateSettings",
    "JudgedRange",
    "LatencyEvidence",
    "Measured",
    "Outcome",
    "PairedGain",
    "Registry",
    "RuleOutcome",
    "RuleResult",
    "digests_of",
    "from_json",
    "judge",
    "publish",
    "releases",
    "served_digest",
    "to_json",
    "verify",
]
