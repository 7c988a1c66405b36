"""What is known of a failed search in, why it failed out: only `wording` and `retrieval` can teach an adapter."""

from typing import Final, Literal

Cause = Literal["routing", "wording", "retrieval", "catalogue_gap"]
Reason = Literal["low_score", "reformulated", "no_click", "foreign_words", "uncertain_intent"]

TEACHABLE: Final[tuple[Cause, ...]] = ("wording", "retrieval")
REASONS: Final[tuple[Reason, ...]] = ("low_score", "reformulated", "no_click", "foreign_words", "uncertain_intent")


def cause_of(
    *,
    intent: str | None,
    is_uncertain: bool,
    is_other_kind_clicked: bool,
    is_far_from_all: bool,
    is_clicked_later: bool,
    is_foreign: bool,
) -> Cause:
    """Why a search failed, the first that fits.

    routing: its intent was uncertain or `other`, or the next try's click was on a kind of document that this search did
        not look through.
    catalogue_gap: nothing in the catalogue is near its text, and no other try found anything either.
    wording: it is worded otherwise than the catalogue, or other words found something.
    retrieval: what is left: the words were the catalogue's, and the ranking wrong.
    """
    if is_uncertain or intent == "other" or is_other_kind_clicked:
        return "routing"
    if is_far_from_all and not is_clicked_later:
        return "catalogue_gap"
    return "wording" if is_foreign or is_clicked_later else "retrieval"
