"""What a shop may set about the watch over its live release: windows, false alarms, and what change matters."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

Share = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True, slots=True)
class MonitorSettings:
    """The `[monitor]` section.

    window_days: whole days (UTC) that are looked at.  reference_days: the first whole days of a release, what it is
    compared with.  reference_since: they begin on that day instead, after a change that was wanted.
    false_alarms: chance of one or more false alarms in a series of `looks` looks, over all checks.
    permutations: how finely chance is measured.  fewest: counts under which a check says nothing.
    reformulated_within_s: another text in the same session so soon after, without a click, is a reformulation.
    least_…: a change that matters; a smaller one never alarms, however certain. Shares are absolute, distances as is.
    """

    window_days: Annotated[int, Field(ge=1, le=92)] = 7
    reference_days: Annotated[int, Field(ge=3, le=92)] = 14
    reference_since: date | None = None
    false_alarms: Share = 0.05
    looks: Annotated[int, Field(ge=1)] = 30
    permutations: Annotated[int, Field(ge=99)] = 1999
    fewest: Annotated[int, Field(ge=1)] = 200
    reformulated_within_s: Annotated[float, Field(gt=0)] = 120.0
    least_score_distance: Share = 0.10
    least_intent_distance: Share = 0.05
    least_zero_click: Share = 0.03
    least_reformulation: Share = 0.03
    least_head_share: Share = 0.05
    least_unknown_words: Share = 0.02
    least_degraded: Share = 0.01
    least_slow: Share = 0.01

    @property
    def alpha(self) -> float:
        """Chance of a false alarm at one look: Bonferroni over the looks of a series, however they overlap."""
        return self.false_alarms / self.looks
