"""How shoppers use the shop, as values."""

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Habits:
    """The defaults make a busy small shop. Shares and chances lie in [0, 1]; a Zipf exponent of 0 is even.

    page_size: results a page.  popularity_mix, exploration: see the logging policy.
    another_need, reformulate: chances to go on after a need, and after a search without a relevant click.
    most_tries: searches for one need.
    wrong_intent, uncertain_intent: shares of searches that the router sends to `other`, or is unsure of.
    bot_share: of the sessions.
    """

    start: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    days: int = 60
    clients: int = 3_000
    client_zipf: float = 0.6
    need_zipf: float = 0.8
    form_zipf: float = 0.8
    page_size: int = 10
    popularity_mix: float = 0.15
    exploration: float = 0.05
    another_need: float = 0.35
    reformulate: float = 0.45
    most_tries: int = 3
    wrong_intent: float = 0.03
    uncertain_intent: float = 0.05
    bot_share: float = 0.002
    release: str = "embed-adapter-v00"
