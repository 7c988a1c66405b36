"""Experiments are tested on the loop's small shop: the frozen encoder is live, the trained candidate is published."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "loop" / "world"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "serving"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "serving" / "live"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "commands"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "erasure"))

from experiment_world import TriedShop
from loop_fixtures import easy_gate, evaluated_shop, one_thread, privacy_key_file, shop, small_loop

from mangaassist.data import Workspace
from mangaassist.loop import nominate_candidate

__all__ = ["easy_gate", "evaluated_shop", "one_thread", "privacy_key_file", "shop", "small_loop"]


@pytest.fixture
def nominated(shop: Workspace) -> Workspace:
    """The small shop; its candidate is embed-adapter-v01."""
    nominate_candidate(shop, actor="mina", why="a test")
    return shop


@pytest.fixture
def tried(nominated: Workspace) -> Iterator[Callable[..., TriedShop]]:
    """Starts servers on the shop that look at the workspace only when told; all are drained at the end."""
    started: list[TriedShop] = []

    def start(**choices: Any) -> TriedShop:
        started.append(TriedShop.start(nominated, io.StringIO(), **choices))
        return started[-1]

    yield start
    for each in started:
        each.stop()
