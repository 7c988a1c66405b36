"""The reports of two or more releases in, one web page that sets them side by side out."""

from collections.abc import Callable, Mapping
from typing import Any

from mangaassist.core.errors import DataError
from mangaassist.evaluation.page.page import FAMILIES, METRIC_NAMES
from mangaassist.evaluation.page.rendering import render

Json = Mapping[str, Any]


def compare_page(reports: Mapping[str, Json]) -> str:
    """Release → its report in, the page out; each release's own numbers as `candidate` of its report.

    Reports on different test sets stand side by side all the same, and the page says that they cannot be compared.
    Raises DataError for fewer than two releases.
    """
    if len(reports) < 2:
        raise DataError("comparing needs two releases or more; name them: mangaassist releases --compare A,B")
    tests = {name: report["test_fingerprint"] for name, report in reports.items()}
    return render(
        "compare.html.jinja",
        {
            "reports": reports,
            "metrics": METRIC_NAMES,
            "is_one_test": len(set(tests.values())) == 1,
            "slices": _slices(reports),
            "facts": _facts(reports),
        },
    )


def _slices(reports: Mapping[str, Json]) -> list[dict[str, Any]]:
    """Every slice that any of them has: release → its recall@3 there, None where it is too small or missing."""
    names = {
        (family, name)
        for report in reports.values()
        for family in FAMILIES
        for name in report.get("slices", {}).get(family, {})
    }
    return [
        {
            "name": f"{FAMILIES[family]}: {name}",
            "recall": {
                release: _recall(report.get("slices", {}).get(family, {}).get(name))
                for release, report in reports.items()
            },
        }
        for family, name in sorted(names, key=lambda each: (list(FAMILIES).index(each[0]), each[1]))
    ]


def _recall(found: Json | None) -> float | None:
    return None if found is None or found["candidate"] is None else float(found["candidate"]["recall@3"])


def _facts(reports: Mapping[str, Json]) -> dict[str, dict[str, Any]]:
    """What was the same and what was not: fact → release → value."""

    def weights(report: Json) -> str:
        known = (report.get("composition") or {}).get("weights") or {}
        return ", ".join(f"{name} {weight:g}" for name, weight in known.items()) or "none"

    facts: dict[str, Callable[[Json], Any]] = {
        "rung": lambda report: report["chosen"],
        "encoder": lambda report: report["encoder"],
        "composition weights": weights,
        "compared with": lambda report: report["live"],
        "data": lambda report: report["data_fingerprint"][:12],
        "test set": lambda report: report["test_fingerprint"][:12],
        "seed of training": lambda report: report["training_seed"],
    }
    return {fact: {name: found(report) for name, report in reports.items()} for fact, found in facts.items()}
