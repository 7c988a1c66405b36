"""A gate's decision in, the words in which a product owner reads it out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Json = Mapping[str, Any]

HEADLINES = {
    "promote": "Ship it",
    "reject": "Do not ship",
    "inconclusive": "Not proven yet",
    None: "Not judged yet",
}
_FLOORS = {"recall@3": "recall@3", "ndcg@10": "NDCG@10", "bad_top1_rate": "bad top-1 rate"}
_NAMED = {"seen_warm": "seen queries, warm documents", "seen_cold": "seen queries, cold documents"}
_NAMED |= {"unseen_warm": "unseen queries, warm documents", "unseen_cold": "unseen queries, cold documents"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the first screen says. outcome: of the gate, None before it.

    headline: ship or not.  because: what stands against it, or what it rests on, most important first.
    held, judged: how many rules hold, of how many that decide.
    """

    outcome: str | None
    headline: str
    because: tuple[str, ...]
    held: int = 0
    judged: int = 0


def verdict_of(decision: Json | None) -> Verdict:
    """The decision in plain words; without one, how to get it."""
    if decision is None:
        return Verdict(None, HEADLINES[None], ("No gate has judged this candidate: run `mangaassist gate`.",))
    outcome, rules = decision["outcome"], [rule for rule in decision["rules"] if rule["outcome"] in HEADLINES]
    against = [rule for rule in rules if rule["outcome"] != "promote"]
    # What rejects speaks before what is merely open.
    ordered = sorted(against, key=lambda rule: rule["outcome"] != "reject")
    because = [plain_reason(rule) for rule in ordered]
    # What speaks for it comes last: for a promotion it is all there is.
    because += [
        plain_reason(rule) for rule in rules if rule["name"].startswith("gain") and rule["outcome"] == "promote"
    ]
    if decision.get("queries_needed"):
        because.insert(0, f"About {decision['queries_needed']:,} judged queries would settle it.")
    return Verdict(outcome, HEADLINES.get(outcome, str(outcome)), tuple(because), len(rules) - len(against), len(rules))


def plain_reason(rule: Json) -> str:
    """One rule in a sentence without jargon of statistics; its full reason stands in the table of rules."""
    name = rule["name"]
    if rule["value"] is None:
        return f"{_subject(name)} was not measured."
    for belongs, sentence in _SENTENCES:
        if belongs(name):
            return sentence(rule, holds=rule["outcome"] == "promote")
    return f"{_subject(name)}: {rule['because']}."


def _floor(rule: Json, *, holds: bool) -> str:
    asked = "at most" if rule["name"] == "bad_top1_rate" else "at least"
    said = "reaches what is asked" if holds else "misses what is asked"
    return f"The {_FLOORS[rule['name']]} {said}: {rule['value']:.3f}, {asked} {rule['bound']:.3f}."


def _gain(rule: Json, *, holds: bool) -> str:
    metric = rule["name"].removeprefix("gain in ")
    metric = _FLOORS.get(metric, metric)
    if holds:
        return f"{metric} gains at least {rule['value']:+.3f} over what is live, with 99 % certainty."
    return f"A gain in {metric} is not proven: it may be as low as {rule['value']:+.3f}."


def _harm(rule: Json, *, holds: bool) -> str:
    said = "is not hurt" if holds else "may be hurt"
    return (
        f"{_subject(rule['name'])} {said}: recall@3 may change by {rule['value']:+.3f}, "
        f"{rule['bound']:+.3f} is tolerated."
    )


def _time(rule: Json, *, holds: bool) -> str:
    said = "within" if holds else "above"
    return f"{_subject(rule['name'])} is {rule['value']:.2f} ms, {said} {rule['bound']:.2f} ms."


def _subject(name: str) -> str:
    if name.startswith("no harm, "):
        kind, _, which = name.removeprefix("no harm, ").partition(" ")
        return f"The {kind} “{_NAMED.get(which, which.replace('_', ' '))}”"
    return name.replace("_", " ").capitalize()


class _Sentence(Protocol):
    def __call__(self, rule: Json, *, holds: bool) -> str: ...


_SENTENCES: Sequence[tuple[Callable[[str], bool], _Sentence]] = (
    (lambda name: name in _FLOORS, _floor),
    (lambda name: name.startswith("gain in "), _gain),
    (lambda name: name.startswith("no harm"), _harm),
    (lambda name: name.endswith("_ms"), _time),
)
