"""What the benchmark claims at five million events, watched at sizes that a test can wait for."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MOST_GROWTH_MB = 60
"""For four times as many events: kept as rows, 90,000 more would need about 200."""


def measured(folder: Path, events: int) -> dict[str, Any]:
    result = folder / f"{events}.json"
    command = [sys.executable, "-m", "benchmarks.ingest", "--events", str(events), "--json", str(result)]
    done = subprocess.run(
        [*command, "--folder", str(folder)], cwd=ROOT, env=os.environ, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(result.read_bytes())
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    small, large = measured(tmp_path, 30_000), measured(tmp_path, 120_000)

    assert (small["events"], large["events"]) == (30_000, 120_000)
    assert large["queries"] > 3 * small["queries"]
    assert large["peak_mb"] - small["peak_mb"] < MOST_GROWTH_MB
    assert large["peak_mb"] < 500
