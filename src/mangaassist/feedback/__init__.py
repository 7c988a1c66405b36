"""Failed searches in, pairs that a person has judged out.

ReviewStore(engine)    items for reviewers → decisions: leases, votes, undo, agreement
"""

from mangaassist.feedback.agreement import Agreement, cohens_kappa
from mangaassist.feedback.review_items import (
    OPEN_STATES,
    VERDICTS,
    Edit,
    ItemKind,
    ReviewDecision,
    Reviewer,
    ReviewItem,
    Role,
    State,
    Verdict,
)
from mangaassist.feedback.review_store import LEASE_S, ReviewStore

__all__ = [
    "LEASE_S",
    "OPEN_STATES",
    "VERDICTS",
    "Agreement",
    "Edit",
    "ItemKind",
    "ReviewDecision",
    "ReviewItem",
    "ReviewStore",
    "Reviewer",
    "Role",
    "State",
    "Verdict",
    "cohens_kappa",
]
