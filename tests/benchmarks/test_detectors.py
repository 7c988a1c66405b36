"""The injection benchmark: its sums by hand, and that a killed one goes on where it was."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.detectors.running import run_all, run_one, tasks
from benchmarks.detectors.summing import summary, table

from mangaassist.core.types import no_progress
from mangaassist.evaluation import DIAGNOSES


def healthy(seed: int, *alarms: str) -> dict[str, Any]:
    statuses = {name: "warn" if name in alarms else "ok" for name in DIAGNOSES}
    return {"failure": None, "strength": 0.0, "seed": seed, "statuses": statuses}


def injected(seed: int, harm: float, status: str, *, strength: float = 0.1, regained: float = 0.0) -> dict[str, Any]:
    told = {"failure": "cold_harm", "strength": strength, "seed": seed, "status": status, "value": harm}
    return {**told, "harm": harm, "lost": harm, "regained": regained}


def test_power_counts_harmful_runs_and_false_alarms_count_healthy_ones() -> None:
    lines = [
        *(healthy(seed) for seed in range(3)),
        healthy(3, "cold_harm", "click_farm"),
        injected(0, 0.02, "ok"),
        injected(1, 0.04, "warn", regained=0.04),
        injected(2, 0.06, "fail", strength=0.2, regained=0.05),
        injected(3, 0.10, "ok", strength=0.2, regained=0.07),
    ]

    found = summary(lines)

    assert found["report_false_alarm"] == 0.25
    cold = found["cold_harm"]
    assert (cold["false_alarm"], cold["power"], cold["fail"]) == (0.25, pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert (cold["runs"], cold["harmful_runs"], cold["fixed"]) == (4, 3, pytest.approx(0.16 / 0.20))
    assert [each["alarm"] for each in cold["by_strength"]] == [0.5, 0.5]
    assert "| `cold_harm` | 3% | 3 of 4 | 66.7% | 33.3% | 25.0% | 80.0% |" in table(found)


def test_a_killed_benchmark_makes_only_the_runs_that_are_missing(tmp_path: Path) -> None:
    """The line that the kill cut short is made again; a kept line is believed, even one that no run would give."""
    kept, wanted = tmp_path / "runs.jsonl", tasks(seeds=1, healthy_seeds=2)[:2]
    believed = healthy(0, *DIAGNOSES)
    kept.write_text(json.dumps(believed) + "\n" + json.dumps(healthy(1))[:40] + "\n")

    lines = run_all(wanted, kept, processes=1, progress=no_progress)

    assert lines[0] == believed
    assert lines[1] == run_one(wanted[1])
    assert lines[1]["statuses"].keys() == set(DIAGNOSES)


@pytest.mark.slow
@pytest.mark.parametrize("name", DIAGNOSES)
def test_every_failure_at_its_strongest_is_found_and_harms(name: str) -> None:
    task = [task for task in tasks(seeds=1, healthy_seeds=0) if task[0] == name][-1]

    line = run_one(task)

    assert line["status"] != "ok"
    assert line["harm"] > 0.03
    assert line["regained"] > 0.5 * line["lost"]
