"""Items and decisions in, rows of the workspace's database out, and back.

review_items       one row an item, with what its decisions amount to
review_decisions   every decision ever taken; triggers refuse to change or delete one
review_words       what a decision says in words (an edit, a note), apart so that an erasure can take it out
review_leases      who is looking at an item, and until when
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Select,
    String,
    Table,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.schema import CreateIndex, CreateTable

from mangaassist.feedback.review_items import (
    Action,
    Edit,
    ReviewDecision,
    Reviewer,
    ReviewItem,
    State,
    edit_as_json,
    edit_from_json,
    item_as_json,
    item_from_json,
)

_METADATA: Final = MetaData()
ITEMS: Final = Table(
    "review_items",
    _METADATA,
    Column("id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("cluster_id", String),
    Column("rank", Float, nullable=False),
    Column("is_private", Boolean, nullable=False),
    Column("needs", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("content", String, nullable=False),
    Column("proposed_at", String, nullable=False),
)
DECISIONS: Final = Table(
    "review_decisions",
    _METADATA,
    Column("sequence", Integer, primary_key=True),
    Column("item_id", String, nullable=False),
    Column("reviewer", String, nullable=False),
    Column("role", String, nullable=False),
    Column("action", String, nullable=False),
    Column("at", String, nullable=False),
    Column("batch", String, nullable=False),
    Column("undoes", Integer),
    sqlite_autoincrement=True,
)
WORDS: Final = Table(
    "review_words",
    _METADATA,
    Column("sequence", Integer, primary_key=True),
    Column("edit", String),
    Column("note", String, nullable=False),
)
LEASES: Final = Table(
    "review_leases",
    _METADATA,
    Column("item_id", String, primary_key=True),
    Column("reviewer", String, nullable=False),
    Column("until", String, nullable=False),
)
_INDEXES: Final = (
    Index("review_items_by_state", ITEMS.c.state, ITEMS.c.rank),
    Index("review_items_by_cluster", ITEMS.c.cluster_id),
    Index("review_decisions_by_item", DECISIONS.c.item_id),
    Index("review_decisions_by_reviewer", DECISIONS.c.reviewer),
    Index("review_decisions_undone", DECISIONS.c.undoes),
)
_APPEND_ONLY: Final = tuple(
    f"CREATE TRIGGER IF NOT EXISTS review_decisions_no_{verb.lower()} BEFORE {verb} ON review_decisions "
    "BEGIN SELECT RAISE(ABORT, 'review_decisions only grows'); END"
    for verb in ("UPDATE", "DELETE")
)


def create_tables(connection: Connection) -> None:
    """Make what is absent."""
    for table in _METADATA.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
    for index in _INDEXES:
        connection.execute(CreateIndex(index, if_not_exists=True))
    for trigger in _APPEND_ONLY:
        connection.exec_driver_sql(trigger)


def has_tables(connection: Connection) -> bool:
    """Whether `create_tables` was here."""
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
    return {table.name for table in _METADATA.sorted_tables} <= set(names)


def put_items(connection: Connection, items: Iterable[ReviewItem], at: datetime) -> int:
    """How many items are new. One that is there and that nobody has decided on says what it now says; others stay."""
    known = {row.id: row.state for row in connection.execute(select(ITEMS.c.id, ITEMS.c.state))}
    rows = [_item_row(item, at) for item in items if known.get(item.id, "open") == "open"]
    if rows:
        statement = upsert(ITEMS)
        changed = {name: statement.excluded[name] for name in ("cluster_id", "rank", "is_private", "content")}
        connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed), rows)
    return sum(row["id"] not in known for row in rows)


def _item_row(item: ReviewItem, at: datetime) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "cluster_id": item.cluster_id,
        "rank": item.rank,
        "is_private": item.is_private,
        "needs": item.needs,
        "state": item.state,
        "content": item_as_json(item),
        "proposed_at": as_text(at),
    }


def read_items(connection: Connection, query: Select[Any] | None = None) -> list[ReviewItem]:
    """The items that a select of rows of ITEMS gives, in its order; all of them by id without one."""
    chosen = select(ITEMS).order_by(ITEMS.c.id) if query is None else query
    return [item_of(row) for row in connection.execute(chosen).mappings()]


def item_of(row: RowMapping) -> ReviewItem:
    """The item of a row; its state and its number of votes stand in the row, not in the content."""
    item = item_from_json(row["content"])
    return ReviewItem(
        **{name: getattr(item, name) for name in item.__slots__ if name not in ("state", "needs")},
        state=row["state"],
        needs=row["needs"],
    )


def set_state(connection: Connection, item_id: str, state: State) -> None:
    """Write down what the decisions on an item now amount to."""
    connection.execute(update(ITEMS).where(ITEMS.c.id == item_id).values(state=state))


def append_decision(
    connection: Connection,
    item_id: str,
    reviewer: Reviewer,
    action: Action,
    at: datetime,
    *,
    batch: str,
    undoes: int | None = None,
    edit: Edit | None = None,
    note: str = "",
) -> ReviewDecision:
    """The decision as it was written down."""
    row = {
        "item_id": item_id,
        "reviewer": reviewer.name,
        "role": reviewer.role,
        "action": action,
        "at": as_text(at),
        "batch": batch,
        "undoes": undoes,
    }
    done = connection.execute(insert(DECISIONS).values(row))
    assert done.inserted_primary_key is not None
    sequence = int(done.inserted_primary_key[0])
    if edit is not None or note:
        words = {"sequence": sequence, "edit": edit and edit_as_json(edit), "note": note}
        connection.execute(insert(WORDS).values(words))
    return ReviewDecision(sequence, item_id, reviewer.name, reviewer.role, action, at, batch, undoes, edit, note)


def read_decisions(connection: Connection, *conditions: Any) -> list[ReviewDecision]:
    """The decisions under these conditions on DECISIONS, the first first."""
    joined = DECISIONS.outerjoin(WORDS, DECISIONS.c.sequence == WORDS.c.sequence)
    query = select(*DECISIONS.c, WORDS.c.edit, WORDS.c.note).select_from(joined)
    rows = connection.execute(query.where(*conditions).order_by(DECISIONS.c.sequence)).mappings()
    return [_decision_of(row) for row in rows]


def decisions_by_item(connection: Connection, item_ids: Sequence[str]) -> Mapping[str, list[ReviewDecision]]:
    """Item → its decisions, the first first; an empty list for one that has none."""
    found: dict[str, list[ReviewDecision]] = {item_id: [] for item_id in item_ids}
    for start in range(0, len(item_ids), 500):
        for each in read_decisions(connection, DECISIONS.c.item_id.in_(item_ids[start : start + 500])):
            found[each.item_id].append(each)
    return found


def _decision_of(row: RowMapping) -> ReviewDecision:
    return ReviewDecision(
        sequence=row["sequence"],
        item_id=row["item_id"],
        reviewer=row["reviewer"],
        role=row["role"],
        action=row["action"],
        at=datetime.fromisoformat(row["at"]),
        batch=row["batch"],
        undoes=row["undoes"],
        edit=None if row["edit"] is None else edit_from_json(row["edit"]),
        note=row["note"] or "",
    )


def as_text(at: datetime) -> str:
    """A moment as rows keep it: UTC, of one length, so that they sort as they follow each other."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
