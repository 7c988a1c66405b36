"""Lines of runs in, power, false alarms and what fixes give back out, as JSON and as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from scipy import stats

from benchmarks.detectors.running import Line
from mangaassist.evaluation import DIAGNOSES

HARMFUL = {name: 0.10 if name == "metadata_leakage" else 0.03 for name in DIAGNOSES}
"""Harm from which on power is promised: points of recall@3, or of overlapping queries."""


def summary(lines: Sequence[Line]) -> dict[str, Any]:
    """Failure → `false_alarm`, `power`, `fail`, `fixed`, `runs`, `by_strength`; and `report_false_alarm`."""
    clean = [line for line in lines if line["failure"] is None]
    alarms = [any(status != "ok" for status in line["statuses"].values()) for line in clean]
    result: dict[str, Any] = {
        "report_false_alarm": _rate(alarms),
        "report_false_alarm_upper95": _upper(sum(alarms), len(alarms)),
        "reports": len(clean),
    }
    for name in DIAGNOSES:
        mine = [line for line in lines if line["failure"] == name]
        harmful = [line for line in mine if line["harm"] >= HARMFUL[name]]
        result[name] = {
            "false_alarm": _rate([line["statuses"][name] != "ok" for line in clean]),
            "power": _rate([line["status"] != "ok" for line in harmful]),
            "fail": _rate([line["status"] == "fail" for line in harmful]),
            "fixed": _fixed(harmful),
            "runs": len(mine),
            "harmful_runs": len(harmful),
            "by_strength": _by_strength(mine),
        }
    return result


def table(result: Mapping[str, Any]) -> str:
    """As it stands in docs/diagnoses.md."""
    rows = [
        f"| `{name}` | {HARMFUL[name]:.0%} | {each['harmful_runs']} of {each['runs']} | {_percent(each['power'])} "
        f"| {_percent(each['fail'])} | {_percent(each['false_alarm'])} | {_percent(each['fixed'])} |"
        for name in DIAGNOSES
        for each in [result[name]]
    ]
    head = (
        "| failure | harm from | such runs | alarm (power) | of these `fail` | false alarms | the fix gives back |\n"
        "|---|---|---|---|---|---|---|"
    )
    strengths = [
        f"| `{name}` | {each['strength']:g} | {each['harm']:.3f} | {_percent(each['alarm'])} "
        f"| {_percent(each['fixed'])} |"
        for name in DIAGNOSES
        for each in result[name]["by_strength"]
    ]
    growing = "| failure | strength | mean harm | alarm | the fix gives back |\n|---|---|---|---|---|"
    said = (
        f"Reports of {result['reports']} healthy candidates with any alarm: {_percent(result['report_false_alarm'])} "
        f"(upper 95 % end {_percent(result['report_false_alarm_upper95'])})."
    )
    return "\n".join([head, *rows, "", said, "", growing, *strengths])


def _by_strength(mine: Sequence[Line]) -> list[dict[str, Any]]:
    found = []
    for strength in sorted({line["strength"] for line in mine}):
        lines = [line for line in mine if line["strength"] == strength]
        found.append(
            {
                "strength": strength,
                "harm": sum(line["harm"] for line in lines) / len(lines),
                "alarm": _rate([line["status"] != "ok" for line in lines]),
                "fixed": _fixed(lines),
                "runs": len(lines),
            }
        )
    return found


def _fixed(lines: Sequence[Line]) -> float | None:
    """What the fix gives back of what is lost, both summed over the runs."""
    lost = sum(line["lost"] for line in lines)
    return sum(line["regained"] for line in lines) / lost if lost > 0 else None


def _rate(found: Sequence[bool]) -> float | None:
    return sum(found) / len(found) if found else None


def _upper(count: int, runs: int) -> float | None:
    """The upper end of the one-sided 95 % interval of a rate (Clopper and Pearson)."""
    if not runs:
        return None
    return float(stats.beta.ppf(0.95, count + 1, runs - count)) if count < runs else 1.0


def _percent(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.1%}"
