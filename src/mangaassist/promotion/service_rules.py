"""Evidence in, one result per rule out: the cost in time, the known failure modes, and how worn the test set is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mangaassist.promotion.bounds import reaches
from mangaassist.promotion.evidence import GateEvidence
from mangaassist.promotion.outcomes import RuleResult, rule_result


@dataclass(frozen=True, slots=True)
class LatencyAtMost:
    """A 99th percentile stays under its ceiling, counted from 0 or from the live release's own.

    name: a field of LatencyEvidence. Unmeasured is inconclusive once serving exists, and before that only shown.
    """

    name: Literal["latency_addon_p99_ms", "routing_p99_ms", "response_p99_ms"]
    allowed_ms: float
    over_live: bool = False

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """One result, in milliseconds."""
        latency = evidence.latency
        measured: float | None = getattr(latency, self.name)
        start = latency.live_response_p99_ms if self.over_live else 0.0
        if measured is None or start is None:
            return (self._not_measured(measured, start, serving_exists=latency.serving_exists),)
        ceiling = start + self.allowed_ms
        kept = reaches(ceiling, measured)
        source = f" ({self.allowed_ms:.2f} over the live release)" if self.over_live else ""
        because = f"{measured:.3f} ms against {ceiling:.3f} ms{source}: {'kept' if kept else 'missed'}"
        return (rule_result(self.name, "promote" if kept else "reject", because, value=measured, bound=ceiling),)

    def _not_measured(self, measured: float | None, start: float | None, *, serving_exists: bool) -> RuleResult:
        """The result where the candidate's or the live release's own number is missing."""
        whose = "live release not measured yet" if measured is not None else "not measured yet"
        bound = None if start is None else start + self.allowed_ms
        if serving_exists:
            because = f"{whose}; measure it: `mangaassist evaluate`"
            return rule_result(self.name, "inconclusive", because, value=measured, bound=bound)
        return rule_result(self.name, "shown", whose, value=measured, bound=bound)


@dataclass(frozen=True, slots=True)
class NoFailedDiagnosis:
    """No known failure mode is at `fail`; where none was looked for, the reader is asked to look."""

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """One result, whose value is the number at `fail`."""
        found = evidence.diagnoses
        if not found:
            because = "no diagnosis was run; run them before you rely on this"
            return (rule_result("diagnoses", "warning", because, bound=0.0),)
        failed = sorted(name for name in found if found[name] == "fail")
        warned = sorted(name for name in found if found[name] == "warn")
        because = f"{len(found)} run; fail: {', '.join(failed) or 'none'}; warn: {', '.join(warned) or 'none'}"
        outcome: Literal["promote", "reject"] = "reject" if failed else "promote"
        return (rule_result("diagnoses", outcome, because, value=float(len(failed)), bound=0.0),)


@dataclass(frozen=True, slots=True)
class LooksAtMost:
    """A test set wears out: after so many decisions on it, the reader is asked for a fresher one."""

    allowed: int

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """One result, which never decides."""
        looks, allowed = evidence.looks, self.allowed
        if looks <= allowed:
            because = f"look {looks} of {allowed} at this test set"
            return (rule_result("looks", "shown", because, value=float(looks), bound=float(allowed)),)
        because = f"look {looks} at this test set, good for {allowed}; bring a fresher one before you rely on this"
        return (rule_result("looks", "warning", because, value=float(looks), bound=float(allowed)),)
