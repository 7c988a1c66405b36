"""Erasures are tested on the loop's small shop."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "loop" / "world"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "commands"))

from collections.abc import Callable

import pytest
from loop_fixtures import evaluated_shop, one_thread, privacy_key_file, shop, small_loop
from loop_world import WordsEncoder

from mangaassist.data import Workspace
from mangaassist.encoders import CachedEncoder

__all__ = ["evaluated_shop", "one_thread", "privacy_key_file", "shop", "small_loop"]


@pytest.fixture
def words_cache() -> Callable[[Workspace], CachedEncoder]:
    """The vector cache of a small shop."""
    return lambda workspace: CachedEncoder(WordsEncoder(), workspace.vectors)
