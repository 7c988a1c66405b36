"""What one diagnosis says of a candidate: a status with its numbers, what shows it, and the fix for it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from mangaassist.core.errors import DataError
from mangaassist.core.types import QueryId

Level = Literal["ok", "warn", "fail"]

DiagnosisName = Literal[
    "popularity_collapse",
    "synthetic_drift",
    "metadata_leakage",
    "narrow_retrieval",
    "cold_harm",
    "language_drift",
    "click_farm",
    "saturated_base",
]
DIAGNOSES: tuple[DiagnosisName, ...] = get_args(DiagnosisName)
"""Every failure that is looked for, in the order in which they are printed."""

SHOWN_EVIDENCE = 5
"""Pieces of evidence that a diagnosis shows at most."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One query or document that shows the failure.

    said: what is to be seen, as a phrase.  query: the text of query_id; None where the evidence is no query.
    document: the heading of the document it is about, where it is about one.
    before, after: headings of the first results, of the baseline and of the candidate; both empty where nothing ranks.
    """

    said: str
    query_id: QueryId | None = None
    query: str | None = None
    document: str | None = None
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One number behind a diagnosis, of both systems; None where a system or the judgements have no such number.

    implied: what the judgements would give: results that are exactly the relevant documents.
    """

    baseline: float | None
    candidate: float | None
    implied: float | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What was found of one failure.

    value: the candidate's harm in the diagnosis' own unit, above 0 is worse; None where too little data says anything
    (then the status is `ok` and `because` says what is missing).  baseline: the number that the value starts from.
    interval: of the value, at the diagnosis' share of the report's false alarms.
    tolerated: an interval wholly above it raises the alarm.  threshold: an alarm whose value reaches it is a `fail`.
    queries, groups: what the interval rests on (pairs and documents where no query is behind it).
    fix: what `mangaassist train --fix NAME` changes; empty where nothing needs to be.
    """

    name: DiagnosisName
    status: Level
    value: float | None
    baseline: float | None
    threshold: float
    tolerated: float
    because: str
    interval: tuple[float, float] | None = None
    queries: int = 0
    groups: int = 0
    figures: Mapping[str, Figure] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    fix: str = ""

    def __post_init__(self) -> None:
        numbers = (self.value, self.baseline, *(self.interval or ()))
        if not all(math.isfinite(number) for number in numbers if number is not None):
            raise DataError(f"{self.name}: {numbers} are not all finite; leave out what could not be measured")
        if self.status != "ok" and self.value is None:
            raise DataError(f"{self.name}: a {self.status} needs a value; without one the status is ok")

    @property
    def is_decided(self) -> bool:
        """Whether there was enough data to say anything."""
        return self.value is not None

    def as_json(self) -> dict[str, Any]:
        """Every field under its name; `interval` as [low, high]."""
        told = asdict(self)
        return {
            **told,
            "interval": list(self.interval) if self.interval else None,
            "evidence": [
                {**each, "before": list(each["before"]), "after": list(each["after"])} for each in told["evidence"]
            ],
            "is_decided": self.is_decided,
        }
