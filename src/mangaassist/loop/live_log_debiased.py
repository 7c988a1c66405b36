"""Held-out searches, runs and all that was shown in; what clicks say once positions are accounted for out.

Three things stand beside the plain scores: what was chosen, weighed by how seldom its position is looked at; how much
of each system's first results anybody was ever shown, without which a log cannot judge it; and how far the log agrees
with people who judged the same texts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from mangaassist.core.types import DocId, Run
from mangaassist.evaluation import PositionBias
from mangaassist.loop.live_log_choices import MOST_WEIGHT, WiderIntervals, choices_section
from mangaassist.loop.live_log_exposure import LEAST_EXPOSURE, agreement_with_people, exposure_section
from mangaassist.pairs import LiveLogTest


def debiased_live_log(
    test: LiveLogTest,
    runs: Mapping[str, Run],
    shown: pl.DataFrame,
    bias: PositionBias | None,
    judged: Mapping[str, Mapping[DocId, int]],
    *,
    seed: int,
) -> dict[str, Any]:
    """The keys `position_bias`, `choices`, `exposure`, `agreement` and `answer` of the report's `live_log`.

    judged: normalised text → grades that people gave.
    """
    intervals = WiderIntervals(test, seed)
    choices = choices_section(test, runs, bias, intervals)
    exposure = exposure_section(test, runs, shown, intervals)
    return {
        "position_bias": _bias_as_json(bias),
        "choices": choices,
        "exposure": exposure,
        "agreement": {
            "as_clicked": agreement_with_people(test, judged, None, seed=seed),
            "debiased": None if bias is None else agreement_with_people(test, judged, bias, seed=seed),
        },
        "answer": answer(choices["delta"]["chosen@3"], exposure["coverage"]["candidate"][0]),
    }


def answer(delta: Mapping[str, Sequence[float] | None], coverage: float) -> dict[str, str]:
    """What the log says of the candidate, if it can say anything. delta: of chosen@3, debiased and as clicked."""
    if coverage < LEAST_EXPOSURE:
        because = (
            f"only {coverage:.0%} of the candidate's first three results were ever shown to anybody for their query "
            f"({LEAST_EXPOSURE:.0%} are needed), so that no click could speak for the rest; let shoppers compare both "
            "rankings: `mangaassist experiment`"
        )
        return {"says": "inconclusive", "because": because}
    debiased = delta["debiased"]
    if debiased is None:
        because = (
            "no result stood at different positions often enough to tell how much a position is looked at; let "
            "shoppers compare both rankings: `mangaassist experiment`"
        )
        return {"says": "inconclusive", "because": because}
    _, low, high = debiased
    says = "better" if low > 0 else "worse" if high < 0 else "no difference shown"
    return {"says": says, "because": f"debiased chosen@3, candidate − live: {low:+.3f} to {high:+.3f} (95 %)"}


def _bias_as_json(bias: PositionBias | None) -> dict[str, Any] | None:
    if bias is None:
        return None
    return {
        "examination": [float(np.round(each, 4)) for each in bias.examination],
        "impressions": bias.impressions,
        "pairs": bias.pairs,
        "most_weight": MOST_WEIGHT,
    }
