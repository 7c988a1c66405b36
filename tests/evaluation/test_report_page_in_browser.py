"""The report page in a real browser: without scrolling, on a phone, in the dark, and with hostile texts."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from written_report import DECISION, change, report

from mangaassist.evaluation.page import compare_page, report_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Scheme = Literal["light", "dark"]
LAPTOP, PHONE = (1366, 768), (390, 844)
LONG = "a manga about a retired baker who opens a night bakery for ghosts, gentle but not childish, finished please"
SCRIPT = '"><script>document.title="taken over"</script><img src=x onerror="document.title=\'taken over\'">'


def opened(browser: "Browser", file: Path, size: tuple[int, int], scheme: Scheme = "light") -> "Page":
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    page = context.new_page()
    page.goto(file.as_uri())
    return page


@pytest.fixture
def file(tmp_path: Path) -> Path:
    told = report()
    told["changes"] = {"better": [change(LONG)] * 10, "worse": [change(LONG)] * 10}
    path = tmp_path / "report.html"
    path.write_text(report_page(told, DECISION), encoding="utf-8")
    return path


def test_a_laptop_shows_ship_or_not_why_what_got_better_and_what_got_worse_without_scrolling(
    browser: "Browser", file: Path
) -> None:
    page = opened(browser, file, LAPTOP)

    for name in ("#verdict", "#why", "#better", "#worse"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= LAPTOP[1], name


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_nothing_is_wider_than_the_screen(browser: "Browser", file: Path, size: tuple[int, int]) -> None:
    page = opened(browser, file, size)

    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_the_dark_scheme_is_dark_and_the_light_one_light(browser: "Browser", file: Path) -> None:
    def lightness(scheme: Scheme) -> int:
        colour = opened(browser, file, LAPTOP, scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))

    assert lightness("dark") < 150
    assert lightness("light") > 600


def test_a_hostile_query_is_read_not_run(browser: "Browser", tmp_path: Path) -> None:
    told = report(SCRIPT)
    told["changes"]["worse"] = [change(SCRIPT)]
    path = tmp_path / "report.html"
    path.write_text(report_page(told, DECISION), encoding="utf-8")

    page = opened(browser, path, LAPTOP)

    assert page.title() == "Not proven yet: residual against embed-adapter-v00"
    assert "taken over" in page.locator("#better").inner_text()
    assert page.locator("script, img").count() == 0


def test_releases_fit_side_by_side_on_a_phone(browser: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "compare.html"
    path.write_text(compare_page({f"embed-adapter-v0{number}": report() for number in range(1, 5)}), encoding="utf-8")

    page = opened(browser, path, PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert page.get_by_text("embed-adapter-v04").count() == 3
