"""Evidence in, one result per rule out: floors, gain over the live release, and no harm to any slice."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from mangaassist.promotion.bounds import exceeds, reaches
from mangaassist.promotion.evidence import GateEvidence, Measured, PairedGain
from mangaassist.promotion.outcomes import Outcome, RuleResult, rule_result
from mangaassist.promotion.settling import OpenRule, open_floor, open_gain, open_no_harm, queries_to_settle

_FLOOR_SAYS = {
    "promote": "reached",
    "reject": "missed, and the bound lies outside the interval",
    "inconclusive": "missed, but the bound lies inside the interval",
}
_GAIN_SAYS = {"promote": "above 0", "reject": "wholly below 0", "inconclusive": "0 lies inside"}


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The point estimate reaches the floor; a miss rejects only where the floor lies outside the interval."""

    metric: str
    floor: float

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """One result."""
        measured = evidence.metrics[self.metric]
        outcome = floor_outcome(measured, self.floor)
        live = (
            f"; the live release has {evidence.baseline[self.metric]:.3f}" if self.metric in evidence.baseline else ""
        )
        because = f"{_said(measured)} against a floor of {self.floor:.3f}: {_FLOOR_SAYS[outcome]}{live}"
        needed = queries_to_settle(self.open_rules(evidence))
        value = measured.value
        return (rule_result(self.metric, outcome, because, value=value, bound=self.floor, queries_needed=needed),)

    def open_rules(self, evidence: GateEvidence) -> Sequence[OpenRule]:
        """A missed floor that is not missed for good."""
        measured = evidence.metrics[self.metric]
        is_open = floor_outcome(measured, self.floor) == "inconclusive"
        return (open_floor(measured, self.floor, queries=evidence.queries),) if is_open else ()


@dataclass(frozen=True, slots=True)
class BadTop1AtMost:
    """The bad top-1 rate stays under its ceiling; with too few judgements it is a range, and both ends must agree."""

    ceiling: float
    judged_at_3_floor: float

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """One result, whose value counts the unjudged as bad."""
        ends = self._ends(evidence)
        outcome, agreed = self._outcome(ends)
        says = _FLOOR_SAYS[outcome] if agreed else "the ends disagree, so judge the unjudged first results"
        judged = f"judged@1 {evidence.judged_at_1:.3f}, judged@3 {evidence.judged_at_3:.3f}"
        because = f"{' to '.join(map(_said, ends))} against a ceiling of {self.ceiling:.3f} ({judged}): {says}"
        needed = queries_to_settle(self.open_rules(evidence))
        value, bound = ends[-1].value, self.ceiling
        return (rule_result("bad_top1_rate", outcome, because, value=value, bound=bound, queries_needed=needed),)

    def open_rules(self, evidence: GateEvidence) -> Sequence[OpenRule]:
        """Where all ends are open: the one that needs most, as it settles last. Ends that disagree need judgements."""
        ends = self._ends(evidence)
        if self._outcome(ends) != ("inconclusive", True):
            return ()
        found = [open_floor(_negated(end), -self.ceiling, queries=evidence.queries) for end in ends]
        return (max(found, key=lambda each: queries_to_settle([each]) or math.inf),)

    def _ends(self, evidence: GateEvidence) -> Sequence[Measured]:
        """The ends that count; with enough judgements, only the one that takes the unjudged as bad."""
        low, high = evidence.bad_top1.low, evidence.bad_top1.high
        return (high,) if reaches(evidence.judged_at_3, self.judged_at_3_floor) else (low, high)

    def _outcome(self, ends: Sequence[Measured]) -> tuple[Outcome, bool]:
        """What the ends say, and whether they agree; if not, nothing is decided."""
        outcomes = [floor_outcome(_negated(end), -self.ceiling) for end in ends]
        agreed = outcomes[0] == outcomes[-1]
        return (outcomes[0] if agreed else "inconclusive"), agreed


@dataclass(frozen=True, slots=True)
class Gains:
    """The candidate beats the live release beyond chance: the one-sided 99 % interval lies above 0.

    fewest_groups: an interval over fewer is not believed, on either side of 0.
    """

    metric: str
    fewest_groups: int

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """One result, whose value is the lower end of the interval."""
        gain = evidence.gains[self.metric]
        outcome = gain_outcome(gain, fewest_groups=self.fewest_groups)
        enough = gain.groups >= self.fewest_groups
        says = (
            _GAIN_SAYS[outcome] if enough else f"under {self.fewest_groups} groups, which no such interval can rest on"
        )
        because = f"gain {gain.mean:+.3f}, 99 % ends {gain.low99:+.3f} and {gain.high99:+.3f}, {_counted(gain)}: {says}"
        needed = queries_to_settle(self.open_rules(evidence))
        name, value = f"gain in {self.metric}", gain.low99
        return (rule_result(name, outcome, because, value=value, bound=0.0, queries_needed=needed),)

    def open_rules(self, evidence: GateEvidence) -> Sequence[OpenRule]:
        """A gain that may be none."""
        gain = evidence.gains[self.metric]
        is_open = gain_outcome(gain, fewest_groups=self.fewest_groups) == "inconclusive"
        return (open_gain(gain, fewest_groups=self.fewest_groups),) if is_open else ()


