"""What sessions say: credits by hand, what counts and what does not, and the honest difference of two arms."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from mangaassist.experiments.confidence import confidence_sequence
from mangaassist.experiments.estimates import estimate
from mangaassist.experiments.interleaving import Team
from mangaassist.experiments.outcomes import ArmOutcome, arm_differences, arm_outcome, preference
from mangaassist.experiments.retained import LoggedQuery, Session, logged_queries, sessions_of

CLICK_S = 1800.0
TEAMS: dict[str, Team] = {"a": "both", "b": "live", "c": "candidate", "d": "live", "e": "candidate"}


def query(query_id: str, unit: str = "s", at: float = 0.0, **experiment: Any) -> LoggedQuery:
    return LoggedQuery(query_id, unit, at, {"experiment": experiment}, TEAMS)


def clicked(*by_query: str) -> Session:
    queries = tuple(query(f"q{number}", at=number) for number in range(len(by_query)))
    return Session("s", queries, {f"q{number}": frozenset(found) for number, found in enumerate(by_query)})


@pytest.mark.parametrize(
    ("by_query", "value"),
    [
        (("c",), 1), (("b",), -1), (("bc",), 0), (("a",), 0), (("ce",), 1), (("bce",), 1), (("ac",), 1),
        (("c", "b"), 0), (("c", "b", "d"), -1), (("ce", "b"), 0), (("x", "c"), 1),
    ],
)  # fmt: skip
def test_a_session_prefers_whom_more_of_its_queries_prefer(by_query: Sequence[str], value: int) -> None:
    found = preference(clicked(*by_query))

    assert found is not None
    assert found.value == value


@pytest.mark.parametrize("by_query", [("",), ("x",), ("", "")])
def test_a_session_without_a_click_on_a_slot_says_nothing(by_query: Sequence[str]) -> None:
    assert preference(clicked(*by_query)) is None


def test_clicks_are_counted_by_team() -> None:
    found = preference(clicked("abc", "e"))

    assert found is not None
    assert found.credits == {"live": 1, "candidate": 2, "both": 1}


def test_a_query_that_live_answered_alone_earns_nobody_a_credit() -> None:
    session = Session("s", (LoggedQuery("q", "s", 0.0, {"experiment": {"served": "live"}}),), {"q": frozenset("a")})

    assert preference(session) is None


def test_sessions_are_ordered_by_their_beginning_and_closed_after_two_hours() -> None:
    queries = [
        query("q3", "late", 500.0),
        query("q1", "s", 100.0),
        query("q2", "s", 7_300.0),
        query("q4", "s", 7_301.0),
    ]
    clicks = [("q1", "c", 1_900.0), ("q1", "b", 1_901.0), ("q2", "c", 7_400.0), ("q4", "c", 7_400.0), ("?", "c", 0.0)]

    found = sessions_of(queries, clicks, now=100.0 + 7_200 + CLICK_S, click_s=CLICK_S)

    assert [session.unit for session in found.over] == ["s"]
    assert (found.open_sessions, found.late_queries) == (1, 1)
    assert found.over[0].clicked == {"q1": frozenset("c"), "q2": frozenset("c")}
    assert sessions_of(queries, (), now=1e9, click_s=CLICK_S).over[1].unit == "late"


def test_what_a_look_has_counted_no_later_look_counts_otherwise() -> None:
    rng = np.random.default_rng(0)
    queries = [query(f"q{n}", f"s{rng.integers(40)}", float(rng.uniform(0, 90_000))) for n in range(300)]
    clicks = [(each.query_id, "bcde"[rng.integers(4)], each.at + float(rng.uniform(0, 3_000))) for each in queries]

    def looked(now: float) -> list[tuple[str, int | None]]:
        """With only what had happened by then."""
        seen = [each for each in queries if each.at <= now]
        over = sessions_of(seen, [each for each in clicks if each[2] <= now], now=now, click_s=CLICK_S).over
        said = [(session.unit, preference(session)) for session in over]
        return [(unit, None if found is None else found.value) for unit, found in said]

    looks = [looked(now) for now in range(10_000, 120_000, 5_000)]

    assert all(later[: len(earlier)] == earlier for earlier, later in itertools.pairwise(looks))
    assert len(looks[-1]) == 40


def test_a_repeated_line_is_one_query_and_the_unit_is_session_else_client_else_query() -> None:
    about = {"experiment": {"name": "x"}, "timestamp": "2026-11-05T12:00:00Z"}
    lines: list[dict[str, Any]] = [
        {**about, "query_id": "q1", "session": "s", "client": "c"},
        {**about, "query_id": "q1", "session": "s", "client": "c", "recall_at_3_hit": True},
        {**about, "query_id": "q2", "session": None, "client": "c"},
        {**about, "query_id": "q3"},
        {**about, "query_id": "q4", "experiment": {"name": "y"}},
        {**about, "query_id": "q5", "timestamp": "noon"},
        {**about, "query_id": None},
        {"query_id": "q6"},
    ]

    assert [(each.query_id, each.unit) for each in logged_queries(lines, "x")] == [
        ("q1", "s"),
        ("q2", "c"),
        ("q3", "q3"),
    ]


def test_the_arm_is_what_was_drawn_whatever_was_sent() -> None:
    about: dict[str, Any] = {"arm": "candidate", "served": "live", "has_failed": True}
    session = Session("s", (query("q", **about),), {"q": frozenset()})

    assert arm_outcome(session) == ArmOutcome(is_candidates=True, has_clicked=False)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_the_mean_of_the_arm_differences_is_what_the_candidate_changes_though_clicks_come_and_go(share: float) -> None:
    """Live's share of sessions with a click swings between .3 and .7, the candidate adds .1."""
    rng, means = np.random.default_rng(1), []
    for _ in range(200):
        drawn = rng.random(1000) < share
        rate = 0.5 + 0.2 * np.sin(np.arange(1000) / 100) + 0.1 * drawn
        means.append(np.mean(arm_differences(drawn, rng.random(1000) < rate, share=share)))

    error = np.std(means) / np.sqrt(len(means))
    assert abs(np.mean(means) - 0.1) < 3 * error
    assert np.std(means) < 1.15 * 0.5 / np.sqrt(1000 * share * (1 - share))


