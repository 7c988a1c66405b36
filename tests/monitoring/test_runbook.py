"""The runbook names what there is: metrics that the service exports, checks that the watch makes, commands."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from test_watching import FAULTS

from mangaassist.cli import app
from mangaassist.core.monitor_settings import MonitorSettings
from mangaassist.serving.metrics import Metrics
from mangaassist.serving.telemetry import EVAL_LOG

DOCS = Path(__file__).parents[2] / "docs"
RUNBOOK = (DOCS / "runbook.md").read_text(encoding="utf-8")


@pytest.fixture
def exported() -> set[str]:
    """Every name in the exposition of a service that has done everything once."""
    metrics = Metrics()
    metrics.requests.labels("/v1/retrieve", "200").inc()
    metrics.degraded.inc()
    for outcome in ("accepted", "repeated", "rejected", "not_stored"):
        metrics.events.labels(outcome).inc()
    metrics.written.labels(EVAL_LOG).inc()
    metrics.dropped.labels(EVAL_LOG).inc()
    metrics.count_hits(1, 1, 1)
    metrics.observe_stages({"total": 1.0})
    metrics.watch_depth("answers", lambda: 0.0)
    return set(re.findall(r"^(\w+)(?:\{| )", metrics.exposition().decode(), re.MULTILINE))


def rules() -> list[dict[str, Any]]:
    (block,) = re.findall(r"```yaml\n(.*?)```", RUNBOOK, re.DOTALL)
    (group,) = yaml.safe_load(block)["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_every_metric_in_the_runbook_is_exported(exported: set[str]) -> None:
    named = set(re.findall(r"mangaassist_[a-z0-9_]+", RUNBOOK))

    assert len(named) >= 8
    assert named - exported == set()


def test_every_label_value_in_the_rules_is_one_that_the_service_uses() -> None:
    """A rule on a value that never occurs never fires."""
    known = {
        "route": {"/v1/retrieve"},
        "stage": {"total"},
        "outcome": {"hit", "miss", "unseen", "accepted", "repeated", "rejected", "not_stored"},
        "log": {"retrieval_eval", "ubi_queries", "follow_ups"},
        "queue": {"telemetry", "events", "answers", "embeddings"},
    }
    source = " ".join(path.read_text() for path in (Path(DOCS).parent / "src/mangaassist/serving").glob("*.py"))
    for rule in rules():
        for label, operator, value in re.findall(r'(\w+)(=~?)"([^"]+)"', rule["expr"]):
            if label == "status":
                continue
            values = value.split("|") if operator == "=~" else [value]
            assert set(values) <= known[label], rule["alert"]
            assert all(f'"{each}"' in source for each in values), rule["alert"]


def test_every_alert_rule_has_a_row_that_says_what_to_do() -> None:
    for rule in rules():
        assert {"alert", "expr", "labels"} <= set(rule)
        assert f"| `{rule['alert']}` |" in RUNBOOK


def test_every_check_has_a_row_in_the_runbook_and_in_the_page_on_monitoring() -> None:
    checks = {name.partition(":")[0] for name in FAULTS} | {"encoder"}
    for page in (RUNBOOK, (DOCS / "monitoring.md").read_text(encoding="utf-8")):
        rows = {name.partition(":")[0] for name in re.findall(r"^\| `([a-z0-9_]+(?::INTENT)?)` \|", page, re.MULTILINE)}
        assert checks <= rows


def test_the_page_on_monitoring_tells_the_bounds_that_are_in_force() -> None:
    page, rules = (DOCS / "monitoring.md").read_text(encoding="utf-8"), MonitorSettings()

    for name, least in (
        ("zero_click_rate", rules.least_zero_click),
        ("reformulation_rate", rules.least_reformulation),
        ("head_share", rules.least_head_share),
        ("unknown_vocabulary_share", rules.least_unknown_words),
        ("degraded_share", rules.least_degraded),
        ("latency_p99", rules.least_slow),
    ):
        assert re.search(rf"^\| `{name}` \|.*\| \+ {round(100 * least)} points? \|$", page, re.MULTILINE), name
    assert f"distance (Kolmogorov and Smirnov) {rules.least_score_distance:.2f}" in page
    assert f"| {round(100 * rules.least_intent_distance)} % of searches |" in page
    assert f"p` at most {rules.false_alarms} / {rules.looks} = {rules.alpha:.4f}" in page
    assert f"first {rules.reference_days} days" in page


def test_every_command_in_the_runbook_exists() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]

    named = set(re.findall(r"mangaassist ([a-z]+)", RUNBOOK))

    assert "rollback" in named
    assert named <= set(commands)
