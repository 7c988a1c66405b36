"""Measurements in, the gate's one input out: what is known of a candidate and of the live release."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import ConfigDict

from mangaassist.core.errors import DataError
from mangaassist.promotion.codec import EXACT

DiagnosisLevel = Literal["ok", "warn", "fail"]
GATE_METRICS = ("recall@3", "ndcg@10")


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of the candidate, with the ends of its two-sided 95 % interval."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        _need_finite("Measured", self.value, self.low, self.high)
        _need_order("Measured", self.low, self.high)


@dataclass(frozen=True, slots=True)
class PairedGain:
    """Candidate minus live release on the same queries, with the ends of its one-sided intervals.

    low99: lower end of the one-sided 99 % interval; high99: upper end of the other one; low95 and high95 likewise.
    groups: how many independent groups the queries form; the intervals resample these.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    mean: float
    low99: float
    high99: float
    low95: float
    high95: float
    queries: int
    groups: int

    def __post_init__(self) -> None:
        _need_finite("PairedGain", self.mean, self.low99, self.high99, self.low95, self.high95)
        _need_order("PairedGain, 99 %", self.low99, self.high99)
        _need_order("PairedGain, 95 %", self.low95, self.high95)
        if not 1 <= self.groups <= self.queries:
            raise DataError(
                f"PairedGain: {self.groups} groups of {self.queries} queries; need 1 <= groups <= queries, "
                "so leave a slice without queries out"
            )


@dataclass(frozen=True, slots=True)
class JudgedRange:
    """A rate that hangs on documents nobody judged: `low` counts them all as good, `high` all as bad."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    low: Measured
    high: Measured

    def __post_init__(self) -> None:
        _need_order("JudgedRange", self.low.value, self.high.value)


@dataclass(frozen=True, slots=True)
class LatencyEvidence:
    """What the candidate costs in time. None is "not measured"; `serving_exists` says whether that is an excuse."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    latency_addon_p99_ms: float
    routing_p99_ms: float | None = None
    response_p99_ms: float | None = None
    live_response_p99_ms: float | None = None
    serving_exists: bool = False

    def __post_init__(self) -> None:
        given = (self.latency_addon_p99_ms, self.routing_p99_ms, self.response_p99_ms, self.live_response_p99_ms)
        measured = [each for each in given if each is not None]
        _need_finite("LatencyEvidence", *measured)
        if min(measured) < 0:
            raise DataError(f"LatencyEvidence: {min(measured)} ms; a duration is not negative, so measure it again")


@dataclass(frozen=True, slots=True)
class GateEvidence:
    """Everything the gate looks at; it takes values, so it needs neither a model nor a file.

    candidate: digest of what is served of the candidate (`served_digest`).  live: release it was compared with.
    data_fingerprint: of the data behind both.  metrics, gains: by metric name, `recall@3` and `ndcg@10` at least.
    baseline: the live release's point estimates by metric name, which are shown and decide nothing.
    cells, intents: gain in recall@3 by slice.  earlier_looks: decisions already taken on this test set.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    candidate: str
    live: str
    data_fingerprint: str
    metrics: Mapping[str, Measured]
    gains: Mapping[str, PairedGain]
    bad_top1: JudgedRange
    judged_at_1: float
    judged_at_3: float
    cells: Mapping[str, PairedGain]
    intents: Mapping[str, PairedGain]
    latency: LatencyEvidence
    diagnoses: Mapping[str, DiagnosisLevel]
    baseline: Mapping[str, float] = field(default_factory=dict)
    earlier_looks: int = 0

    def __post_init__(self) -> None:
        for name, table in (("metrics", self.metrics), ("gains", self.gains)):
            if missing := [metric for metric in GATE_METRICS if metric not in table]:
                raise DataError(f"GateEvidence.{name} lacks {', '.join(missing)}; evaluate the candidate again")
        if not self.cells:
            raise DataError("GateEvidence.cells is empty, but every query lies in a cell; evaluate the candidate again")
        for name, share in (("judged_at_1", self.judged_at_1), ("judged_at_3", self.judged_at_3)):
            if not 0 <= share <= 1:
                raise DataError(f"GateEvidence.{name} is {share}; it is a share, so give a number from 0 to 1")
        if self.earlier_looks < 0:
            raise DataError(f"GateEvidence.earlier_looks is {self.earlier_looks}; it counts, so give 0 or more")

    @property
    def queries(self) -> int:
        """How many queries the test set has."""
        return self.gains["recall@3"].queries

    @property
    def looks(self) -> int:
        """How many decisions were taken on this test set, the present one counted."""
        return self.earlier_looks + 1


def _need_finite(what: str, *numbers: float) -> None:
    """Raise DataError where a number is NaN or infinite."""
    if not all(math.isfinite(number) for number in numbers):
        raise DataError(f"{what}{numbers}: not every number is finite; leave out what could not be measured")


def _need_order(what: str, low: float, high: float) -> None:
    """Raise DataError where an interval is upside down."""
    if low > high:
        raise DataError(f"{what}: the lower end {low} is above the upper end {high}; give them the other way round")
