"""What a reviewer is shown and what they decide, as values: items, decisions, and who may see what.

An item is one question that a person answers in seconds, with everything they need to answer it and where it came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, get_args

from pydantic import ConfigDict, TypeAdapter

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId

Role = Literal["reviewer", "admin"]
ItemKind = Literal["positive", "negative", "lexicon", "gap", "synthetic"]
Verdict = Literal["accept", "edit", "reject", "skip"]
Action = Literal["accept", "edit", "reject", "skip", "undo"]
State = Literal["open", "half", "disputed", "accepted", "rejected", "erased"]

OPEN_STATES: Final[tuple[State, ...]] = ("open", "half", "disputed")
VERDICTS: Final[tuple[Verdict, ...]] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Who decides. An admin also sees private items, and settles what two reviewers dispute."""

    name: str
    role: Role = "reviewer"

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise DataError("a reviewer has no name; say who decides: every decision is attributed")
        if self.role not in get_args(Role):
            raise DataError(f"role is {self.role!r}; a reviewer is one of {', '.join(get_args(Role))}")


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One question for a reviewer.

    kind: `positive` (does this document answer these texts?), `negative` (is it a lookalike, to be pushed away from
        them?), `lexicon` (does this phrase mean these facets?), `gap` (does nobody stock this?), `synthetic` (would a
        shopper type this text for this document?).
    texts: the queries it is about, the most typed first.  reason: one sentence for the reviewer.
    evidence: text → ids of the logged searches in which it failed.  details: headings, facets, scores, for display.
    rank: how soon it is shown, larger first.  is_private: for admins only.
    needs: how many reviewers must agree.  state: what the decisions so far amount to.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    id: str
    kind: ItemKind
    reason: str
    texts: tuple[str, ...] = ()
    doc_id: DocId | None = None
    phrase: str | None = None
    facets: tuple[str, ...] = ()
    cluster_id: str | None = None
    evidence: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    rank: float = 0.0
    is_private: bool = False
    needs: int = 1
    state: State = "open"


@dataclass(frozen=True, slots=True)
class Edit:
    """What a reviewer puts in place of what was proposed; None leaves it as it is.

    texts must be among those of the item: nobody can train a text that no log line stands behind.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    doc_id: DocId | None = None
    texts: tuple[str, ...] | None = None
    facets: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class ReviewDecision:
    """One line of the log of decisions, which only grows.

    sequence: its number.  undoes: of an `undo`, the number of the decision that it takes back.
    batch: decisions that were taken with one keystroke, and are undone with one, share it.
    """

    sequence: int
    item_id: str
    reviewer: str
    role: Role
    action: Action
    at: datetime
    batch: str
    undoes: int | None = None
    edit: Edit | None = None
    note: str = ""


_ITEM: Final = TypeAdapter(ReviewItem)
_EDIT: Final = TypeAdapter(Edit)


def item_as_json(item: ReviewItem) -> str:
    """The item as its row keeps it."""
    return _ITEM.dump_json(item).decode()


def item_from_json(content: str) -> ReviewItem:
    """The item of a row."""
    return _ITEM.validate_json(content)


def edit_as_json(edit: Edit) -> str:
    """The edit as its row keeps it."""
    return _EDIT.dump_json(edit).decode()


def edit_from_json(content: str) -> Edit:
    """The edit of a row."""
    return _EDIT.validate_json(content)


def check_edit(item: ReviewItem, verdict: Verdict, edit: Edit | None) -> None:
    """Nothing, if the edit is one that this item can have; else raises DataError that says what to do."""
    if (verdict == "edit") != (edit is not None):
        raise DataError(f"{item.id}: verdict {verdict!r} with edit {edit!r}; an edit comes with the verdict `edit`")
    if edit is None:
        return
    if item.kind in ("synthetic", "gap"):
        raise DataError(f"{item.id}: a {item.kind} item cannot be edited; accept it, reject it or skip it")
    if edit == Edit():
        raise DataError(f"{item.id}: the edit changes nothing; accept the item instead")
    if item.kind == "lexicon" and (edit.doc_id or edit.texts is not None):
        raise DataError(f"{item.id}: of a lexicon item only the facets can be edited")
    if item.kind != "lexicon" and edit.facets is not None:
        raise DataError(f"{item.id}: only lexicon items have facets to edit; name another document or fewer texts")
    unknown = sorted(set(edit.texts or ()) - set(item.texts))
    if unknown or edit.texts == () or edit.facets == ():
        told = f"{unknown[0]!r} is not one of its texts" if unknown else "the edit leaves nothing"
        raise DataError(f"{item.id}: {told}; keep at least one of what was proposed, or reject the item")
