"""A shop's console in a real browser, worked by keyboard alone: a reviewer joins, opens a need and judges its items."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Final

from playwright.sync_api import Page, sync_playwright

from benchmarks.chromium import CHROMIUM, QUIET
from benchmarks.feedback_review import Answer
from benchmarks.open_console import OpenConsole
from mangaassist.core.errors import DataError
from mangaassist.data import Workspace
from mangaassist.feedback import ReviewItem, ReviewStore

NAME: Final = "reviewer"
PASSWORD: Final = "nobody else knows this one"
PATIENCE_MS: Final = 120_000
"""The machine may be busy with other measurements."""

_KEYS: Final[Mapping[str, str]] = {"accept": "a", "reject": "r", "skip": "s", "edit": "e"}


def review_by_keyboard(
    shop: Workspace, clusters: Sequence[str], answer: Callable[[ReviewItem], Answer]
) -> Counter[str]:
    """Judges every open item of the clusters; how often each verdict was given, by kind and verdict.

    Raises DataError where there is no browser.
    """
    if CHROMIUM is None:
        raise DataError(
            "no Chromium is installed; install it (Debian: apt install chromium), or give --without-browser"
        )
    items = {item.id: item for item in ReviewStore(shop.engine).items(with_private=True)}
    said: Counter[str] = Counter()
    with ExitStack() as stack:
        console = OpenConsole.start(shop)
        stack.callback(console.stop)
        running = stack.enter_context(sync_playwright())
        browser = running.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        _join(page, console.url, console.link)
        for cluster in clusters:
            page.goto(f"{console.url}/review?cluster={cluster}")
            for item_id in _offered(page):
                given = answer(items[item_id])
                _say(page, items[item_id], given)
                said[f"{items[item_id].kind} {given.verdict}"] += 1
        browser.close()
    return said


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
        if given.edit.doc_id is not None:
            page.keyboard.press("Control+A")
            page.keyboard.type(given.edit.doc_id)
        for text in item.texts:  # from the document's field through the searches, each a box, to the button
            page.keyboard.press("Tab")
            if text not in (given.edit.texts or item.texts):
                page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    page.wait_for_selector("#item[data-pending='0']", state="attached")
    told = page.inner_text("#told")
    if not told.startswith(f"{given.verdict}:"):
        raise DataError(f"the console did not take {given.verdict} of {item.id}: {told}")
