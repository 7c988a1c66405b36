"""What holds for every test folder."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from benchmarks.chromium import CHROMIUM, QUIET
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

collect_ignore_glob = ["*conftest.py"]
"""Doctests are looked for in all modules; several of one name would be taken for one another."""

settings.register_profile("suite", max_examples=40, deadline=None)
settings.load_profile("suite")
"""A hundred properties are looked at in every run; a busy machine is no failure of theirs."""


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """A real browser without a window; skips visibly where there is none.

    Closed with its module: while it is open, no other test of the process may start an event loop.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="the extra `dev` is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed (Debian: apt install chromium)")
    with playwright.sync_playwright() as running:
        started = running.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield started
        started.close()
