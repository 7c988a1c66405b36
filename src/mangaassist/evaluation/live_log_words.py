"""The debiased part of a report's `live_log` in, sentences for Markdown, page and terminal out: plain, not escaped."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]


def debiased_sentences(live_log: Json) -> list[str]:
    """What the log answers and why, clicks as they are and debiased, exposure, agreement; none for older reports."""
    if "answer" not in live_log:
        return []
    return [
        f"What the log answers: {live_log['answer']['says']}. {_capitalised(live_log['answer']['because'])}.",
        _chosen(live_log["choices"]),
        _bias(live_log["position_bias"]),
        _exposure(live_log["exposure"]),
        _agreement(live_log["agreement"]),
    ]


def _chosen(choices: Json) -> str:
    kinds = {"as_clicked": "as clicked", "debiased": "debiased by position"}
    systems, delta = choices["systems"], choices["delta"]["chosen@3"]
    said = [
        f"{name} {_pair(systems, kind)}, difference {_interval(delta[kind])}"
        for kind, name in kinds.items()
        if delta[kind] is not None
    ]
    return f"Share of what shoppers chose in the first three, live → candidate: {'; '.join(said)}."


def _pair(systems: Json, kind: str) -> str:
    return " → ".join(f"{systems[who]['chosen@3'][kind][0]:.3f}" for who in ("baseline", "candidate"))


def _bias(bias: Json | None) -> str:
    if bias is None:
        return "How much a position is looked at cannot be told: no result stood at several of them often enough."
    examination = bias["examination"]
    places = [place for place in (2, 4, 10) if place <= len(examination)]
    worth = ", ".join(
        f"{min(bias['most_weight'], 1 / examination[place - 1]):.1f} at place {place}" for place in places
    )
    return f"A click stands for {worth or '1'} (position-based model on {bias['impressions']:,} shown results)."


def _exposure(exposure: Json) -> str:
    live, candidate = (exposure["coverage"][who][0] for who in ("baseline", "candidate"))
    none, one, two, three = exposure["candidate_shown_of_3"]
    return (
        f"Ever shown to anybody for their query: {live:.0%} of live's first three results and {candidate:.0%} of the "
        f"candidate's ({exposure['needed']:.0%} are needed). Of the candidate's three: all in {three:,} searches, two "
        f"in {two:,}, one in {one:,}, none in {none:,}."
    )


def _agreement(found: Json) -> str:
    clicked = found["as_clicked"]
    if clicked is None:
        return "Agreement with people: no judged query was searched for in these searches."
    debiased = found["debiased"]
    also = f", {_kappa(debiased['kappa'])} debiased" if debiased is not None else ""
    return (
        f"Agreement with people on {clicked['judgements']:,} results of {clicked['texts']:,} texts that they judged: "
        f"Cohen's κ {_kappa(clicked['kappa'])} as clicked{also}."
    )


def _kappa(ends: list[float] | None) -> str:
    return "undefined" if ends is None else f"{ends[0]:.2f} ({ends[1]:.2f} to {ends[2]:.2f})"


def _interval(found: list[float]) -> str:
    return f"{found[0]:+.3f} ({found[1]:+.3f} to {found[2]:+.3f})"


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
