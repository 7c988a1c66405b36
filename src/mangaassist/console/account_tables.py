"""The console's accounts as tables of the workspace's database.

console_people     name, role, password hash; who is no longer let in stays, so that decisions keep their author
console_invites    one-time links: hash of the token, for whom, until when
console_sessions   hash of the cookie's token, whose it is, until when
console_failures   failed log-ins, for the lock-out
"""

from typing import Final

from sqlalchemy import Boolean, Column, Connection, Integer, MetaData, String, Table
from sqlalchemy.schema import CreateTable

_METADATA: Final = MetaData()
PEOPLE: Final = Table(
    "console_people",
    _METADATA,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("password", String, nullable=False),
    Column("created", String, nullable=False),
    Column("is_shut_out", Boolean, nullable=False),
)
INVITES: Final = Table(
    "console_invites",
    _METADATA,
    Column("token", String, primary_key=True),
    Column("name", String),
    Column("role", String, nullable=False),
    Column("until", String, nullable=False),
)
SESSIONS: Final = Table(
    "console_sessions",
    _METADATA,
    Column("token", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("form_token", String, nullable=False),
    Column("until", String, nullable=False),
)
FAILURES: Final = Table(
    "console_failures",
    _METADATA,
    Column("number", Integer, primary_key=True),
    Column("name", String, nullable=False),
    Column("at", String, nullable=False),
)


def create_tables(connection: Connection) -> None:
    """Make what is absent."""
    for table in _METADATA.sorted_tables:
        connection.execute(CreateTable(table, if_not_exists=True))
