"""A database in, one connection to read or to write with out; what SQLite complains of is said as an error of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from mangaassist.core.errors import RetrievalError


@dataclass(frozen=True, slots=True)
class Transactions:
    """Reads and writes of one SQLite database.

    error: what is raised where the file cannot be used.  unharmed: what is certainly as before then, e.g. "nothing was
    decided"; empty where there is nothing to assure.
    """

    engine: Engine
    error: type[RetrievalError]
    unharmed: str = ""

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to read with."""
        with self._told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that holds the write lock from its first statement, so that what it compares stays true."""
        with self._told(), self.engine.begin() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say what SQLite's errors mean for the reader."""
        try:
            yield
        except DBAPIError as error:
            assured = f"{self.unharmed}, so " if self.unharmed else ""
            raise self.error(
                f"{self.engine.url.database}: {error.orig}; {assured}see to the file (room, permission, another "
                "writer) and try again"
            ) from error