def test_no_session_gives_no_estimate_and_one_gives_a_wide_one() -> None:
    assert estimate([], low=-1, high=1) is None
    found = estimate([1.0], low=-1, high=1)
    assert found is not None
    assert (found.mean, found.low, found.high, found.sign, found.first_outside) == (1.0, -1.0, 1.0, 0, None)


def test_the_sessions_still_missing_are_about_those_that_are_then_needed() -> None:
    rng = np.random.default_rng(3)
    values = np.where(rng.random(4000) < 0.55, 1.0, -1.0)
    early = estimate(values[:300].tolist(), low=-1, high=1)
    assert early is not None
    assert early.more_sessions is not None

    pattern = values[:300].tolist() * 40
    needed = estimate(pattern, low=-1, high=1)

    assert needed is not None
    assert needed.first_outside is not None
    assert needed.first_outside == pytest.approx(300 + early.more_sessions, rel=0.25)


def test_where_nothing_differs_there_is_no_end_in_sight() -> None:
    found = estimate([1.0, -1.0], low=-1, high=1)

    assert found is not None
    assert (found.mean, found.more_sessions) == (0.0, None)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_canary_that_changes_nothing_cries_wolf_in_at_most_five_percent_of_runs_looked_at_daily(share: float) -> None:
    """Sixty days of forty sessions; the share of sessions with a click swings with the weeks."""
    rng, alarms, bound = np.random.default_rng(5), 0, 1 / min(share, 1 - share)
    rate = 0.5 + 0.3 * np.sin(2 * np.pi * np.arange(2400) / 280)
    looks = 40 * np.arange(1, 61) - 1
    for _ in range(500):
        values = arm_differences(rng.random(2400) < share, rng.random(2400) < rate, share=share)
        alarms += bool(confidence_sequence(values, low=-bound, high=bound).excludes(0.0)[looks].any())

    assert alarms / 500 <= 0.05
