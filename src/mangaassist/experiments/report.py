"""An experiment and what is retained of it in, its report out: as JSON, and safe to look at every day."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from scipy.stats import binomtest

from mangaassist.data import Workspace, articles, titles
from mangaassist.experiments.definition import Experiment, Kind
from mangaassist.experiments.estimates import Estimate, estimate
from mangaassist.experiments.outcomes import arm_differences, arm_outcome, preference
from mangaassist.experiments.retained import LoggedQuery, Session, Sessions, latencies, retained_sessions
from mangaassist.experiments.starting import experiment_named, state_of
from mangaassist.loop import registry_of

SHOWN_CHANGES: Final = 10
SUSPICIOUS: Final = 0.001
"""A split of sessions over the arms that chance gives more rarely than this is a fault, not chance."""

VERDICTS: Final = {1: "the candidate is better", -1: "live is better", 0: "undecided"}


def report_experiment(workspace: Workspace, name: str | None, *, now: datetime, click_s: float) -> dict[str, Any]:
    """The report of the experiment of this name, the latest where none is said. Raises DataError where there is none.

    click_s: how long after a query a click counts.
    """
    experiment = experiment_named(workspace, name)
    sessions = retained_sessions(workspace, experiment, now=now.timestamp(), click_s=click_s)
    queries = [query for session in sessions.over for query in session.queries]
    result = RESULTS[experiment.kind](experiment, sessions.over)
    if experiment.kind == "shadow":
        result["worst"] = _worst(queries, _headings(workspace))
    return {
        "experiment": experiment.model_dump(mode="json"),
        "state": state_of(experiment, registry_of(workspace).aliases().live),
        "as_of": now.astimezone(UTC).isoformat(timespec="seconds"),
        "sessions": _counts(sessions, queries),
        "result": result,
    }


def _counts(sessions: Sessions, queries: Sequence[LoggedQuery]) -> dict[str, int]:
    return {
        "over": len(sessions.over),
        "open": sessions.open_sessions,
        "queries": len(queries),
        "late_queries": sessions.late_queries,
    }


def interleaving_result(_experiment: Experiment, sessions: Sequence[Session]) -> dict[str, Any]:
    """Which team sessions prefer.

    preference: (sessions for the candidate − sessions for live) ÷ sessions with a click, in [−1, 1]: a tie is half a
    session for each. It is twice Chapelle et al. 2012's Δ.
    """
    said = [found for session in sessions if (found := preference(session)) is not None]
    values = [found.value for found in said]
    earned = Counter[str]()
    for found in said:
        earned.update(found.credits)
    return {
        "preference": _told(estimate(values, low=-1.0, high=1.0)),
        "sessions_with_a_click": len(said),
        "sessions_for": {"candidate": values.count(1), "live": values.count(-1), "neither": values.count(0)},
        "credited_clicks": {team: earned[team] for team in ("candidate", "live", "both")},
        "not_interleaved": _outcomes(sessions, served="interleaved"),
        "latency_ms": {
            "interleaved": _quantiles(latencies([each for session in sessions for each in session.queries]))
        },
    }


def canary_result(experiment: Experiment, sessions: Sequence[Session]) -> dict[str, Any]:
    """What the candidate changes in the share of sessions with a click; sessions by the arm they were drawn for."""
    outcomes = [arm_outcome(session) for session in sessions]
    bound = 1 / min(experiment.share, 1 - experiment.share)
    drawn = sum(outcome.is_candidates for outcome in outcomes)
    is_candidates = np.array([outcome.is_candidates for outcome in outcomes], dtype=bool)
    has_clicked = np.array([outcome.has_clicked for outcome in outcomes], dtype=bool)
    values = arm_differences(is_candidates, has_clicked, share=experiment.share)
    found = estimate(values, low=-bound, high=bound)
    chance = binomtest(drawn, len(outcomes), experiment.share).pvalue if outcomes else 1.0
    arms = {}
    for arm, is_theirs in (("live", False), ("candidate", True)):
        theirs = [outcome for outcome in outcomes if outcome.is_candidates == is_theirs]
        queries = [
            query for session in sessions for query in session.queries if query.line["experiment"].get("arm") == arm
        ]
        clicked = sum(outcome.has_clicked for outcome in theirs)
        arms[arm] = {
            "sessions": len(theirs),
            "with_a_click": _share(clicked, len(theirs)),
            "without_a_click": _share(len(theirs) - clicked, len(theirs)),
            "latency_ms": _quantiles(latencies(queries)),
        }
    candidates = [session for session in sessions if arm_outcome(session).is_candidates]
    return {
        "difference": _told(found),
        "arms": arms,
        "not_the_candidates": _outcomes(candidates, served="candidate"),
        "split": {
            "expected": experiment.share,
            "p_value": round(float(chance), 6),
            "is_suspicious": chance < SUSPICIOUS,
        },
    }


def shadow_result(_experiment: Experiment, sessions: Sequence[Session]) -> dict[str, Any]:
    """How far the candidate's answers are from live's, and how long each took."""
    measures: dict[str, Callable[[Mapping[str, Any]], float]] = {
        "overlap_at_3": lambda line: line["overlap_at_3"],
        "rank_biased_overlap": lambda line: line["rank_biased_overlap"],
        "changed_at_1": lambda line: line["live"]["results"][:1] != line["candidate"]["results"][:1],
        "changed_at_3": lambda line: line["overlap_at_3"] < 1,
        "candidate_took_longer": lambda line: line["candidate"]["latency_ms"] > line["live"]["latency_ms"],
    }
    found: dict[str, Any] = {}
    for name, measure in measures.items():
        means = [float(np.mean([measure(query.line) for query in session.queries])) for session in sessions]
        told = _told(estimate(means, low=0.0, high=1.0))
        found[name] = told and {key: told[key] for key in ("estimate", "interval", "alpha", "sessions")}
    lines = [query.line for session in sessions for query in session.queries]
    spent = {name: [float(line[name]["latency_ms"]) for line in lines] for name in ("live", "candidate")}
    differences = [one - other for one, other in zip(spent["candidate"], spent["live"], strict=True)]
    return {
        **found,
        "latency_ms": {name: _quantiles(each) for name, each in {**spent, "difference": differences}.items()},
    }


RESULTS: Final[Mapping[Kind, Callable[[Experiment, Sequence[Session]], dict[str, Any]]]] = {
    "shadow": shadow_result,
    "interleave": interleaving_result,
    "canary": canary_result,
}


def _told(found: Estimate | None) -> dict[str, Any] | None:
    return None if found is None else {**found.as_json(), "verdict": VERDICTS[found.sign]}


def _outcomes(sessions: Sequence[Session], *, served: str) -> dict[str, int]:
    """Queries of the share that were answered by live alone: the candidate failed, or the encoder was away."""
    about = [query.line["experiment"] for session in sessions for query in session.queries]
    others = [each for each in about if each.get("served") != served]
    failed = sum(bool(each.get("has_failed")) for each in others)
    return {"queries": len(others), "candidate_failed": failed}


def _worst(queries: Sequence[LoggedQuery], headings: Mapping[str, str]) -> list[dict[str, Any]]:
    """The queries whose answers have least in common, each text once."""
    ordered = sorted(queries, key=lambda query: (query.line["rank_biased_overlap"], query.at, query.query_id))
    by_text = {str(query.line["query"]): query.line for query in reversed(ordered)}
    changed = sorted(by_text.values(), key=lambda line: (line["rank_biased_overlap"], line["query"]))
    return [
        {
            "query": line["query"],
            "rank_biased_overlap": line["rank_biased_overlap"],
            **{
                name: [headings.get(each, each) for each in line[name]["results"][:3]] for name in ("live", "candidate")
            },
        }
        for line in changed[:SHOWN_CHANGES]
        if line["rank_biased_overlap"] < 1
    ]


def _headings(workspace: Workspace) -> dict[str, str]:
    named = {title.title_id: title.title for title in titles(workspace)}
    return named | {article.article_id: article.title for article in articles(workspace)}


def _quantiles(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {f"p{percent}": round(float(np.percentile(values, percent)), 3) for percent in (50, 99)}


def _share(count: int, of: int) -> float | None:
    return round(count / of, 6) if of else None
