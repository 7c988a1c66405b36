"""Runs before and after a round of feedback in, its figures out: gains by need, slices with intervals, the table."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from benchmarks.failing_needs import Need
from mangaassist.core.types import Query, QueryId, Run
from mangaassist.evaluation import MIN_CELL_QUERIES, Slice, compare_slices, query_slices, score_run
from mangaassist.loop import JudgedSplit

EXACT: Final = 16
"""Needs up to which every way of swapping is looked at."""


def success(run: Run, split: JudgedSplit) -> dict[QueryId, float]:
    """success@3 of every query."""
    return {query_id: scores.success_at_3 for query_id, scores in score_run(run, split.qrels).items()}


def compared(runs: Mapping[str, Run], split: JudgedSplit, *, seed: int) -> dict[str, dict[str, Any]]:
    """Every slice by intent, symptom and language with 50 queries or more: before, after, interval, and what it did.

    change: mean and two-sided 95 % ends of the paired difference in success@3, by resampled groups.  falls: whether
    the loss in recall@3 is significant after Holm, over all slices.
    """
    family: dict[str, Slice] = {}
    for name in ("intent", "symptom", "language"):
        values = {query.query_id: _value(query, name) for query in split.queries}
        family |= {f"{name}: {value}": part for value, part in query_slices(values).items()}
    found = compare_slices(runs, split.qrels, family, split.groups, pair=("before", "after"), seed=seed)
    scores = {who: score_run(run, split.qrels) for who, run in runs.items()}
    return {
        name: {
            "queries": each.queries,
            "groups": each.groups,
            **{
                who: round(float(np.mean([of[one].success_at_3 for one in family[name].queries or ()])), 4)
                for who, of in scores.items()
            },
            "change": [round(end, 4) for end in each.delta["success@3"].as_list()],
            "p_holm": each.p,
            "falls": each.claim == "loss",
        }
        for name, each in found.items()
        if each.queries >= MIN_CELL_QUERIES
    }


def _value(query: Query, name: str) -> str | None:
    return query.intent if name == "intent" else query.metadata.get(name)


def p_value(before: Mapping[QueryId, float], after: Mapping[QueryId, float], needs: Sequence[Need]) -> float:
    """How often swapping before and after in whole needs gains as much as what was seen.

    Every way of swapping up to 2¹⁶ of them, else so many drawn ones.
    """
    gains = np.array([sum(after[each] - before[each] for each in _ids(need, before)) for need in needs])
    if len(gains) <= EXACT:
        signs = np.array(list(itertools.product((1, -1), repeat=len(gains))))
    else:
        drawn = np.random.default_rng(0).choice((1, -1), size=(2**EXACT - 1, len(gains)))
        signs = np.vstack([np.ones(len(gains), dtype=drawn.dtype), drawn])  # what was seen is one of the ways
    return round(float((signs @ gains >= gains.sum() - 1e-9).mean()), 5)


def needs_told(
    needs: Sequence[Need], before: Mapping[QueryId, float], after: Mapping[QueryId, float]
) -> dict[str, dict[str, float]]:
    """Need → success@3 of its held-out texts, before and after."""
    return {
        need.name: {
            name: round(sum(scores[each] for each in _ids(need, scores)) / len(need.held_out), 3)
            for name, scores in (("before", before), ("after", after))
        }
        for need in needs
    }


def _ids(need: Need, scores: Mapping[QueryId, float]) -> list[QueryId]:
    return [each for each in scores if each.rsplit("-", 1)[0] == need.name]


def told(found: Mapping[str, Any]) -> str:
    """As it stands in the docs."""
    gate, release, day = found["gate"], found["release"], found["machine"]
    judged = ", ".join(f"{count} {verdict}" for verdict, count in found["decisions"].items())
    where = "in Chromium, by keyboard" if found["browser"] else "in the review store"
    says = f"; {release} is live." if release else ": " + "; ".join(_to_blame(gate)) + "."
    return "\n".join(
        [
            f"{len(found['needs'])} of {found['needs_in_file']} needs fail and are planted: {found['planted_texts']} "
            f"texts, {found['in_bucket']} of them in the bucket, {found['in_a_cluster']} in a cluster. Judged {where}: "
            f"{judged}. {found['feedback_pairs']} feedback pairs trained ({day['cores']} cores, {day['date']}):",
            "",
            "| success@3 | queries | before | after | change (95 % interval) |",
            "|---|---|---|---|---|",
            _row("held-out texts of the planted needs", found, "planted", f"p = {found['p_value']:.5f}"),
            _row("the searches that failed, which trained", found, "logged", "not held out"),
            _row("the sample's judged test queries", found, "others", "all of them"),
            *(_slice_row(name, of) for name, of in found["slices"].items()),
            "",
            f"The gate says **{gate['outcome']}**{says}",
        ]
    )


def _row(name: str, found: Mapping[str, Any], part: str, more: str) -> str:
    before, after = found[f"{part}_before"], found[f"{part}_after"]
    change = after["success@3"] - before["success@3"]
    scores = f"{before['success@3']:.3f} | {after['success@3']:.3f} | {change:+.3f}, {more}"
    return f"| **{name}** | {before['queries']} | {scores} |"


def _slice_row(name: str, of: Mapping[str, Any]) -> str:
    mean, low, high = of["change"]
    change = f"{mean:+.3f} ({low:+.3f} to {high:+.3f}){', **falls**' if of['falls'] else ''}"
    return f"| {name} | {of['queries']} | {of['before']:.3f} | {of['after']:.3f} | {change} |"


def _to_blame(gate: Mapping[str, Any]) -> list[str]:
    return [f"{each['name']}: {each['because']}" for each in gate["rules"] if each["outcome"] == gate["outcome"]]
