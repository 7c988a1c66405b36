"""The commands are tested on the loop's small shop."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "loop" / "world"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "monitoring"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "serving"))

from command_line import FinishedDemo, run
from loop_fixtures import (
    EASY_GATE,
    easy_gate,
    evaluated_shop,
    one_thread,
    privacy_key_file,
    settle_in,
    shop,
    small_loop,
)

__all__ = ["easy_gate", "evaluated_shop", "one_thread", "privacy_key_file", "shop", "small_loop"]


@pytest.fixture(scope="session")
def finished_demo(privacy_key_file: Path, tmp_path_factory: pytest.TempPathFactory) -> FinishedDemo:
    """The demo on the small shop with a gate that it passes, run once and undisturbed; read only."""
    folder = tmp_path_factory.mktemp("demo") / "shop"
    with pytest.MonkeyPatch.context() as patch:
        settle_in(patch, privacy_key_file, tmp_path_factory.mktemp("cache"))
        for name, value in EASY_GATE.items():
            patch.setenv(name, value)
        done = run("demo", "--workspace", folder, "--scale", "0.04", "--json", "-")
    assert done.exit_code == 0, done.stderr
    return FinishedDemo(folder, json.loads(done.stdout), done.stdout, done.stderr)
