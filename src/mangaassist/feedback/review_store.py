"""Proposed items in, a queue for several reviewers and a log of their decisions out, in the workspace's database.

Every change is one transaction that holds SQLite's write lock from its first statement: two processes never hand out
the same item, and a decision is either in the log or an error that says whose item it was.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import Connection, Engine, func, select

from mangaassist.core.errors import DataError, ReviewConflict, WorkspaceError
from mangaassist.core.transactions import Transactions
from mangaassist.feedback.agreement import Agreement, agreements
from mangaassist.feedback.review_items import (
    OPEN_STATES,
    Action,
    Edit,
    ItemKind,
    ReviewDecision,
    Reviewer,
    ReviewItem,
    State,
    Verdict,
    check_edit,
)
from mangaassist.feedback.review_leases import give_back, holder_of, lease_next, take
from mangaassist.feedback.review_states import effective, is_yes, settling_vote, state_of, votes_of
from mangaassist.feedback.review_tables import (
    DECISIONS,
    ITEMS,
    append_decision,
    create_tables,
    decisions_by_item,
    has_tables,
    item_of,
    put_items,
    read_decisions,
    read_items,
    set_state,
)

LEASE_S: Final = 300.0
"""How long an item stays with who was shown it, unless they ask again or decide."""


class ReviewStore:
    """The review queue of one workspace. clock: what time it is, with a zone; every decision carries it."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database, self._clock = Transactions(engine, WorkspaceError, "nothing was decided"), clock
        with self._database.reading() as connection:
            exists = has_tables(connection)
        if not exists:
            with self._database.writing() as connection:
                create_tables(connection)

    def add(self, items: Iterable[ReviewItem]) -> int:
        """How many items are new. One that nobody has decided on is brought up to date; decided ones stay."""
        with self._database.writing() as connection:
            return put_items(connection, items, self._clock())

    def next(
        self,
        reviewer: Reviewer,
        *,
        count: int = 1,
        kinds: Collection[ItemKind] = (),
        cluster_id: str | None = None,
        lease_s: float = LEASE_S,
    ) -> list[ReviewItem]:
        """Up to `count` items that nobody else is looking at, the most useful first; ask for 2 to prefetch one.

        They are the reviewer's for `lease_s` seconds; asking again gives the same ones for longer. Private items go to
        admins only, as do disputed ones; nobody is shown an item twice but after a skip, and then last.
        """
        now = self._clock()
        until = now + timedelta(seconds=lease_s)
        with self._database.writing() as connection:
            chosen = lease_next(
                connection, reviewer, now=now, until=until, count=count, kinds=kinds, cluster_id=cluster_id
            )
            return _items(connection, chosen)

    def decide(
        self, item_id: str, reviewer: Reviewer, verdict: Verdict, *, edit: Edit | None = None, note: str = ""
    ) -> ReviewDecision:
        """The decision, written down. Saying the same again gives the first one: a request may be repeated.

        Raises ReviewConflict if another reviewer holds the item or has decided it, or if this one has voted already
        and a second opinion is asked for; DataError for an edit that the item cannot have.
        """
        with self._database.writing() as connection:
            item = _visible(connection, item_id, reviewer)
            check_edit(item, verdict, edit)
            decisions = read_decisions(connection, DECISIONS.c.item_id == item_id)
            said = _said_before(decisions, reviewer, verdict, edit)
            if said is not None and item.state != "disputed":
                return said
            self._check_free(connection, item, decisions, reviewer, verdict)
            return self._append(connection, item, reviewer, verdict, batch=uuid4().hex, edit=edit, note=note)

    def decide_cluster(
        self, cluster_id: str, reviewer: Reviewer, verdict: Verdict, *, note: str = ""
    ) -> list[ReviewDecision]:
        """One verdict on every positive and negative of a cluster that is open to this reviewer; one `undo` takes all
        of it back.

        Items that somebody else is looking at are left to them.
        """
        if verdict == "edit":
            raise DataError(f"{cluster_id}: a whole cluster cannot be edited; accept, reject or skip it")
        now, batch = self._clock(), uuid4().hex
        with self._database.writing() as connection:
            most = connection.execute(select(func.count()).select_from(ITEMS)).scalar_one()
            kinds: tuple[ItemKind, ...] = ("positive", "negative")
            chosen = lease_next(
                connection, reviewer, now=now, until=now, count=most, kinds=kinds, cluster_id=cluster_id
            )
            items = _items(connection, chosen)
            return [self._append(connection, item, reviewer, verdict, batch=batch, note=note) for item in items]

    def undo(self, reviewer: Reviewer, *, sequence: int | None = None) -> list[ReviewDecision]:
        """The decisions that were taken back: the reviewer's last, with all that was decided by the same keystroke.

        sequence: a certain decision instead; an admin may name anybody's. The items come back into the hands of who
        undid. Empty if there is nothing to undo.
        """
        now = self._clock()
        with self._database.writing() as connection:
            undone, again = self._to_undo(connection, reviewer, sequence), uuid4().hex
            for each in undone:
                note = "" if each.reviewer == reviewer.name else f"decided by {each.reviewer}"
                item = _visible(connection, each.item_id, reviewer)
                self._append(connection, item, reviewer, "undo", batch=again, note=note, undoes=each.sequence)
                if holder_of(connection, item.id, now) is None:
                    take(connection, reviewer, [item.id], until=now + timedelta(seconds=LEASE_S))
            return undone

    def give_back(self, reviewer: Reviewer, item_id: str | None = None) -> int:
        """How many items the reviewer let go, so that others get them at once: one, or all (as at log-out)."""
        with self._database.writing() as connection:
            return give_back(connection, reviewer, item_id)

    def item(self, item_id: str, reviewer: Reviewer) -> ReviewItem:
        """The item as it stands; raises ReviewConflict if there is none, or none that this reviewer may see."""
        with self._database.reading() as connection:
            return _visible(connection, item_id, reviewer)

    def items(
        self,
        *,
        kinds: Collection[ItemKind] = (),
        states: Collection[State] = (),
        cluster_id: str | None = None,
        with_private: bool = False,
    ) -> list[ReviewItem]:
        """The items of these kinds and states, the highest rank first."""
        query = select(ITEMS).order_by(ITEMS.c.rank.desc(), ITEMS.c.id)
        if kinds:
            query = query.where(ITEMS.c.kind.in_(list(kinds)))
        if states:
            query = query.where(ITEMS.c.state.in_(list(states)))
        if cluster_id is not None:
            query = query.where(ITEMS.c.cluster_id == cluster_id)
        if not with_private:
            query = query.where(~ITEMS.c.is_private)
        with self._database.reading() as connection:
            return read_items(connection, query)

    def decisions(self, *, item_id: str | None = None, reviewer: str | None = None) -> list[ReviewDecision]:
        """The log of decisions, the first first; of one item or reviewer where that is given."""
        conditions = [] if item_id is None else [DECISIONS.c.item_id == item_id]
        conditions += [] if reviewer is None else [DECISIONS.c.reviewer == reviewer]
        with self._database.reading() as connection:
            return read_decisions(connection, *conditions)

    def settled(self) -> list[tuple[ReviewItem, ReviewDecision]]:
        """Every accepted or rejected item with the vote whose content counts, by item id: what trains, and what not."""
        with self._database.reading() as connection:
            query = select(ITEMS).where(ITEMS.c.state.in_(["accepted", "rejected"])).order_by(ITEMS.c.id)
            items = read_items(connection, query)
            decisions = decisions_by_item(connection, [item.id for item in items])
        return [(item, settling_vote(votes_of(decisions[item.id]))) for item in items]

    def counts(self) -> Mapping[ItemKind, Mapping[State, int]]:
        """How many items of each kind stand in each state."""
        query = select(ITEMS.c.kind, ITEMS.c.state, func.count()).group_by(ITEMS.c.kind, ITEMS.c.state)
        found: dict[ItemKind, dict[State, int]] = {}
        with self._database.reading() as connection:
            for kind, state, count in connection.execute(query.order_by(ITEMS.c.kind, ITEMS.c.state)):
                found.setdefault(kind, {})[state] = count
        return found

    def agreement(self) -> list[Agreement]:
        """Cohen's kappa of every two reviewers who voted on common items."""
        by_item: dict[str, list[ReviewDecision]] = {}
        for each in self.decisions():
            by_item.setdefault(each.item_id, []).append(each)
        votes: dict[str, dict[str, bool]] = {}
        for item_id, decisions in by_item.items():
            for vote in votes_of(decisions):
                votes.setdefault(vote.reviewer, {})[item_id] = is_yes(vote)
        return agreements(votes)

    def _to_undo(self, connection: Connection, reviewer: Reviewer, sequence: int | None) -> list[ReviewDecision]:
        if sequence is None:
            standing = effective(read_decisions(connection, DECISIONS.c.reviewer == reviewer.name))
            return [each for each in standing if each.batch == standing[-1].batch]
        found = read_decisions(connection, DECISIONS.c.sequence == sequence)
        if not found or found[0].action == "undo":
            raise ReviewConflict(f"decision {sequence} is none that can be undone; look at the log of decisions")
        if found[0].reviewer != reviewer.name and reviewer.role != "admin":
            raise ReviewConflict(f"decision {sequence} is {found[0].reviewer}'s; they or an admin can undo it")
        of_item = read_decisions(connection, DECISIONS.c.item_id == found[0].item_id)
        return [each for each in effective(of_item) if each.sequence == sequence]

    def _check_free(
        self,
        connection: Connection,
        item: ReviewItem,
        decisions: Sequence[ReviewDecision],
        reviewer: Reviewer,
        verdict: Verdict,
    ) -> None:
        """Raise ReviewConflict unless the item may be decided by this reviewer now."""
        held = holder_of(connection, item.id, self._clock())
        if held is not None and held.reviewer != reviewer.name:
            raise ReviewConflict(f"{item.id} is with {held.reviewer} until {held.until}; take the next item")
        votes = votes_of(decisions)
        if verdict == "skip" or (reviewer.role == "admin" and votes):
            return
        if item.state not in OPEN_STATES:
            told = f"{votes[-1].reviewer} decided `{votes[-1].action}`" if votes else "its texts were erased"
            raise ReviewConflict(f"{item.id} is settled: {told}; take the next item, or have that decision undone")
        if item.state == "disputed":
            raise ReviewConflict(f"{item.id} is disputed between two reviewers; an admin decides it")
        if any(vote.reviewer == reviewer.name for vote in votes):
            raise ReviewConflict(f"{item.id}: you have voted, and a second reviewer must; undo to vote otherwise")

    def _append(
        self,
        connection: Connection,
        item: ReviewItem,
        reviewer: Reviewer,
        action: Action,
        *,
        batch: str,
        undoes: int | None = None,
        edit: Edit | None = None,
        note: str = "",
    ) -> ReviewDecision:
        """Write one line, let the item's state follow, and let the item go."""
        decision = append_decision(
            connection, item.id, reviewer, action, self._clock(), batch=batch, undoes=undoes, edit=edit, note=note
        )
        decisions = read_decisions(connection, DECISIONS.c.item_id == item.id)
        if item.state != "erased":
            set_state(connection, item.id, state_of(decisions, needs=item.needs))
        give_back(connection, reviewer, item.id)
        return decision


def _items(connection: Connection, item_ids: Sequence[str]) -> list[ReviewItem]:
    found: dict[str, ReviewItem] = {}
    for start in range(0, len(item_ids), 500):
        query = select(ITEMS).where(ITEMS.c.id.in_(item_ids[start : start + 500]))
        found |= {item.id: item for item in read_items(connection, query)}
    return [found[item_id] for item_id in item_ids]


def _visible(connection: Connection, item_id: str, reviewer: Reviewer) -> ReviewItem:
    row = connection.execute(select(ITEMS).where(ITEMS.c.id == item_id)).mappings().first()
    if row is None or (row["is_private"] and reviewer.role != "admin"):
        raise ReviewConflict(f"there is no item {item_id!r} for {reviewer.name}; take the next item")
    return item_of(row)


def _said_before(
    decisions: Sequence[ReviewDecision], reviewer: Reviewer, verdict: Verdict, edit: Edit | None
) -> ReviewDecision | None:
    """The reviewer's present vote, if it says just this."""
    for vote in votes_of(decisions):
        if (vote.reviewer, vote.action, vote.edit) == (reviewer.name, verdict, edit):
            return vote
    return None
