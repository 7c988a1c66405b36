"""The engine is tested on the loop's small shop, with the frozen encoder live and one release that was promoted."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "loop" / "world"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from loop_fixtures import easy_gate, evaluated_shop, one_thread, privacy_key_file, shop, small_loop

from mangaassist.data import Workspace
from mangaassist.loop import decide, read_settings, release_candidate
from mangaassist.serving import LiveEngine, service_log

__all__ = ["easy_gate", "evaluated_shop", "one_thread", "privacy_key_file", "shop", "small_loop"]


@pytest.fixture
def released(shop: Workspace) -> Workspace:
    """The small shop with its candidate live, past the gate."""
    decide(shop, read_settings(shop.root))
    release_candidate(shop, actor="mina", why="a test", override="to serve it")
    return shop


class Opened:
    """Engines that look at the workspace only when told, and what they logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.engines: list[LiveEngine] = []

    def __call__(self, workspace: Workspace, **choices: Any) -> LiveEngine:
        settings = choices.pop("settings", None) or read_settings(workspace.root)
        choices = {"look_every_s": None, "log": service_log(self.stream), **choices}
        self.engines.append(LiveEngine.open(workspace, settings, **choices))
        return self.engines[-1]

    def said(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def opened() -> Iterator[Callable[..., LiveEngine]]:
    found = Opened()
    yield found
    for engine in found.engines:
        engine.close()
