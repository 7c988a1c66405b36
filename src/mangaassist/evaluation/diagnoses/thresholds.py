"""What each diagnosis tolerates, as values: the `[diagnoses]` section of the settings."""

from dataclasses import dataclass, fields

from mangaassist.evaluation.diagnoses.diagnosis import DIAGNOSES, DiagnosisName

_SHARES = ("false_alarm_rate", "head_share", "carried_share")


@dataclass(frozen=True, slots=True)
class DiagnosisRules:
    """The thresholds; each counts from the baseline, in the diagnosis' own unit, and is explained in docs/diagnoses.md.

    false_alarm_rate: of whole reports, the share that may raise any alarm where nothing is wrong. Each of the eight
        diagnoses is tested at its eighth of it (Bonferroni).
    fewest_queries: with fewer a diagnosis is not made.
    NAME_tolerated: harm that is no alarm.  NAME: an alarm of at least this size is a `fail`, a smaller one a `warn`.
    head_share: the most popular documents that make the head.
    leaking_tags: exact tags of a document that a query must hold to overlap with it.
    carriers, carried_share, fewest_pairs: a document of so many pairs is carried where so many clients made this share.
    """

    false_alarm_rate: float = 0.05
    fewest_queries: int = 50
    popularity_collapse_tolerated: float = 0.02
    popularity_collapse: float = 0.05
    synthetic_drift_tolerated: float = 0.05
    synthetic_drift: float = 0.10
    metadata_leakage_tolerated: float = 0.01
    metadata_leakage: float = 0.08
    narrow_retrieval_tolerated: float = 0.005
    narrow_retrieval: float = 0.015
    cold_harm_tolerated: float = 0.0
    cold_harm: float = 0.03
    language_drift_tolerated: float = 0.0
    language_drift: float = 0.03
    click_farm_tolerated: float = 0.01
    click_farm: float = 0.02
    saturated_base_tolerated: float = 0.95
    saturated_base: float = 1.0
    head_share: float = 0.05
    leaking_tags: int = 2
    carriers: int = 3
    carried_share: float = 0.5
    fewest_pairs: int = 20

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; it is a share between 0 and 1")
        for name in DIAGNOSES:
            if self.threshold(name) < self.tolerated(name):
                raise ValueError(f"{name} is below {name}_tolerated: what is tolerated cannot be a fail")
        for field in fields(self):
            if field.type is int and getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} is {getattr(self, field.name)}; it counts and must be at least 1")

    def tolerated(self, name: DiagnosisName) -> float:
        """The harm that is no alarm."""
        return float(getattr(self, f"{name}_tolerated"))

    def threshold(self, name: DiagnosisName) -> float:
        """The harm from which on an alarm is a fail."""
        return float(getattr(self, name))

    @property
    def tail(self) -> float:
        """The probability that one diagnosis may raise an alarm where nothing is wrong."""
        return self.false_alarm_rate / len(DIAGNOSES)
