"""A demo really killed in the middle, and run again, ends like one that nobody disturbed.

Kills inside a step are tested with the step; these are between steps, and one at a moment that nobody chose.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from command_line import FinishedDemo, run
from loop_child import Place, killed_at, start

from mangaassist.data import Workspace
from mangaassist.loop import registry_of

PLACES = [
    pytest.param(("mangaassist.sample.shop_files._line", 1_000), id="writing-the-log"),
    pytest.param(("mangaassist.adapter.race.fit_rounds", 17), id="tuning"),
    pytest.param(("mangaassist.loop.deciding.report_markdown", 1), id="between-the-decision-and-its-report"),
    pytest.param(("mangaassist.promotion.registry.append", 1), id="between-publishing-and-promoting"),
]


def words(folder: Path) -> list[str]:
    return ["demo", "--workspace", str(folder), "--scale", "0.04", "--json", "-"]


def outcome(folder: Path, result: dict[str, Any]) -> dict[str, object]:
    """Everything that must not depend on what happened on the way: bytes of the candidate, and the result."""
    candidate = folder / "runs" / "candidate"
    files = {str(path.relative_to(folder)): path.read_bytes() for path in candidate.rglob("*") if path.is_file()}
    looks = (folder / "runs" / "test_looks.jsonl").read_text().count("\n")
    told = {name: value for name, value in result.items() if name != "seconds"}
    return {**files, **told, "looks": looks}


def run_again(folder: Path) -> dict[str, Any]:
    done = run(*words(folder))
    assert done.exit_code == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.usefixtures("easy_gate")
@pytest.mark.parametrize("place", PLACES)
def test_a_demo_killed_anywhere_and_run_again_ends_as_if_undisturbed(
    finished_demo: FinishedDemo, tmp_path: Path, place: Place
) -> None:
    folder = tmp_path / "demo"
    killed_at(place, words(folder), tmp_path / "log")

    result = run_again(folder)

    assert outcome(folder, result) == outcome(finished_demo.folder, finished_demo.result)
    registry = registry_of(Workspace.open(folder))
    assert registry.aliases().live == result["release"]
    assert [entry.action for entry in registry.history()] == ["promote"]


@pytest.mark.usefixtures("easy_gate")
def test_a_demo_killed_from_outside_at_a_random_moment_and_run_again_ends_as_if_undisturbed(
    finished_demo: FinishedDemo, tmp_path: Path
) -> None:
    folder = tmp_path / "demo"
    process = start(words(folder), tmp_path / "log")
    process.join(timeout=random.uniform(0.2, finished_demo.result["seconds"]))
    process.kill()
    process.join()

    result = run_again(folder)

    assert outcome(folder, result) == outcome(finished_demo.folder, finished_demo.result)
