"""The report as a web page: the decision first, every section once, and nothing a logged text could start."""

import json
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_report import DECISION, change, report

from mangaassist.core.errors import DataError
from mangaassist.evaluation.page import compare_page, report_page
from mangaassist.evaluation.page.plots import WIDTH, bar, forest
from mangaassist.evaluation.page.verdict import verdict_of

SCRIPT = '<script>alert(1)</script><img src=x onerror="alert(2)">\' onmouseover=alert(3) {{ 7 * 7 }}'
ALLOWED_ATTRIBUTES = {
    *("lang", "charset", "name", "content", "http-equiv", "class", "id", "title", "aria-label", "role", "href"),
    *("colspan", "open", "viewbox", "preserveaspectratio", "x", "y", "width", "height", "x1", "x2", "y1", "y2"),
    *("cx", "cy", "r"),
}


class Seen(HTMLParser):
    """The elements, attributes and text that a browser would see."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action"}]

    def handle_data(self, data: str) -> None:
        self.text += data


def decided(outcome: str, *rules: dict[str, Any], needed: int | None = None) -> dict[str, Any]:
    return {"outcome": outcome, "live": "embed-adapter-v00", "queries_needed": needed, "rules": list(rules)}


def rule(name: str, value: float | None, bound: float | None, outcome: str) -> dict[str, Any]:
    return {"name": name, "value": value, "bound": bound, "outcome": outcome, "because": "so it is"}


def test_a_rejection_says_do_not_ship_and_names_what_rejects_before_what_is_open_and_what_speaks_for_it() -> None:
    verdict = verdict_of(
        decided(
            "reject",
            rule("gain in recall@3", 0.1, 0.0, "promote"),
            rule("ndcg@10", 0.77, 0.78, "inconclusive"),
            rule("recall@3", 0.4, 0.8, "reject"),
            rule("looks", 1, 20, "shown"),
        )
    )

    assert (verdict.headline, verdict.held, verdict.judged) == ("Do not ship", 1, 3)
    assert [reason.split(":")[0] for reason in verdict.because] == [
        "The recall@3 misses what is asked",
        "The NDCG@10 misses what is asked",
        "recall@3 gains at least +0.100 over what is live, with 99 % certainty.",
    ]


def test_an_inconclusive_decision_says_first_how_many_queries_would_settle_it() -> None:
    verdict = verdict_of(DECISION)

    assert verdict.headline == "Not proven yet"
    assert verdict.because[0] == "About 1,234 judged queries would settle it."


def test_without_a_decision_the_page_says_how_to_get_one() -> None:
    page = report_page(report())

    assert "Not judged yet" in page
    assert "mangaassist gate" in page


def test_decision_metrics_and_changed_queries_come_before_every_table() -> None:
    page = report_page(report(), DECISION)

    order = [page.index(f'id="{name}"') for name in ("verdict", "better", "worse", "changes", "slices", "rules")]
    assert order == sorted(order)
    assert page.index('id="worse"') < page.index("<table>")


def test_results_before_and_after_stand_side_by_side_with_what_was_judged() -> None:
    told = report()
    told["changes"]["better"] = [
        {
            **change("cozy"),
            "top_before": [{"heading": "Gyo", "grade": 0}],
            "top_after": [{"heading": "Aria", "grade": 2}, {"heading": "Mushishi", "grade": None}],
        }
    ]

    page = report_page(told)

    assert page.index(">Gyo") < page.index('title="does not fit"') < page.index(">Aria") < page.index('title="fits"')
    assert "not judged" in page


def test_a_report_of_an_earlier_version_still_makes_a_page() -> None:
    told = report()
    for key in ("slices", "cells", "enrichment", "changes"):
        del told[key]

    assert "No query got better." in report_page(told)


@pytest.mark.parametrize("place", ["query", "slice", "because", "diagnosis"])
def test_a_hostile_text_is_shown_and_starts_nothing(place: str) -> None:
    told, decision = report(SCRIPT if place == "query" else "cozy"), json.loads(json.dumps(DECISION))
    if place == "slice":
        told["slices"]["symptom"][SCRIPT] = told["slices"]["symptom"]["tone"]
    if place == "because":
        decision["rules"][0]["because"] = SCRIPT
    if place == "diagnosis":
        told["diagnoses"] = [diagnosis(SCRIPT)]

    seen = Seen(report_page(told, decision))

    assert "<script>alert(1)</script>" in seen.text
    assert not {"script", "img", "iframe", "link", "form", "object"} & set(seen.tags)
    assert seen.attributes <= ALLOWED_ATTRIBUTES


def diagnosis(text: str) -> dict[str, Any]:
    shown = {"said": text, "query_id": "q1", "query": text, "document": text, "before": [text], "after": []}
    return {
        "name": "cold_harm",
        "status": "fail",
        "value": 0.08,
        "baseline": 0.4,
        "threshold": 0.03,
        "tolerated": 0.01,
        "because": text,
        "evidence": [shown],
        "fix": text,
    }


def test_a_failed_diagnosis_shows_its_evidence_without_a_click() -> None:
    page = report_page({**report(), "diagnoses": [diagnosis("new titles sink")]})

    assert "cold harm" in page
    assert "<details open>" in page


def test_the_page_asks_nothing_of_any_server_and_forbids_scripts() -> None:
    page = report_page(report(), DECISION)

    assert all(link.startswith("#") for link in Seen(page).links)
    assert "default-src 'none'" in page
    assert "url(" not in page


@given(st.text(max_size=200))
def test_no_text_brings_an_element_of_its_own(text: str) -> None:
    usual = Seen(report_page(report("cozy"), DECISION)).tags

    assert Seen(report_page(report(text), DECISION)).tags == usual


def test_the_same_report_gives_the_same_page() -> None:
    assert report_page(report(), DECISION) == report_page(report(), DECISION)


def test_releases_stand_side_by_side_and_different_tests_are_said_to_be_incomparable() -> None:
    first, second = report(), {**report(), "chosen": "linear", "test_fingerprint": "f" * 64}

    same = compare_page({"embed-adapter-v01": first, "embed-adapter-v02": {**second, "test_fingerprint": "e" * 64}})
    other = compare_page({"embed-adapter-v01": first, "embed-adapter-v02": second, "embed-adapter-v03": first})

    assert "cannot be compared" not in same
    assert "cannot be compared" in other
    assert all(name in other for name in ("embed-adapter-v01", "embed-adapter-v02", "embed-adapter-v03", "linear"))


def test_comparing_one_release_with_nothing_is_refused() -> None:
    with pytest.raises(DataError, match="two releases or more"):
        compare_page({"embed-adapter-v01": report()})


def test_dots_share_an_axis_that_is_symmetric_about_zero() -> None:
    dots = forest({"gains": [0.2, 0.1, 0.4], "open": [0.0, -0.1, 0.1], "loses": [-0.2, -0.3, -0.1]})

    assert {dot.zero for dot in dots.values()} == {WIDTH / 2}
    assert [dot.sign for dot in dots.values()] == [1, 0, -1]
    assert dots["open"].at == WIDTH / 2
    assert dots["gains"].at - WIDTH / 2 == pytest.approx(WIDTH / 2 - dots["loses"].at)


@given(st.dictionaries(st.text(max_size=3), st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(sorted), max_size=5))
def test_every_dot_and_interval_lies_on_the_axis(found: dict[str, list[float]]) -> None:
    dots = forest({label: [mean, low, high] for label, (low, mean, high) in found.items()})

    assert all(0 <= dot.low <= dot.at <= dot.high <= WIDTH for dot in dots.values())


def test_a_bar_ends_where_its_value_stands_against_what_is_tolerated_and_the_bound() -> None:
    drawn = bar(0.05, tolerated=0.02, bound=0.1)

    assert drawn.value == pytest.approx(drawn.bound / 2, abs=0.1)
    assert drawn.tolerated == pytest.approx(drawn.bound / 5, abs=0.1)
