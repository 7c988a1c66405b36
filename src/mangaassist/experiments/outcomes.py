"""A session in; out, what it says: which team it preferred (interleaving), whether it clicked in which arm (canary)."""

from collections.abc import Sequence
from dataclasses import dataclass

from mangaassist.experiments.interleaving import Team
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
    teams: tuple[Team, ...] = ("live", "candidate", "both")
    earned = {team: sum(found[team] for found in by_query) for team in teams}
    if not any(earned.values()):
        return None
    return Preference(_sign(sum(_sign(found["candidate"] - found["live"]) for found in by_query)), earned)


def _credits(query: LoggedQuery, clicked: frozenset[str]) -> dict[Team, int]:
    found: dict[Team, int] = {"live": 0, "candidate": 0, "both": 0}
    for slot in query.line["experiment"].get("slots") or ():
        if slot["id"] in clicked:
            found[slot["team"]] += 1
    return found


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


def arm_differences(outcomes: Sequence[ArmOutcome], *, share: float) -> list[float]:
    """One value per session whose expectation is what the candidate changes in the share of sessions with a click.

    share: how likely a session was to be drawn. Values lie within ± 1 / min(share, 1 − share). Source: inverse
    propensity weights around a forecast made of the sessions before (doubly robust, as in Waudby-Smith, Wu, Ramdas,
    Karampatziakis and Mineiro 2022, "Anytime-valid off-policy inference for contextual bandits").
    """
    values, clicked = [], 0.5
    for number, outcome in enumerate(outcomes, start=1):
        weight = 1 / share if outcome.is_candidates else -1 / (1 - share)
        values.append(weight * (outcome.has_clicked - clicked / number))
        clicked += outcome.has_clicked
    return values
