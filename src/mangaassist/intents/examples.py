"""A message in with what is known of its intent, what trains out; and the small talk that every training adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from mangaassist.core.intent_kinds import KINDS_OF
from mangaassist.core.types import DocumentKind, GroupId, Intent

ExampleSource = Literal["judged", "log", "built_in"]


@dataclass(frozen=True, slots=True)
class IntentExample:
    """One message with its intent.

    source: a person's judgement, the shop's own router in the search log, or our list of other messages.
    group: near-duplicates and whatever else hangs together; never trains and validates at once.
    needed: the kinds of the documents that answer it, as far as judged; none where nothing answers it.
    """

    text: str
    intent: Intent
    source: ExampleSource
    group: GroupId
    needed: frozenset[DocumentKind]


def kinds_needed(intent: Intent, judged: Sequence[DocumentKind] = ()) -> frozenset[DocumentKind]:
    """The kinds of the documents judged relevant; where nobody judged, all that the intent may need."""
    if intent == "other":
        return frozenset()
    return frozenset(judged or KINDS_OF[intent])


def other_messages() -> list[str]:
    """Greetings, thanks, small talk, complaints and requests that are no shop's business.

    A search log has few of them, because whatever reaches the search was routed there. English, Japanese and romanised.
    """
    content = (resources.files("mangaassist.intents") / "other_messages.txt").read_text(encoding="utf-8")
    return [line for line in content.splitlines() if line.strip()]
