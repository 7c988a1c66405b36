"""The docs of the live-log test show what its two commands measured."""

import json
from pathlib import Path
from typing import Any

from benchmarks.click_models import MODELS, Found, table
from benchmarks.live_log import section

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "live-log.md").read_text(encoding="utf-8")


def stored(name: str) -> tuple[dict[str, Any], str]:
    found = json.loads((ROOT / "benchmarks" / "results" / name).read_text(encoding="utf-8"))
    here = found["machine"]
    return found, f"{here['cores']} cores of {here['processor']}, {here['date']}"


def test_the_docs_show_the_stored_bias_of_every_click_model_and_little_is_left_of_it() -> None:
    found, where = stored("click_models.json")
    models = [Found(**each) for each in found["click_models"]]

    assert [each.model for each in models] == list(MODELS)
    assert table(models, where) in PAGE
    for each in models:
        assert abs(each.bias_debiased) < abs(each.bias_as_clicked) / 5


def test_the_docs_show_what_debiasing_changes_on_the_sample() -> None:
    found, where = stored("live_log.json")

    assert section(found, where) in PAGE
