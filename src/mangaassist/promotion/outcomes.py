"""What a rule may say, in words and as one result: the row that reports, logs and consoles print."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

from pydantic import ConfigDict

from mangaassist.core.errors import DataError
from mangaassist.promotion.codec import EXACT
from mangaassist.promotion.evidence import GateEvidence
from mangaassist.promotion.settling import OpenRule

Outcome = Literal["promote", "reject", "inconclusive"]
RuleOutcome = Literal["promote", "reject", "inconclusive", "shown", "warning"]

PASSED: Mapping[RuleOutcome, bool | None] = {
    "promote": True,
    "reject": False,
    "inconclusive": None,
    "shown": None,
    "warning": None,
}


@dataclass(frozen=True, slots=True)
class RuleResult:
    """What one rule found. `passed` is True for promote, False for reject and None where nothing is decided.

    outcome: `shown` takes no part in the decision; `warning` neither, but it asks the reader for something.
    queries_needed: queries of the whole test set that would settle an open rule four times in five, were the present
    estimate the truth; None where it is settled, or no number would settle it.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    name: str
    value: float | None
    bound: float | None
    passed: bool | None
    outcome: RuleOutcome
    because: str
    queries_needed: int | None = None

    def __post_init__(self) -> None:
        if self.passed is not PASSED[self.outcome]:
            raise DataError(f"rule {self.name!r}: passed is {self.passed} but outcome is {self.outcome!r}; judge again")


class Rule(Protocol):
    """A row of the decision table."""

    def check(self, evidence: GateEvidence) -> Sequence[RuleResult]:
        """What this rule says of the evidence; a rule over slices says it of each."""


class QueryRule(Rule, Protocol):
    """A row that more queries can settle."""

    def open_rules(self, evidence: GateEvidence) -> Sequence[OpenRule]:
        """Those of its results that are inconclusive for want of queries."""


def rule_result(
    name: str,
    outcome: RuleOutcome,
    because: str,
    *,
    value: float | None = None,
    bound: float | None = None,
    queries_needed: int | None = None,
) -> RuleResult:
    """The result whose `passed` follows from its outcome."""
    return RuleResult(name, value, bound, PASSED[outcome], outcome, because, queries_needed)
