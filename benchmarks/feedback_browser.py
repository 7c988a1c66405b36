"""A shop's console in a real browser, worked by keyboard alone: a reviewer joins, opens a need and judges its items."""

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import uvicorn
from playwright.sync_api import Page, sync_playwright

from benchmarks.feedback_review import Answer
from mangaassist.console import create_console
from mangaassist.core.errors import DataError
from mangaassist.data import Workspace
from mangaassist.feedback import ReviewItem, ReviewStore
from mangaassist.loop import read_settings
from mangaassist.serving import listen_on

NAME: Final = "reviewer"
PASSWORD: Final = "nobody else knows this one"
PATIENCE_MS: Final = 120_000
"""The machine may be busy with other measurements."""

_QUIET: Final = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_KEYS: Final[Mapping[str, str]] = {"accept": "a", "reject": "r", "skip": "s", "edit": "e"}


def chromium() -> str:
    """The machine's own browser; raises DataError where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise DataError(
            "no Chromium is installed; install it (Debian: apt install chromium), or give --without-browser"
        )
    return found


def review_by_keyboard(
    shop: Workspace, clusters: Sequence[str], answer: Callable[[ReviewItem], Answer]
) -> Counter[str]:
    """Judges every open item of the clusters; how often each verdict was given, by kind and verdict."""
    items = {item.id: item for item in ReviewStore(shop.engine).items(with_private=True)}
    said: Counter[str] = Counter()
    with _console(shop) as (url, link), sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium(), args=list(_QUIET))
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        _join(page, url, link)
        for cluster in clusters:
            page.goto(f"{url}/review?cluster={cluster}")
            for item_id in _offered(page):
                given = answer(items[item_id])
                _say(page, items[item_id], given)
                said[f"{items[item_id].kind} {given.verdict}"] += 1
        browser.close()
    return said


@contextmanager
def _console(shop: Workspace) -> Iterator[tuple[str, str]]:
    """The address of the shop's console on a port of its own, and the link of its first admin."""
    app = create_console(shop, read_settings(shop.root))
    listener = listen_on("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield url, f"{url}/join?token={app.state.desk.accounts.first_admin()}"
    finally:
        server.should_exit = True
        thread.join()


def _join(page: Page, url: str, link: str) -> None:
    """An account made and logged in; the page puts the cursor into its first field."""
    page.goto(link)
    page.keyboard.type(NAME)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")


def _offered(page: Page) -> Iterator[str]:
    """The items as they are shown, one after the other, until nothing new is."""
    seen: set[str] = set()
    while (item_id := _shown(page)) and item_id not in seen:
        seen.add(item_id)
        yield item_id


def _shown(page: Page) -> str:
    """The id of the item on the screen once everything is stored that was decided; empty where nothing is left."""
    page.wait_for_selector("#item[data-pending='0'][data-item]", state="attached")
    return page.get_attribute("#item", "data-item") or ""


def _say(page: Page, item: ReviewItem, given: Answer) -> None:
    page.keyboard.press(_KEYS[given.verdict])
    if given.edit is not None and given.edit.facets is not None:
        page.keyboard.press("Control+A")
        page.keyboard.type(", ".join(given.edit.facets))
        page.keyboard.press("Enter")
    elif given.edit is not None:
        for text in item.texts:  # from the document's field through the searches, each a box, to the button
            page.keyboard.press("Tab")
            if text not in (given.edit.texts or ()):
                page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    page.wait_for_selector("#item[data-pending='0']", state="attached")
    told = page.inner_text("#told")
    if not told.startswith(f"{given.verdict}:"):
        raise DataError(f"the console did not take {given.verdict} of {item.id}: {told}")
