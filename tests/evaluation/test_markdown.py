"""The report as Markdown: every section, and no text that breaks a table or brings markup of its own."""

import copy
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from written_report import DECISION, HOSTILE, part, report

from mangaassist.evaluation import report_markdown
from mangaassist.evaluation.markdown_tables import LONGEST_TEXT, cell, shortened, table


def columns(line: str) -> int:
    """How many cells a reader of Markdown sees in this line of a table."""
    return len(re.findall(r"(?<!\\)\|", line)) - 1


def tables(text: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [lines for lines in found if lines]


# What it holds


def test_every_section_has_its_heading_in_reading_order() -> None:
    headings = re.findall(r"^#+ (.*)$", report_markdown(report(), DECISION), re.MULTILINE)

    assert headings == [
        "Evaluation: residual against embed-adapter-v00",
        "Decision: inconclusive",
        "Systems side by side",
        "Candidate against live",
        "Cells: what training has seen",
        "Slices",
        "Enriched text against plain",
        "Queries that changed most",
        "Latency",
        "Lineage",
    ]


def test_without_a_decision_there_is_none_in_it() -> None:
    assert "Decision" not in report_markdown(report())


def test_the_decision_gives_each_rule_with_its_reason_and_what_would_settle_it() -> None:
    text = report_markdown(report(), DECISION)

    assert "About 1,234 queries would settle it." in text
    assert "| recall@3 | 0.750 | 0.800 | inconclusive | the floor lies inside |" in text
    assert "| diagnoses | – | – | promote | none failed |" in text


def test_frozen_live_first_run_and_chosen_stand_side_by_side_with_their_intervals() -> None:
    text = report_markdown(report())

    rows = [line.split(" | ")[0].removeprefix("| ") for line in tables(text)[0][2:]]
    assert rows == ["frozen", "live (embed-adapter-v00)", "first-run mlp", "candidate (residual)"]
    assert "0.500 (0.400 to 0.600)" in text
    assert "| bad top-1 | +0.100 (+0.050 to +0.150) |" in text


def test_a_slice_that_is_too_small_says_so_and_how_many_queries_it_has() -> None:
    rows = [line for line in report_markdown(report()).splitlines() if "romaji" in line]

    assert rows == ["| language: romaji | 12 | 9 | too small | too small | too small | – |"]


def test_slices_show_the_claim_that_may_be_made_and_the_largest_come_first() -> None:
    text = report_markdown(report())

    assert "| symptom: tone | 60 | 30 | 0.500 | 0.500 | +0.100 (+0.050 to +0.150) | gain |" in text
    assert re.search(r"^\| intent: faq \| 70 .*\| loss \|$", text, re.MULTILINE)
    assert text.index("| symptom: tone |") < text.index("| symptom: similar_title |")


def test_every_system_has_its_numbers_with_intervals_on_every_slice_that_is_large_enough() -> None:
    rows = [
        line.split(" | ") for line in report_markdown(report()).splitlines() if line.startswith("| symptom: tone |")
    ]

    assert [row[1] for row in rows[1:]] == ["frozen", "live", "first-run mlp", "candidate", "candidate − live"]
    assert all(row[2] == "0.500 (0.400 to 0.600)" for row in rows[1:5])
    assert rows[5][2] == "+0.100 (+0.050 to +0.150)"


def test_scenario_3_says_what_enriching_sparse_titles_is_worth() -> None:
    text = report_markdown(report())

    assert "| sparse, frozen | 60 | 0.250 | 0.375 | +0.125 (+0.100 to +0.150) | +0.100 (+0.000 to +0.200) |" in text
    assert "| articles, candidate | 49 | too small | too small | too small | too small |" in text


def test_what_a_query_waits_for_is_told_of_candidate_and_live() -> None:
    text = report_markdown(report())

    assert "2,000 queries one at a time, medians of 5 rounds; both answer every query." in text
    assert "| routing: encoding and intent | 2.000 | 3.000 |" in text
    assert "| complete answer, candidate | 4.000 | 6.250 |" in text
    assert "| complete answer, live | 3.500 | 5.500 |" in text


def test_why_answers_were_not_timed_is_told() -> None:
    text = report_markdown({**report(), "latency": {"unmeasured": "the encoder | was away"}})

    assert "Routing and whole answers were not measured: the encoder &#124; was away." in text
    assert "complete answer, candidate" not in text


def test_latency_and_lineage_are_told() -> None:
    text = report_markdown(report())

    assert "adds 0.062 ms to a query" in text
    assert f"| data fingerprint | {'d' * 64} |" in text
    assert "| seed of training | 1 |" in text
    assert "| looks at this test set | 3 |" in text


def test_a_report_that_lacks_sections_is_shown_without_them() -> None:
    older = report()
    for key in ("slices", "enrichment", "changes", "candidate_digest"):
        del older[key]

    text = report_markdown(older, DECISION)

    assert "Systems side by side" in text
    assert "Slices" not in text


def test_the_keys_order_in_the_file_changes_nothing() -> None:
    stored = json.loads(json.dumps(report(), sort_keys=True))

    assert report_markdown(stored) == report_markdown(report())


def test_making_markdown_leaves_the_report_as_it_was() -> None:
    given_report = report()
    before = copy.deepcopy(given_report)

    report_markdown(given_report, DECISION)

    assert given_report == before


# What strangers write


def test_a_hostile_query_is_text_in_its_cell_and_nothing_else() -> None:
    text = report_markdown(report(HOSTILE), DECISION)

    assert "<script>" not in text
    assert "`" not in text
    (row,) = [line for line in text.splitlines() if "#60;script" in line]
    assert row == (
        '| a &#124; b # &#60;script&#62;alert("1")&#60;/script&#62; &#96;code&#96; &#91;x&#93;(http://x) '
        "&#42;&#42;bold&#42;&#42; &#92;&#124; &#38;lt; | +0.750 | nothing | Yotsuba&#38;! |"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\r\nlines", "two lines"),
        ("a\u2028b\x85c\x0bd\x00e", "a b c d e"),
        ("\u202egnp.exe", "gnp.exe"),
        ("  spaces   everywhere ", "spaces everywhere"),
        ("similar_title", "similar_title"),
        ("_slanted_", "&#95;slanted&#95;"),
        ("癒し系 マンガ", "癒し系 マンガ"),
        ("", ""),
    ],
)
def test_a_cell_is_one_line_of_visible_text(text: str, shown: str) -> None:
    assert cell(text) == shown


