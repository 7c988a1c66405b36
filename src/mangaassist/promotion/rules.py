"""Evidence in, one result per rule out: floors, gain over the live release, and no harm to any slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mangaassist.promotion.bounds import exceeds, reaches
from mangaassist.promotion.evidence import GateEvidence, Measured, PairedGain
from mangaassist.promotion.outcomes import Outcome, RuleResult, rule_result
from mangaassist.promotion.settling import to_settle_floor, to_settle_gain, to_settle_no_harm

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
        needed = to_settle_floor(measured, self.floor, queries=evidence.queries) if outcome == "inconclusive" else None
        value = measured.value
        return (rule_result(self.metric, outcome, because, value=value, bound=self.floor, queries_needed=needed),)


@dataclass(frozen=True, slots=True)
class BadTop1AtMost:
    """The bad top-1 rate stays under its ceiling; with too few judgements it is a range, and both ends must agree."""

    ceiling: float
    judged_at_3_floor: float

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """One result, whose value counts the unjudged as bad."""
        low, high = evidence.bad_top1.low, evidence.bad_top1.high
        ends = (high,) if reaches(evidence.judged_at_3, self.judged_at_3_floor) else (low, high)
        outcomes = [floor_outcome(_negated(end), -self.ceiling) for end in ends]
        agreed = outcomes[0] == outcomes[-1]
        outcome: Outcome = outcomes[0] if agreed else "inconclusive"
        says = _FLOOR_SAYS[outcome] if agreed else "the ends disagree, so judge the unjudged first results"
        judged = f"judged@1 {evidence.judged_at_1:.3f}, judged@3 {evidence.judged_at_3:.3f}"
        because = f"{' to '.join(map(_said, ends))} against a ceiling of {self.ceiling:.3f} ({judged}): {says}"
        needed = self._needed(ends, evidence.queries) if agreed and outcome == "inconclusive" else None
        value, bound = high.value, self.ceiling
        return (rule_result("bad_top1_rate", outcome, because, value=value, bound=bound, queries_needed=needed),)

    def _needed(self, ends: Sequence[Measured], queries: int) -> int | None:
        """Queries that would settle every end."""
        needed = [to_settle_floor(end, self.ceiling, queries=queries) for end in ends]
        return max((each for each in needed if each is not None), default=None)


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
        needed = to_settle_gain(gain, fewest_groups=self.fewest_groups) if outcome == "inconclusive" else None
        name, value = f"gain in {self.metric}", gain.low99
        return (rule_result(name, outcome, because, value=value, bound=0.0, queries_needed=needed),)


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
        gains = evidence.cells if self.slices == "cell" else evidence.intents
        if not gains:
            return (rule_result(f"no harm, {self.slices}", "shown", f"these queries have no known {self.slices}"),)
        return tuple(self._judge(name, gains[name], evidence.queries) for name in sorted(gains))

    def _judge(self, slice_name: str, gain: PairedGain, queries: int) -> RuleResult:
        """The result of one slice."""
        name = f"no harm, {self.slices} {slice_name}"
        shown = f"gain {gain.mean:+.3f}, 95 % ends {gain.low95:+.3f} and {gain.high95:+.3f}, {_counted(gain)}"
        if gain.queries < self.queries_for_mean:
            because = f"{shown}: too small to judge under {self.queries_for_mean} queries"
            return rule_result(name, "shown", because, value=gain.mean)
        by_interval = gain.queries >= self.queries_for_interval
        value, bound = (gain.low95, -self.margin) if by_interval else (gain.mean, -self.margin_of_mean)
        what = "lower end" if by_interval else "mean"
        if exceeds(0, gain.high95):
            return rule_result(name, "reject", f"{shown}: wholly below 0", value=value, bound=bound)
        if exceeds(value, bound) if by_interval else reaches(value, bound):
            because = f"{shown}: the {what} is within the margin of {bound:+.3f}"
            return rule_result(name, "promote", because, value=value, bound=bound)
        because = f"{shown}: the {what} is not within the margin of {bound:+.3f}"
        needed = to_settle_no_harm(gain, self.margin, at_least=self.queries_for_interval, queries=queries)
        return rule_result(name, "inconclusive", because, value=value, bound=bound, queries_needed=needed)


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
