"""The JSON of the gate's calibration in, its tables for the docs out."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def page_tables(found: Json, where: str) -> str:
    """Every row, and every promise of a number of queries."""
    rows = [
        f"| `{row['name']}` | {row['says']} | {row['likeness']:.2f} | {row['promoted']:.2%} "
        f"| {row['lower95']:.2%} to {row['upper95']:.2%} | {row['rejected']:.1%} | {row['inconclusive']:.1%} "
        f"| {row['promise']} | {_KEPT[row['kept']]} |"
        for row in found["rows"]
    ]
    open_rows = [
        f"| {each['says']} | {', '.join(f'{name} {needed:,}' for name, needed in each['open_rules'].items())} "
        f"| {each['needed']:,} | {each['promised']:.0%} | {each['settled']:.1%} | {each['error']:+.1%} "
        f"| {' / '.join(f'{each_named:,}' for each_named in each['named'])} |"
        for each in found["settled"]
    ]
    return "\n".join(
        [
            f"{found['runs']:,} simulated decisions a row, {where}.",
            "",
            "| row | truth | likeness | promoted | one-sided 95 % ends | rejected | inconclusive | promised | kept |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            "| open | queries that each open rule names | the decision names | promised | settled | error "
            "| named by single test sets of 500: 10 % / 50 % / 90 % |",
            "|---|---|---|---|---|---|---|",
            *open_rows,
        ]
    )


def readme_lines(found: Json, where: str) -> str:
    """The figures that are promised."""
    rows = {row["name"]: row for row in found["rows"]}
    shown = {
        "aa": "no better than live, past all floors",
        "seed_gain": ".84 / .82 / 5 % against .68 / .71 / 14 %",
        "at_floors": "exactly at the floors",
        "cold_harm": "better on average, recall@3 down by .10 in a cold cell",
    }
    lines = [
        f"| {says} | {rows[name]['promoted']:.2%} ({rows[name]['lower95']:.2%} to {rows[name]['upper95']:.2%}) "
        f"| {rows[name]['promise']} |"
        for name, says in shown.items()
    ]
    return "\n".join(
        [
            f"What the gate promotes, {found['runs']:,} simulated decisions a row on 500 judged queries, {where}:",
            "",
            "| the truth about a candidate | promoted (one-sided 95 % ends) | promised |",
            "|---|---|---|",
            *lines,
            "",
            "Where it is inconclusive it names a number of queries that settles it four times in five; simulated, "
            f"that is off by {found['inconclusive_n_error']:.1%} at most. More in [the gate](docs/gate.md).",
        ]
    )


_KEPT = {True: "yes", False: "**no**", None: ""}