@given(st.text())
def test_any_text_in_a_cell_keeps_the_number_of_columns_and_lines(text: str) -> None:
    lines = table(("query", "value", text), [(text, text, "1"), ("a", "b", text)])

    assert len(lines) == 4
    assert all(len(line.splitlines()) == 1 for line in lines)
    assert {columns(line) for line in lines} == {3}


@given(st.text())
def test_no_text_brings_html_or_code_into_a_cell(text: str) -> None:
    shown = cell(text)

    assert not set("<>`|\\") & set(shown)
    assert set(re.findall(r"&[^;]*;?", shown)) <= {f"&#{ord(letter)};" for letter in "&<>|`\\*_[]~$"}


@given(st.text(max_size=400), st.text(max_size=400))
def test_every_row_of_every_table_of_a_report_has_the_columns_of_its_header(query: str, name: str) -> None:
    told = report(query)
    told["slices"]["language"][name] = part()
    told["because"] = name

    for lines in tables(report_markdown(told, {**DECISION, "live": query})):
        assert len({columns(line) for line in lines}) == 1


def test_a_long_query_is_cut() -> None:
    assert shortened("x" * LONGEST_TEXT) == "x" * LONGEST_TEXT
    assert shortened("x" * 10_000) == "x" * (LONGEST_TEXT - 1) + "…"
    assert len(max(report_markdown(report("x" * 10_000)).splitlines(), key=len)) < 1_000
