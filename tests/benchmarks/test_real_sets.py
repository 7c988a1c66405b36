"""The README's block on the real sets is made of the kept results, and holds nothing else."""

import json
from pathlib import Path
from typing import Any

from benchmarks.real_sets import KEPT, SETS, readme_block, seen_sentence

ROOT = Path(__file__).parents[2]


def result(queries: int, seen: int) -> dict[str, Any]:
    return {"seen_queries": seen, "results": {"frozen": {"all": {"queries": queries}}}}


def test_known_queries_are_counted_set_by_set() -> None:
    said = seen_sentence({"first": result(300, 117), "second": result(369, 0)})

    assert said.endswith("are dropped: first 117 of 300, second none of 369.")


def test_the_readme_shows_the_kept_results() -> None:
    kept = json.loads(KEPT.read_bytes())

    assert set(kept["sets"]) == set(SETS)
    assert readme_block(kept) in (ROOT / "README.md").read_text(encoding="utf-8")
