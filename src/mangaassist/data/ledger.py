"""Which files were ingested, in which order, with what result: the row that makes a file count."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, UniqueConstraint, delete, insert, select

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
    UniqueConstraint("kind", "sha256"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One ingested file: its name, its content hash, and what became of its rows.

    kind: the table that it feeds. A shop's export feeds two, and has one more entry under the name of its format.
    key_fingerprint: the privacy key its pseudonyms were made with; empty where the kind has none.
    """

    kind: str
    sha256: str
    file: str
    rows: int
    accepted: int
    quarantined: int
    repeated: int
    key_fingerprint: str = ""


def create_tables(engine: Engine) -> None:
    """Make the ledger's table where there is none."""
    _METADATA.create_all(engine)


def entries(engine: Engine, kind: str | None = None) -> list[Entry]:
    """The files of this kind, or of all kinds, the first ingested first."""
    columns = [column for column in _FILES.columns if column.name != "sequence"]
    statement = select(*columns).order_by(_FILES.c.sequence)
    if kind is not None:
        statement = statement.where(_FILES.c.kind == kind)
    with engine.connect() as connection:
        return [Entry(**row) for row in connection.execute(statement).mappings()]


def find(engine: Engine, kind: str, sha256: str) -> Entry | None:
    """The entry of this content, if it was ingested as this kind."""
    return next((entry for entry in entries(engine, kind) if entry.sha256 == sha256), None)


def record(engine: Engine, entries: Sequence[Entry]) -> None:
    """Make a file count, in every table that it feeds or in none.

    One that counted before, and whose part was lost, now counts as the latest.
    """
    with engine.begin() as connection:
        for entry in entries:
            same = (_FILES.c.kind == entry.kind) & (_FILES.c.sha256 == entry.sha256)
            connection.execute(delete(_FILES).where(same))
            connection.execute(insert(_FILES).values(**asdict(entry)))
