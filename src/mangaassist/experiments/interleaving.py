"""Two rankings of one query and a seed in, one list out in which each slot is drafted by one of them: a team.

    while a slot is free: a coin says who picks first; each in turn picks its best document that is not in the list

Source: Radlinski, Kurup and Joachims 2008, "How does clickthrough data reflect retrieval quality?", algorithm 2. Ours:
what both rankings begin with, document for document, is drafted by neither (`both`) and earns neither a credit; a coin
would decide about these clicks, and add noise only. The coins are bits of a hash, so that a list can be made again.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from mangaassist.core.types import DocId

Team = Literal["live", "candidate", "both"]
TEAMS: Final[tuple[Team, ...]] = ("live", "candidate", "both")


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of the list, from 1. live, candidate: where each ranking has the document, None where it has not."""

    position: int
    id: DocId
    team: Team
    live: int | None
    candidate: int | None

    def as_json(self) -> dict[str, Any]:
        """As it stands in the log."""
        return asdict(self)


def team_draft(live: Sequence[DocId], candidate: Sequence[DocId], *, k: int, seed: str) -> list[Slot]:
    """The first `k` slots, each document once. seed: what the coins hang on, e.g. salt and query id."""
    places = {team: {doc_id: place for place, doc_id in enumerate(ranking, start=1)} for team, ranking in
              (("live", live), ("candidate", candidate))}  # fmt: skip
    picks: list[tuple[DocId, Team]] = [(doc_id, "both") for doc_id in _shared_start(live, candidate)[:k]]
    taken, rounds = {doc_id for doc_id, _ in picks}, 0
    while len(picks) < k:
        before = len(picks)
        for team in _order(seed, rounds):
            ranking = live if team == "live" else candidate
            pick = next((doc_id for doc_id in ranking if doc_id not in taken), None)
            if pick is not None and len(picks) < k:
                picks.append((pick, team))
                taken.add(pick)
        rounds += 1
        if len(picks) == before:
            break
    return [
        Slot(position, doc_id, team, places["live"].get(doc_id), places["candidate"].get(doc_id))
        for position, (doc_id, team) in enumerate(picks, start=1)
    ]


def _shared_start(live: Sequence[DocId], candidate: Sequence[DocId]) -> list[DocId]:
    shared: list[DocId] = []
    for one, other in zip(live, candidate, strict=False):
        if one != other:
            break
        shared.append(one)
    return shared


def _order(seed: str, round_number: int) -> tuple[Team, Team]:
    """Who picks first in this round, and who then."""
    bit = hashlib.sha256(f"{seed}\0{round_number}".encode()).digest()[0] & 1
    return ("live", "candidate") if bit else ("candidate", "live")
