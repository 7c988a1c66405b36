"""A share of the sessions gets the candidate's answers alone; the report compares the sessions with a click."""

from collections.abc import Callable
from typing import Any

import numpy as np
from experiment_world import CANDIDATE, LIVE, TriedShop, begin, queries_of
from served_shop import click

from mangaassist.data import Workspace
from mangaassist.experiments.report import canary_result
from mangaassist.experiments.retained import LoggedQuery, Session

Start = Callable[..., TriedShop]


def test_a_session_stays_with_one_release_and_the_report_counts_sessions_by_arm(
    nominated: Workspace, tried: Start
) -> None:
    """Sessions of the candidate click; of live's only one in four."""
    shop, queries = tried(), queries_of(nominated)
    experiment = begin(nominated, "canary", share=0.5)
    shop.look()

    for number in range(100):
        answers = [shop.ask(queries[(number + step) % len(queries)], f"s-{number}") for step in range(2)]
        release = CANDIDATE if experiment.draws(f"s-{number}") else LIVE
        assert {answer["release"] for answer in answers} == {release}
        if release == CANDIDATE or number % 4 == 0:
            shop.send(click(answers[1]["query_id"], answers[1]["results"][0]["id"], f"e-{number}"))

    result = shop.report()["result"]
    drawn = sum(experiment.draws(f"s-{number}") for number in range(100))
    assert result["arms"]["candidate"]["sessions"] == drawn
    assert result["arms"]["candidate"]["with_a_click"] == 1.0
    assert result["arms"]["live"]["without_a_click"] > 0.6
    assert result["difference"]["interval"][0] > 0
    assert result["difference"]["verdict"] == "the candidate is better"
    assert not result["split"]["is_suspicious"]


def drawn_sessions(rng: np.random.Generator, share: float, *, lost: float = 0.0) -> list[Session]:
    """Two thousand sessions, of which the candidate's are lost now and then before they are logged."""
    found = []
    for number in range(2000):
        arm = "candidate" if rng.random() < share else "live"
        if arm == "candidate" and rng.random() < lost:
            continue
        line: dict[str, Any] = {"experiment": {"arm": arm, "served": arm}, "latency_ms": 1.0}
        query = LoggedQuery(f"q{number}", f"s{number}", number, line)
        found.append(Session(query.unit, (query,), {query.query_id: frozenset("a" if rng.random() < 0.5 else "")}))
    return found


def test_arms_that_lose_sessions_are_suspicious(nominated: Workspace) -> None:
    experiment, rng = begin(nominated, "canary", share=0.2), np.random.default_rng(0)

    whole = canary_result(experiment, drawn_sessions(rng, 0.2))
    leaking = canary_result(experiment, drawn_sessions(rng, 0.2, lost=0.3))

    assert not whole["split"]["is_suspicious"]
    assert whole["difference"]["verdict"] == "undecided"
    assert leaking["split"]["is_suspicious"]
