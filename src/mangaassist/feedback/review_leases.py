"""A reviewer in, the items that only they may decide on for a while out: two people never look at the same one.

All of it runs inside a transaction that holds the write lock, so that what is read stays true until it is written.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, exists, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from mangaassist.feedback.review_items import ItemKind, Reviewer
from mangaassist.feedback.review_tables import DECISIONS, ITEMS, LEASES, as_text


def lease_next(
    connection: Connection,
    reviewer: Reviewer,
    *,
    now: datetime,
    until: datetime,
    count: int,
    kinds: Collection[ItemKind] = (),
    cluster_id: str | None = None,
) -> list[str]:
    """The ids of up to `count` items that are now this reviewer's: those they have already, then new ones.

    New ones: open to them, in nobody else's hands, the highest rank first; those they skipped come last.
    """
    connection.execute(delete(LEASES).where(LEASES.c.until <= as_text(now)))
    wanted = _open_to(reviewer)
    if kinds:
        wanted.append(ITEMS.c.kind.in_(list(kinds)))
    if cluster_id is not None:
        wanted.append(ITEMS.c.cluster_id == cluster_id)
    theirs = exists().where(LEASES.c.item_id == ITEMS.c.id, LEASES.c.reviewer == reviewer.name)
    others = exists().where(LEASES.c.item_id == ITEMS.c.id, LEASES.c.reviewer != reviewer.name)
    skipped = _skips(reviewer)
    query = (
        select(ITEMS.c.id)
        .where(*wanted, ~others)
        .order_by(theirs.desc(), skipped, ITEMS.c.rank.desc(), ITEMS.c.id)
        .limit(count)
    )
    chosen = list(connection.execute(query).scalars())
    take(connection, reviewer, chosen, until=until)
    return chosen


def take(connection: Connection, reviewer: Reviewer, item_ids: Sequence[str], *, until: datetime) -> None:
    """Put items that nobody else holds into the reviewer's hands, or keep them there for longer."""
    if item_ids:
        rows = [{"item_id": each, "reviewer": reviewer.name, "until": as_text(until)} for each in item_ids]
        statement = upsert(LEASES)
        longer = {"reviewer": statement.excluded.reviewer, "until": statement.excluded.until}
        connection.execute(statement.on_conflict_do_update(index_elements=["item_id"], set_=longer), rows)


def give_back(connection: Connection, reviewer: Reviewer, item_id: str | None = None) -> int:
    """How many items the reviewer let go: one, or all."""
    which = [LEASES.c.reviewer == reviewer.name] + ([] if item_id is None else [LEASES.c.item_id == item_id])
    return connection.execute(delete(LEASES).where(*which)).rowcount


def holder_of(connection: Connection, item_id: str, now: datetime) -> Row[Any, Any] | None:
    """(reviewer, until) of whoever holds the item now."""
    held = select(LEASES.c.reviewer, LEASES.c.until).where(LEASES.c.item_id == item_id, LEASES.c.until > as_text(now))
    return connection.execute(held).first()


def _open_to(reviewer: Reviewer) -> list[Any]:
    """The conditions on ITEMS: undecided, not voted on by this reviewer, and allowed to them."""
    states = ["open", "half", *(["disputed"] if reviewer.role == "admin" else [])]
    undone = select(DECISIONS.c.undoes).where(DECISIONS.c.undoes.is_not(None))
    voted = exists().where(
        DECISIONS.c.item_id == ITEMS.c.id,
        DECISIONS.c.reviewer == reviewer.name,
        DECISIONS.c.action.in_(["accept", "edit", "reject"]),
        DECISIONS.c.sequence.not_in(undone),
    )
    conditions: list[Any] = [ITEMS.c.state.in_(states), or_(ITEMS.c.state == "disputed", ~voted)]
    if reviewer.role != "admin":
        conditions.append(~ITEMS.c.is_private)
    return conditions


def _skips(reviewer: Reviewer) -> Any:
    """How often the reviewer skipped the item, as a column: what was skipped comes back after the rest."""
    undone = select(DECISIONS.c.undoes).where(DECISIONS.c.undoes.is_not(None))
    return (
        select(func.count())
        .where(
            and_(
                DECISIONS.c.item_id == ITEMS.c.id,
                DECISIONS.c.reviewer == reviewer.name,
                DECISIONS.c.action == "skip",
                DECISIONS.c.sequence.not_in(undone),
            )
        )
        .scalar_subquery()
    )
