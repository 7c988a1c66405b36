"""The console is tested on the loop's small shop, with a queue of proposals and clusters of failed searches."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "loop" / "world"))

from benchmarks.open_console import OpenConsole
from console_world import Visitor, filled
from loop_fixtures import easy_gate, evaluated_shop, one_thread, privacy_key_file, shop, small_loop

from mangaassist.data import Workspace

__all__ = ["easy_gate", "evaluated_shop", "one_thread", "privacy_key_file", "shop", "small_loop"]


@pytest.fixture
def filled_shop(shop: Workspace) -> Workspace:
    """The small shop with clusters and proposals."""
    return filled(shop)


@pytest.fixture
def visitor(filled_shop: Workspace) -> Visitor:
    """Somebody at the console of the shop, with no account yet."""
    return Visitor.of(filled_shop)


@pytest.fixture
def admin(visitor: Visitor) -> Visitor:
    """The first admin, logged in."""
    return visitor.joined("mina", "admin")


@pytest.fixture
def open_console(filled_shop: Workspace) -> Iterator[OpenConsole]:
    """The console on a port of its own, for a browser."""
    running = OpenConsole.start(filled_shop)
    yield running
    running.stop()
