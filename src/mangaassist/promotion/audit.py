"""Changes of the aliases in, a table that only grows out, and from it which release is live and which was before.

Each promotion lies on top of the one it replaced and a rollback takes the top away, so rolling back twice goes two
releases back and never brings a withdrawn one live again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, cast

from sqlalchemy import Column, Connection, Integer, MetaData, RowMapping, String, Table, insert, select, update
from sqlalchemy.schema import CreateTable

from mangaassist.promotion.codec import from_json, to_json
from mangaassist.promotion.gate import Decision
from mangaassist.promotion.releases import IDENTITY

Action = Literal["nominate", "promote", "rollback"]

_METADATA = MetaData()
_ALIASES = Table(
    "release_aliases",
    _METADATA,
    Column("alias", String, primary_key=True),
    Column("release", String),
)
_AUDIT = Table(
    "release_audit",
    _METADATA,
    Column("entry", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("release", String, nullable=False),
    Column("replaced", String),
    Column("why", String, nullable=False),
    Column("override", String),
    Column("decision", String),
)
_APPEND_ONLY = tuple(
    f"CREATE TRIGGER IF NOT EXISTS release_audit_no_{verb.lower()} BEFORE {verb} ON release_audit "
    "BEGIN SELECT RAISE(ABORT, 'release_audit only grows'); END"
    for verb in ("UPDATE", "DELETE")
)


@dataclass(frozen=True, slots=True)
class Aliases:
    """Which release bears which name."""

    live: str
    candidate: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who changed an alias, when, to which release from which, and why.

    override: the reason for going past the gate, None where the gate was heeded.
    """

    at: datetime
    actor: str
    action: Action
    release: str
    replaced: str | None
    why: str
    override: str | None = None
    decision: Decision | None = None


def create_tables(connection: Connection) -> None:
    """Make what is absent; the identity release is live until a promotion."""
    for table in (_ALIASES, _AUDIT):
        connection.execute(CreateTable(table, if_not_exists=True))
    for trigger in _APPEND_ONLY:
        connection.exec_driver_sql(trigger)
    seeds: dict[str, str | None] = {"live": IDENTITY, "candidate": None, "previous": None}
    rows = [{"alias": alias, "release": release} for alias, release in seeds.items()]
    connection.execute(insert(_ALIASES).prefix_with("OR IGNORE"), rows)


def has_tables(connection: Connection) -> bool:
    """Whether `create_tables` was here."""
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars()
    return {_ALIASES.name, _AUDIT.name} <= set(names)


def read_aliases(connection: Connection) -> Aliases:
    """The aliases as they stand."""
    held = {row.alias: row.release for row in connection.execute(select(_ALIASES))}
    return Aliases(live=held["live"], candidate=held["candidate"], previous=held["previous"])


def read_history(connection: Connection) -> tuple[AuditEntry, ...]:
    """Every change, oldest first."""
    rows = connection.execute(select(_AUDIT).order_by(_AUDIT.c.entry)).mappings()
    return tuple(_entry_of(row) for row in rows)


def append(connection: Connection, entry: AuditEntry) -> None:
    """Write the change down and let the aliases follow it."""
    row = {
        "at": entry.at.astimezone(UTC).isoformat(),
        "actor": entry.actor,
        "action": entry.action,
        "release": entry.release,
        "replaced": entry.replaced,
        "why": entry.why,
        "override": entry.override,
        "decision": None if entry.decision is None else to_json(entry.decision).decode(),
    }
    connection.execute(insert(_AUDIT).values(row))
    if entry.action == "nominate":
        _point(connection, "candidate", entry.release)
        return
    line = line_of_live(connection)
    _point(connection, "live", line[-1])
    _point(connection, "previous", line[-2] if len(line) > 1 else None)
    if read_aliases(connection).candidate == line[-1]:
        _point(connection, "candidate", None)


def line_of_live(connection: Connection) -> list[str]:
    """The releases that a rollback could reach, oldest first; the last is live."""
    line = [IDENTITY]
    for entry in connection.execute(select(_AUDIT.c.action, _AUDIT.c.release).order_by(_AUDIT.c.entry)):
        if entry.action == "promote":
            line.append(entry.release)
        elif entry.action == "rollback":
            line.pop()
    return line


def _point(connection: Connection, alias: str, release: str | None) -> None:
    connection.execute(update(_ALIASES).where(_ALIASES.c.alias == alias).values(release=release))


def _entry_of(row: RowMapping) -> AuditEntry:
    source = f"release_audit, entry {row['entry']}"
    return AuditEntry(
        at=datetime.fromisoformat(row["at"]),
        actor=row["actor"],
        action=cast("Action", row["action"]),
        release=row["release"],
        replaced=row["replaced"],
        why=row["why"],
        override=row["override"],
        decision=None if row["decision"] is None else from_json(Decision, row["decision"], source=source),
    )
