"""Which files were ingested, in which order, with what result, and which of them were deleted since, when and why.

An entry without a tombstone makes its file count. An entry is never lost: deletion leaves it, with its tombstone, so
that what was made of the file can still be traced back to its name.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import (
    Column,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)

_METADATA: Final = MetaData()
_FILES: Final = Table(
    "ingested_files",
    _METADATA,
    Column("sequence", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("file", String, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("key_fingerprint", String, nullable=False),
    Column("deleted_at", String),
    Column("deleted_why", String),
    Column("erased", Integer, nullable=False, server_default="0"),
    Column("erased_at", String),
    Column("erased_why", String),
    UniqueConstraint("kind", "sha256"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One ingested file: its name, its content hash, and what became of its rows.

    kind: the table that it feeds. A shop's export feeds two, and has one more entry under the name of its format.
    key_fingerprint: the privacy key its pseudonyms were made with; empty where the kind has none.
    deleted_at, deleted_why: the tombstone; the moment in ISO 8601, UTC. None while the file counts.
    erased: rows that went for a client or for their age, or never came in, because their client was forgotten before.
    erased_at, erased_why: of the last erasure that took rows out.
    """

    kind: str
    sha256: str
    file: str
    rows: int
    accepted: int
    quarantined: int
    repeated: int
    key_fingerprint: str = ""
    deleted_at: str | None = None
    deleted_why: str | None = None
    erased: int = 0
    erased_at: str | None = None
    erased_why: str | None = None


def create_tables(engine: Engine) -> None:
    """Make the ledger's table where there is none."""
    _METADATA.create_all(engine)


def entries(engine: Engine, kind: str | None = None) -> list[Entry]:
    """The files of this kind, or of all kinds, that count, the first ingested first."""
    return [entry for entry in all_entries(engine) if entry.deleted_at is None and (kind is None or entry.kind == kind)]


def all_entries(engine: Engine) -> list[Entry]:
    """Every file that was ever ingested, deleted or not, the first ingested first."""
    columns = [column for column in _FILES.columns if column.name != "sequence"]
    with engine.connect() as connection:
        rows = connection.execute(select(*columns).order_by(_FILES.c.sequence)).mappings()
        return [Entry(**row) for row in rows]


def find(engine: Engine, kind: str, sha256: str) -> Entry | None:
    """The entry of this content, if it was ever ingested as this kind."""
    return next((entry for entry in all_entries(engine) if (entry.kind, entry.sha256) == (kind, sha256)), None)


def record(engine: Engine, entries: Sequence[Entry]) -> None:
    """Make a file count, in every table that it feeds or in none.

    One that counted before, and whose part was lost, now counts as the latest.
    """
    with engine.begin() as connection:
        for entry in entries:
            same = (_FILES.c.kind == entry.kind) & (_FILES.c.sha256 == entry.sha256)
            connection.execute(delete(_FILES).where(same))
            connection.execute(insert(_FILES).values(**asdict(entry)))


def bury(engine: Engine, sha256: str, *, at: datetime, why: str) -> None:
    """Leave a tombstone in every table that the file feeds: it no longer counts, its entries stay."""
    tombstone = {"deleted_at": at.astimezone(UTC).isoformat(timespec="seconds"), "deleted_why": why}
    with engine.begin() as connection:
        connection.execute(update(_FILES).where(_FILES.c.sha256 == sha256).values(**tombstone))


def note_erased(engine: Engine, entry: Entry, *, accepted: int, quarantined: int, at: datetime, why: str) -> None:
    """Write down how many rows of a file are left; those that are not count as erased."""
    gone = entry.accepted - accepted + entry.quarantined - quarantined
    now = {
        "accepted": accepted,
        "quarantined": quarantined,
        "erased": entry.erased + gone,
        "erased_at": at.astimezone(UTC).isoformat(timespec="seconds"),
        "erased_why": why,
    }
    same = (_FILES.c.kind == entry.kind) & (_FILES.c.sha256 == entry.sha256)
    with engine.begin() as connection:
        connection.execute(update(_FILES).where(same).values(**now))
