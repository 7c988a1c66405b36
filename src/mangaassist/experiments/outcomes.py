"""A session in; out, what it says: which team it preferred (interleaving), whether it clicked in which arm (canary)."""

from dataclasses import dataclass

import numpy as np

from mangaassist.experiments.confidence import Bools, Floats
from mangaassist.experiments.interleaving import TEAMS, Team
from mangaassist.experiments.retained import LoggedQuery, Session


@dataclass(frozen=True, slots=True)
class Preference:
    """What a session's clicks on interleaved results say. credits: clicks of its queries by the team of their slot.

    value: 1 if more of its queries preferred the candidate than live, −1 the reverse, 0 for a tie.
    """

    value: int
    credits: dict[Team, int]


def preference(session: Session) -> Preference | None:
    """The session's preference; None if nothing was clicked of an interleaved answer.

    A query prefers the team with more credited clicks; a document counts once, however often it was clicked.
    """
    by_query = [_credits(query, session.clicked[query.query_id]) for query in session.queries]
    earned = {team: sum(found[team] for found in by_query) for team in TEAMS}
    if not any(earned.values()):
        return None
    return Preference(_sign(sum(_sign(found["candidate"] - found["live"]) for found in by_query)), earned)


def _credits(query: LoggedQuery, clicked: frozenset[str]) -> dict[Team, int]:
    teams = [query.teams[document] for document in clicked if document in query.teams]
    return {team: teams.count(team) for team in TEAMS}


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


@dataclass(frozen=True, slots=True)
class ArmOutcome:
    """A session of a canary: whether it was drawn for the candidate, and whether anything was clicked in it."""

    is_candidates: bool
    has_clicked: bool


def arm_outcome(session: Session) -> ArmOutcome:
    """What a canary session says; its arm is what was drawn, whatever was sent."""
    arm = session.queries[0].line["experiment"].get("arm")
    return ArmOutcome(arm == "candidate", any(session.clicked.values()))


def arm_differences(is_candidates: Bools, has_clicked: Bools, *, share: float) -> Floats:
    """One value per session whose expectation is what the candidate changes in the share of sessions with a click.

    is_candidates, has_clicked: of each session (s,), the first first.  share: how likely one was to be drawn. Values
    lie within ± 1 / min(share, 1 − share). Source: inverse propensity weights around a forecast made of the sessions
    before (doubly robust, as in Waudby-Smith, Wu, Ramdas, Karampatziakis and Mineiro 2022, "Anytime-valid off-policy
    inference for contextual bandits").
    """
    clicked = has_clicked.astype(np.float64)
    before = 0.5 + np.cumsum(clicked) - clicked
    forecast = before / np.arange(1, len(clicked) + 1)
    weights = np.where(is_candidates, 1 / share, -1 / (1 - share))
    values: Floats = weights * (clicked - forecast)
    return values
