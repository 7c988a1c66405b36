"""The report of an experiment, and the list of all, in; what a person reads on the terminal out."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

SESSIONS_OF_TWO_HOURS = "a session is over two and a half hours after its first query"


def draw_status(console: Console, told: Mapping[str, Any]) -> None:
    """One line per experiment."""
    if not told["experiments"]:
        console.print("There has been no experiment; begin one: mangaassist experiment start shadow", markup=False)
        return
    table = Table(Column("experiment", no_wrap=True), "state", "candidate", "beside", "share", "since", "why")
    for each in told["experiments"]:
        candidate, live = (each[name].removeprefix("embed-adapter-") for name in ("candidate", "live"))
        since, why = str(each["started_at"])[:16].replace("T", " "), escape(each["stopped_why"] or each["why"])
        table.add_row(each["name"], each["state"], candidate, live, f"{each['share']:.1%}", since, why)
    console.print(table)
    if any(each["state"] == "resting" for each in told["experiments"]):
        console.print(f"{told['live']} is live: an experiment beside another release rests.", markup=False)


def draw_report(console: Console, told: Mapping[str, Any]) -> None:
    """What the experiment is, then what it found."""
    about, counts = told["experiment"], told["sessions"]
    console.print(
        f"{about['name']} ({told['state']}): {about['candidate']} beside {about['live']}, {about['share']:.1%} of the "
        f"sessions, as of {told['as_of']}",
        markup=False,
        soft_wrap=True,
    )
    late = f", {counts['late_queries']:,} later queries of theirs left out" if counts["late_queries"] else ""
    console.print(
        f"{counts['over']:,} sessions with {counts['queries']:,} queries{late}; {counts['open']:,} not over yet"
    )
    if counts["over"] == 0:
        console.print(f"Nothing to tell yet: {SESSIONS_OF_TWO_HOURS}.")
        return
    {"shadow": _shadow, "interleave": _interleaving, "canary": _canary}[about["kind"]](console, told["result"])


def _interleaving(console: Console, result: Mapping[str, Any]) -> None:
    sessions, clicks = result["sessions_for"], result["credited_clicks"]
    table = Table("", "candidate", "neither", "live")
    table.add_row("sessions that prefer", *(f"{sessions[name]:,}" for name in ("candidate", "neither", "live")))
    table.add_row("clicks credited to", *(f"{clicks[name]:,}" for name in ("candidate", "both", "live")))
    console.print(table)
    _decision(console, "preference", result["preference"])
    _unserved(console, result["not_interleaved"], "were not interleaved")


def _canary(console: Console, result: Mapping[str, Any]) -> None:
    table = Table("arm", "sessions", "with a click", "without", "p50 ms", "p99 ms")
    for arm, told in result["arms"].items():
        spent = told["latency_ms"] or {}
        shares = (_percent(told[name]) for name in ("with_a_click", "without_a_click"))
        times = (f"{spent[name]:.2f}" if name in spent else "" for name in ("p50", "p99"))
        table.add_row(arm, f"{told['sessions']:,}", *shares, *times)
    console.print(table)
    _decision(console, "difference in sessions with a click", result["difference"])
    if result["split"]["is_suspicious"]:
        console.print(
            f"The arms do not have the sessions that a share of {result['split']['expected']:.1%} gives (p = "
            f"{result['split']['p_value']:.1g}): something drops sessions of one arm; do not trust the difference."
        )
    _unserved(console, result["not_the_candidates"], "of the candidate's sessions were answered by live")


def _shadow(console: Console, result: Mapping[str, Any]) -> None:
    table = Table("of a session's queries", "mean", "95 %, at every look")
    names = {
        "overlap_at_3": "overlap of the first three",
        "rank_biased_overlap": "rank-biased overlap",
        "changed_at_1": "another first result",
        "changed_at_3": "other first three",
        "candidate_took_longer": "the candidate took longer",
    }
    for name, shown in names.items():
        told = result[name]
        table.add_row(shown, f"{told['estimate']:.3f}", _interval(told["interval"]))
    console.print(table)
    times = Table("ms, without encoding", "p50", "p99")
    for name, spent in result["latency_ms"].items():
        shown = "candidate − live" if name == "difference" else name
        times.add_row(shown, *(f"{spent[each]:.2f}" for each in ("p50", "p99")))
    console.print(times)
    worst = Table("changed most", "overlap", "live", "candidate", show_lines=True)
    for each in result["worst"]:
        columns = (escape("\n".join(each[name])) for name in ("live", "candidate"))
        worst.add_row(escape(each["query"]), f"{each['rank_biased_overlap']:.2f}", *columns)
    console.print(worst)


def _decision(console: Console, what: str, told: Mapping[str, Any] | None) -> None:
    if told is None:
        console.print("No session has clicked yet.")
        return
    console.print(
        f"{what} {told['estimate']:+.3f}, 95 % {_interval(told['interval'])} at every look: {told['verdict']}"
    )
    if told["verdict"] == "undecided":
        more = told["more_sessions_to_decide"]
        console.print(f"About {more:,} more sessions would decide, if all goes on so." if more else "No end in sight.")


def _unserved(console: Console, told: Mapping[str, int], what: str) -> None:
    if told["queries"]:
        console.print(f"{told['queries']:,} queries {what}; for {told['candidate_failed']:,} the candidate had failed.")


def _interval(ends: list[float]) -> str:
    return f"{ends[0]:+.3f} to {ends[1]:+.3f}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
