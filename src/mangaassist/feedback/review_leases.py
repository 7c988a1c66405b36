"""A reviewer in, the items that only they may decide on for a while out: two people never look at the same one.

All of it runs inside a transaction that holds the write lock, so that what is read stays true until it is written.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select
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
    held = {row.item_id: row.reviewer for row in connection.execute(select(LEASES.c.item_id, LEASES.c.reviewer))}
    voted, skipped = _said(connection, reviewer)
    query = select(ITEMS.c.id, ITEMS.c.state).where(*_open_to(reviewer, kinds, cluster_id))
    chosen: list[str] = []
    later: list[str] = []
    own = [name for name, holder in held.items() if holder == reviewer.name]
    mine = query.where(ITEMS.c.id.in_(own)).order_by(ITEMS.c.rank.desc(), ITEMS.c.id) if own else None
    for rows in (mine, query.order_by(ITEMS.c.rank.desc(), ITEMS.c.id)):
        for item_id, state in connection.execute(rows) if rows is not None else ():
            if len(chosen) == count:
                break
            if held.get(item_id, reviewer.name) != reviewer.name or (item_id in voted and state != "disputed"):
                continue
            if item_id in skipped:
                later.append(item_id)
            elif item_id not in chosen:
                chosen.append(item_id)
    later = sorted(dict.fromkeys(later), key=lambda item_id: skipped[item_id])
    chosen = [*chosen, *later][:count]
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


def _open_to(reviewer: Reviewer, kinds: Collection[ItemKind], cluster_id: str | None) -> list[Any]:
    """The conditions on ITEMS: not settled, of what is asked for, and for this reviewer's eyes."""
    states = ["open", "half", *(["disputed"] if reviewer.role == "admin" else [])]
    conditions: list[Any] = [ITEMS.c.state.in_(states)]
    if reviewer.role != "admin":
        conditions.append(~ITEMS.c.is_private)
    if kinds:
        conditions.append(ITEMS.c.kind.in_(list(kinds)))
    if cluster_id is not None:
        conditions.append(ITEMS.c.cluster_id == cluster_id)
    return conditions


def _said(connection: Connection, reviewer: Reviewer) -> tuple[set[str], dict[str, int]]:
    """The items on which the reviewer's vote stands, and those they skipped, with how often: what was skipped comes
    back after the rest.
    """
    undone = select(DECISIONS.c.undoes).where(DECISIONS.c.undoes.is_not(None))
    standing = select(DECISIONS.c.item_id, DECISIONS.c.action).where(
        DECISIONS.c.reviewer == reviewer.name, DECISIONS.c.action != "undo", DECISIONS.c.sequence.not_in(undone)
    )
    voted: set[str] = set()
    skipped: Counter[str] = Counter()
    for item_id, action in connection.execute(standing):
        if action == "skip":
            skipped[item_id] += 1
        else:
            voted.add(item_id)
    return voted, skipped
