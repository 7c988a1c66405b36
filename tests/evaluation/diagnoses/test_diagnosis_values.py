"""The contract of a diagnosis: what stands in reports."""

import json
import math

import pytest

from mangaassist.core.errors import DataError
from mangaassist.evaluation.diagnoses import DIAGNOSES, Diagnosis, Evidence, Figure


def test_json_has_the_keys_that_reports_and_pages_read() -> None:
    found = Diagnosis(
        name="cold_harm",
        status="fail",
        value=0.12,
        baseline=0.6,
        threshold=0.03,
        tolerated=0.0,
        because="unknown documents lose 0.12",
        interval=(0.05, 0.19),
        queries=120,
        groups=80,
        figures={"cold recall@3": Figure(0.6, 0.48)},
        evidence=(Evidence("lost", document="Gleipnir", before=("a", "b"), after=("c",)),),
        fix="cold_harm",
    )

    told = json.loads(json.dumps(found.as_json(), allow_nan=False))

    assert {"name", "status", "value", "baseline", "threshold", "evidence", "fix"} <= set(told)
    assert told["interval"] == [0.05, 0.19]
    assert told["figures"] == {"cold recall@3": {"baseline": 0.6, "candidate": 0.48, "implied": None}}
    assert told["evidence"][0]["before"] == ["a", "b"]


def test_an_alarm_without_a_value_is_refused() -> None:
    with pytest.raises(DataError, match="a fail needs a value"):
        Diagnosis("click_farm", "fail", None, None, 0.1, 0.0, "too small")


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(DataError, match="not all finite"):
        Diagnosis("click_farm", "ok", math.nan, None, 0.1, 0.0, "broken")


def test_there_are_eight_failures() -> None:
    assert len(DIAGNOSES) == len(set(DIAGNOSES)) == 8