@dataclass(frozen=True, slots=True)
class NoHarm:
    """No slice loses recall@3: judged by its interval where it is large, by its mean where small, else only shown.

    A judged slice whose interval lies wholly below 0 rejects, also where the loss stays within the margin.
    """

    slices: Literal["cell", "intent"]
    margin: float
    margin_of_mean: float
    queries_for_interval: int
    queries_for_mean: int

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """One result per slice; where the test set knows no such slice, one that says so."""
        gains = self._gains(evidence)
        if not gains:
            return (rule_result(f"no harm, {self.slices}", "shown", f"these queries have no known {self.slices}"),)
        return tuple(self._judge(name, gains[name], evidence.queries) for name in sorted(gains))

    def open_rules(self, evidence: GateEvidence) -> Sequence[OpenRule]:
        """The slices that may be harmed."""
        gains = self._gains(evidence)
        judged = [gains[name] for name in sorted(gains) if gains[name].queries >= self.queries_for_mean]
        return [self._open(gain, evidence.queries) for gain in judged if self._outcome(gain) == "inconclusive"]

    def _gains(self, evidence: GateEvidence) -> Mapping[str, PairedGain]:
        return evidence.cells if self.slices == "cell" else evidence.intents

    def _open(self, gain: PairedGain, queries: int) -> OpenRule:
        return open_no_harm(gain, self.margin, at_least=self.queries_for_interval, queries=queries)

    def _judge(self, slice_name: str, gain: PairedGain, queries: int) -> RuleResult:
        """The result of one slice."""
        name = f"no harm, {self.slices} {slice_name}"
        shown = f"gain {gain.mean:+.3f}, 95 % ends {gain.low95:+.3f} and {gain.high95:+.3f}, {_counted(gain)}"
        if gain.queries < self.queries_for_mean:
            because = f"{shown}: too small to judge under {self.queries_for_mean} queries"
            return rule_result(name, "shown", because, value=gain.mean)
        value, bound = self._value_and_bound(gain)
        what = "lower end" if gain.queries >= self.queries_for_interval else "mean"
        outcome = self._outcome(gain)
        says = {
            "reject": "wholly below 0",
            "promote": f"the {what} is within the margin of {bound:+.3f}",
            "inconclusive": f"the {what} is not within the margin of {bound:+.3f}",
        }
        needed = queries_to_settle([self._open(gain, queries)]) if outcome == "inconclusive" else None
        because = f"{shown}: {says[outcome]}"
        return rule_result(name, outcome, because, value=value, bound=bound, queries_needed=needed)

    def _value_and_bound(self, gain: PairedGain) -> tuple[float, float]:
        """What is compared: the lower end of a large slice, the mean of a small one."""
        if gain.queries >= self.queries_for_interval:
            return gain.low95, -self.margin
        return gain.mean, -self.margin_of_mean

    def _outcome(self, gain: PairedGain) -> Outcome:
        """What a slice that is large enough to judge says."""
        if exceeds(0, gain.high95):
            return "reject"
        value, bound = self._value_and_bound(gain)
        kept = exceeds(value, bound) if gain.queries >= self.queries_for_interval else reaches(value, bound)
        return "promote" if kept else "inconclusive"


def floor_outcome(measured: Measured, floor: float) -> Outcome:
    """Promote at or past the floor; below it reject, unless the floor lies inside the interval."""
    if reaches(measured.value, floor):
        return "promote"
    return "reject" if exceeds(floor, measured.high) else "inconclusive"


def gain_outcome(gain: PairedGain, *, fewest_groups: int) -> Outcome:
    """Promote where the interval lies above 0, reject where wholly below, else and over too few groups inconclusive."""
    if gain.groups < fewest_groups:
        return "inconclusive"
    if exceeds(gain.low99, 0):
        return "promote"
    return "reject" if exceeds(0, gain.high99) else "inconclusive"


def _negated(measured: Measured) -> Measured:
    """The same measurement with less as better, so that a ceiling is read as a floor."""
    return Measured(-measured.value, -measured.high, -measured.low)


def _said(measured: Measured) -> str:
    return f"{measured.value:.3f} [{measured.low:.3f}, {measured.high:.3f}]"


def _counted(gain: PairedGain) -> str:
    return f"{gain.queries} queries in {gain.groups} groups"
