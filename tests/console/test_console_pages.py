"""What the pages show: what is live, what needs a person, needs, proposals, titles; and a table to take away."""

import csv
import io

import pytest
from console_world import HOSTILE, Visitor, cluster
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.console.desk import PAGES
from mangaassist.console.failures_page import as_csv
from mangaassist.console.plots import BARS_HEIGHT, MAP_HEIGHT, MAP_WIDTH, bars, dots
from mangaassist.data import Workspace, titles


def test_the_overview_says_what_is_live_and_what_waits_for_a_person(admin: Visitor) -> None:
    page = admin.get("/").text

    assert "embed-adapter-v00" in page
    assert "proposals to review" in page
    assert "rivals to lovers" in page
    assert "Not judged yet" in page


def test_releases_compare_and_report_are_pages_of_their_own(admin: Visitor) -> None:
    assert "Comparing needs two" in admin.get("/releases").text
    assert "What got better" in admin.get("/releases/candidate/report").text

    admin.post("/releases/promote", {"why": "a trial", "override": "a test of the console"})

    compared = admin.get("/releases/compare?name=candidate&name=embed-adapter-v01")
    assert compared.status_code == 200
    assert "Releases side by side" in compared.text


@pytest.mark.parametrize("path", PAGES)
def test_every_page_stands_after_a_promotion_and_who_did_it_is_told(admin: Visitor, path: str) -> None:
    admin.post("/releases/promote", {"why": "a trial", "override": "a test of the console"})

    page = admin.get(path)

    assert page.status_code == 200
    if path in ("/", "/releases"):
        assert "promote embed-adapter-v01" in page.text
        assert "a trial" in page.text


@pytest.mark.parametrize("names", ["", "name=candidate", "name=candidate&name=embed-adapter-v77"])
def test_what_cannot_be_compared_is_told(admin: Visitor, names: str) -> None:
    assert admin.get(f"/releases/compare?{names}").status_code == 409


def test_the_playground_sets_the_answers_side_by_side_with_reasons(admin: Visitor) -> None:
    page = admin.get("/playground?q=cosy+found+family&intent=recommendation").text

    assert "baseline" in page
    assert "candidate" in page
    assert "<ol><li>" in page.replace("\n", "")


@pytest.mark.parametrize("words", ["q=" + "x" * 2001, "q=cosy&intent=nonsense"])
def test_a_question_that_is_too_long_or_strange_gets_a_clear_400(admin: Visitor, words: str) -> None:
    assert admin.get(f"/playground?{words}").status_code == 400


def test_a_need_shows_whom_it_hurts_and_leads_to_its_proposals(admin: Visitor) -> None:
    page = admin.get("/failures/c-0001").text

    assert "29 clients" in page
    assert "/review?cluster=c-0001" in page
    assert admin.get("/failures/c-9999").status_code == 404


def test_hostile_texts_are_shown_as_text(admin: Visitor) -> None:
    for path in ("/failures", "/failures/c-0002", f"/catalogue?q={HOSTILE}", f"/playground?q={HOSTILE}"):
        page = admin.get(path).text
        assert "<script>document" not in page, path
        assert "taken over" in page, path


def test_the_catalogue_finds_titles_by_words_and_shows_all_that_is_known(
    admin: Visitor, filled_shop: Workspace
) -> None:
    title = titles(filled_shop)[0]

    assert f"/catalogue/{title.title_id}" in admin.get(f"/catalogue?q={title.title}").text
    assert title.title in admin.get(f"/catalogue/{title.title_id}").text
    assert admin.get("/catalogue/nothing").status_code == 404


def test_an_admin_invites_and_shuts_out(admin: Visitor) -> None:
    page = admin.post("/people/invite", {"role": "reviewer"}).text
    assert "/join?token=" in page
    admin.another().joined("ben", "reviewer")

    assert admin.post("/people/shut-out", {"name": "ben"}).status_code == 303
    assert "shut out" in admin.get("/people").text
    assert admin.post("/people/invite", {"role": "king"}).status_code == 400


@given(st.text(min_size=1, max_size=30))
def test_no_cell_of_the_table_begins_as_a_formula(name: str) -> None:
    rows = list(csv.reader(io.StringIO(as_csv([cluster(1, name, name)]), newline="")))

    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows[1:] for cell in row)
    assert rows[1][1] in {name, f"'{name}"}


@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1), st.integers(0, 10**6)), max_size=30))
def test_every_dot_lies_on_the_map(clusters: list[tuple[float, float, int]]) -> None:
    drawn = dots(clusters)

    assert len(drawn) == len(clusters)
    assert all(0 <= dot.x <= MAP_WIDTH and 0 <= dot.y <= MAP_HEIGHT and dot.r > 0 for dot in drawn)


def test_the_highest_bar_fills_the_height() -> None:
    drawn = bars([("2026-W46", 5), ("2026-W47", 10)])

    assert [(bar.height, bar.y) for bar in drawn] == [(BARS_HEIGHT / 2, BARS_HEIGHT / 2), (BARS_HEIGHT, 0)]
