"""The README's table of latencies has every rung that can be chosen, and says what the kept results say."""

import json
from pathlib import Path

from benchmarks.latency import RUNGS, readme_block, table

from mangaassist.adapter import LADDER

ROOT = Path(__file__).parents[2]


def test_every_rung_that_changes_a_vector_is_timed() -> None:
    assert ("identity", *RUNGS) == LADDER


def test_the_table_shows_what_was_measured_the_larger_dimension_first() -> None:
    times = {"p50_ms": 0.1, "p99_ms": 0.25}

    shown = table({"512": {"mlp": times, "lowrank": times}, "1024": {"mlp": times, "lowrank": times}}, "here").split(
        "\n"
    )

    assert shown[0].startswith("What the adapter step adds to a query")
    assert shown[2] == "| dimension | lowrank | mlp |"
    assert shown[4:] == [f"| {size} | 0.100 / 0.250 | 0.100 / 0.250 |" for size in (1024, 512)]


def test_the_readme_shows_the_kept_times() -> None:
    kept = json.loads((ROOT / "benchmarks" / "results" / "latency.json").read_bytes())

    assert readme_block(kept) in (ROOT / "README.md").read_text(encoding="utf-8")
