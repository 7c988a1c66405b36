"""The diagnoses of a report's JSON in, their Markdown out."""

from collections.abc import Mapping
from typing import Any

from mangaassist.evaluation.markdown_tables import number, shortened, table

Json = Mapping[str, Any]


def diagnosis_lines(report: Json) -> list[str]:
    """One row per failure; then, of every alarm, its figures, what shows it and the fix."""
    rows = [
        (each["name"], each["status"], number(each["value"]), number(each["threshold"]), each["because"])
        for each in report["diagnoses"]
    ]
    lines = table(("failure", "status", "harm", "fail from", "found"), rows)
    for each in report["diagnoses"]:
        if each["status"] != "ok":
            lines += ["", f"### {each['name']}", "", *_figures(each), "", *_evidence(each)]
            lines += ["", f"Fix: `mangaassist train --fix {each['fix']}`."] if each["fix"] else []
    return lines


def _figures(diagnosis: Json) -> list[str]:
    rows = [
        (name, number(found["baseline"]), number(found["candidate"]), number(found["implied"]))
        for name, found in diagnosis["figures"].items()
    ]
    return table(("figure", "live", "candidate", "implied by judgements"), rows)


def _evidence(diagnosis: Json) -> list[str]:
    rows = [
        (
            shortened(shown["query"] or shown["document"] or ""),
            shown["said"],
            " · ".join(shown["before"]),
            " · ".join(shown["after"]),
        )
        for shown in diagnosis["evidence"]
    ]
    return table(("query or document", "what it shows", "first results before", "after"), rows)
