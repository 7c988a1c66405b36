"""The decisions on one item in, what they amount to out."""

from collections.abc import Iterable, Sequence

from mangaassist.feedback.review_items import ReviewDecision, State


def effective(decisions: Iterable[ReviewDecision]) -> list[ReviewDecision]:
    """The decisions that stand, the first first: neither undone nor an undo."""
    decisions = list(decisions)
    undone = {each.undoes for each in decisions if each.action == "undo"}
    return [each for each in decisions if each.action != "undo" and each.sequence not in undone]


def votes_of(decisions: Iterable[ReviewDecision]) -> list[ReviewDecision]:
    """The last verdict of every reviewer, in the order they were given; a skip is none."""
    last: dict[str, ReviewDecision] = {}
    for each in effective(decisions):
        if each.action != "skip":
            last.pop(each.reviewer, None)
            last[each.reviewer] = each
    return list(last.values())


def is_yes(vote: ReviewDecision) -> bool:
    """Whether the vote takes the item, edited or not."""
    return vote.action in ("accept", "edit")


def state_of(decisions: Iterable[ReviewDecision], *, needs: int) -> State:
    """What the decisions amount to.

    One reviewer settles an item that needs one. Where two are needed and disagree it is disputed, until an admin votes
    after them; that vote settles it.
    """
    standing = [each for each in effective(decisions) if each.action != "skip"]
    votes = votes_of(standing)
    if not votes:
        return "open"
    if len(votes) < needs:
        return "half"
    last = votes[-1]
    if len({is_yes(vote) for vote in votes}) == 1 or (last.role == "admin" and len(standing) > needs):
        return "accepted" if is_yes(last) else "rejected"
    return "disputed"


def settling_vote(votes: Sequence[ReviewDecision]) -> ReviewDecision:
    """Of the votes on a settled item the one whose content counts: the last edit among those that agree with the last,
    else the last.
    """
    agreeing = [vote for vote in votes if is_yes(vote) == is_yes(votes[-1])]
    return next((vote for vote in reversed(agreeing) if vote.action == "edit"), votes[-1])
