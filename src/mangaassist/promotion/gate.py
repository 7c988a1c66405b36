"""Evidence in, decision out: promote, reject or inconclusive, with every rule's value, bound and reason.

Any rule that rejects makes it reject; else any that is inconclusive makes it inconclusive; else it is promote.
Rules that are only shown take no part. A worn-out test set (more than 20 looks) is one of these: a `warning` that asks
for a fresher set, not a verdict, since a candidate is neither better nor worse for the looks taken before it; a release
that goes live on it carries the warning in its decision, and so in the audit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict

from mangaassist.promotion.codec import EXACT
from mangaassist.promotion.evidence import GateEvidence
from mangaassist.promotion.outcomes import Outcome, QueryRule, Rule, RuleResult
from mangaassist.promotion.rules import AtLeast, BadTop1AtMost, Gains, NoHarm
from mangaassist.promotion.service_rules import LatencyAtMost, LooksAtMost, NoFailedDiagnosis
from mangaassist.promotion.settling import queries_to_settle

EXIT_CODES: Mapping[Outcome, int] = {"promote": 0, "reject": 10, "inconclusive": 11}
_WEIGHTIEST_FIRST: tuple[Outcome, ...] = ("reject", "inconclusive", "promote")


@dataclass(frozen=True, slots=True)
class GateSettings:
    """The bounds of the decision table; the defaults are the documented first run.

    fewest_groups: of a gain. Were there no gain, n independent groups would still all gain with probability 2⁻ⁿ; so
    below 7 groups no interval that assumes nothing of their distribution is a 99 % one, and the gain is inconclusive.
    """

    recall_at_3_floor: float = 0.80
    ndcg_at_10_floor: float = 0.78
    bad_top1_ceiling: float = 0.08
    judged_at_3_floor: float = 0.95
    fewest_groups: int = 7
    harm_margin: float = 0.05
    harm_margin_of_mean: float = 0.02
    queries_for_interval: int = 100
    queries_for_mean: int = 50
    latency_addon_ceiling_ms: float = 2.0
    routing_ceiling_ms: float = 15.0
    response_allowance_ms: float = 2.0
    looks_allowed: int = 20


FIRST_RUN = GateSettings()


@dataclass(frozen=True, slots=True)
class Decision:
    """What the gate says, and of what: `candidate`, `live` and `data_fingerprint` are those of the evidence.

    queries_needed: with so many, were the present estimates the truth, the decision would be no longer inconclusive
    four times in five: as soon as one open rule rejects, or once all promote. None where it is not inconclusive, or
    where queries are not what it lacks (an unmeasured latency, a range whose ends disagree).
    looks: at this test set, this one counted.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    outcome: Outcome
    rules: tuple[RuleResult, ...]
    queries_needed: int | None
    looks: int
    candidate: str
    live: str
    data_fingerprint: str

    @property
    def exit_code(self) -> int:
        """What a command that judges ends with: 0 promote, 10 reject, 11 inconclusive."""
        return EXIT_CODES[self.outcome]


def decision_table(settings: GateSettings) -> tuple[Rule, ...]:
    """The rules in the order in which they are printed."""
    return (
        *query_rules(settings),
        LatencyAtMost("latency_addon_p99_ms", settings.latency_addon_ceiling_ms),
        LatencyAtMost("routing_p99_ms", settings.routing_ceiling_ms),
        LatencyAtMost("response_p99_ms", settings.response_allowance_ms, over_live=True),
        NoFailedDiagnosis(),
        LooksAtMost(settings.looks_allowed),
    )


def query_rules(settings: GateSettings) -> tuple[QueryRule, ...]:
    """Those of the rules that rest on queries."""
    return (
        AtLeast("recall@3", settings.recall_at_3_floor),
        AtLeast("ndcg@10", settings.ndcg_at_10_floor),
        BadTop1AtMost(settings.bad_top1_ceiling, settings.judged_at_3_floor),
        Gains("recall@3", settings.fewest_groups),
        Gains("ndcg@10", settings.fewest_groups),
        _no_harm("cell", settings),
        _no_harm("intent", settings),
    )


def judge(evidence: GateEvidence, settings: GateSettings = FIRST_RUN) -> Decision:
    """The decision on this candidate; the same evidence gives the same decision."""
    results = tuple(result for rule in decision_table(settings) for result in rule.check(evidence))
    outcome = next(each for each in _WEIGHTIEST_FIRST if any(result.outcome == each for result in results))
    return Decision(
        outcome=outcome,
        rules=results,
        queries_needed=_queries_needed(evidence, results, settings) if outcome == "inconclusive" else None,
        looks=evidence.looks,
        candidate=evidence.candidate,
        live=evidence.live,
        data_fingerprint=evidence.data_fingerprint,
    )


def _queries_needed(evidence: GateEvidence, results: tuple[RuleResult, ...], settings: GateSettings) -> int | None:
    """What would settle the open rules together, beside which others may stay open for want of something else."""
    open_rules = [each for rule in query_rules(settings) for each in rule.open_rules(evidence)]
    inconclusive = sum(result.outcome == "inconclusive" for result in results)
    return queries_to_settle(open_rules, others_stay_open=inconclusive > len(open_rules))


def _no_harm(slices: Literal["cell", "intent"], settings: GateSettings) -> NoHarm:
    return NoHarm(
        slices,
        margin=settings.harm_margin,
        margin_of_mean=settings.harm_margin_of_mean,
        queries_for_interval=settings.queries_for_interval,
        queries_for_mean=settings.queries_for_mean,
    )
