"""Names and passwords in, sessions out: who may use the console, kept in the workspace's database.

Passwords are hashed with argon2id. Of links and cookies only SHA-256 digests are kept: their tokens are 256 random
bits, so there is nothing to guess. Five wrong passwords in a quarter of an hour shut the name for the rest of it.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from mangaassist.console.account_tables import FAILURES, INVITES, PEOPLE, SESSIONS, create_tables
from mangaassist.core.errors import AccountError, WorkspaceError
from mangaassist.core.transactions import Transactions
from mangaassist.feedback import Reviewer, Role

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1_024
LONGEST_NAME: Final = 64
TRIES: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)
SESSION_FOR: Final = timedelta(hours=12)
INVITE_FOR: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Person:
    """Who may use the console."""

    name: str
    role: Role
    created: str
    is_shut_out: bool


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is logged in. form_token: what each of their forms must carry."""

    person: Reviewer
    form_token: str

    @property
    def is_admin(self) -> bool:
        """Whether they may promote, see private queries and invite others."""
        return self.person.role == "admin"


class Accounts:
    """People, invitations and sessions of one workspace. clock: what time it is, with a zone."""

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database, self._clock = Transactions(engine, WorkspaceError), clock
        self._hasher = PasswordHasher()
        with self._database.writing() as connection:
            create_tables(connection)

    def people(self) -> list[Person]:
        """Everybody who ever had an account, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(PEOPLE).order_by(PEOPLE.c.name)).mappings()
            return [Person(row["name"], row["role"], row["created"], row["is_shut_out"]) for row in rows]

    def invite(self, role: Role, *, name: str | None = None) -> str:
        """The token of a link that makes one account, once. name: of the account; whoever opens the link names it."""
        token, until = secrets.token_urlsafe(32), (self._clock() + INVITE_FOR).isoformat()
        with self._database.writing() as connection:
            connection.execute(delete(INVITES).where(INVITES.c.until < self._clock().isoformat()))
            connection.execute(insert(INVITES).values(token=_digest(token), name=name, role=role, until=until))
        return token

    def first_admin(self) -> str | None:
        """The token of a link for the first admin, where nobody has an account yet; earlier ones stop working."""
        with self._database.writing() as connection:
            if connection.execute(select(func.count()).select_from(PEOPLE)).scalar_one():
                return None
            connection.execute(delete(INVITES))
        return self.invite("admin")

    def invited(self, token: str) -> Role | None:
        """The role that an invitation gives; None if there is no such invitation, or none any more."""
        with self._database.reading() as connection:
            return self._invitation(connection, token)

    def join(self, token: str, name: str, password: str) -> None:
        """Make the account that an invitation allows, and use the invitation up.

        Raises AccountError for a link that was used or is too old, a name that is taken, or a password too short.
        """
        name = name.strip()
        _check_name(name)
        _check_password(password)
        hashed = self._hasher.hash(password)
        with self._database.writing() as connection:
            role = self._invitation(connection, token)
            if role is None:
                raise AccountError("this link was used or is too old; ask an admin for another")
            if connection.execute(select(PEOPLE.c.name).where(func.lower(PEOPLE.c.name) == name.lower())).first():
                raise AccountError(f"there is a {name!r} already; take another name")
            connection.execute(delete(INVITES).where(INVITES.c.token == _digest(token)))
            created = self._clock().isoformat(timespec="seconds")
            connection.execute(
                insert(PEOPLE).values(name=name, role=role, password=hashed, created=created, is_shut_out=False)
            )

    def log_in(self, name: str, password: str) -> str:
        """The token of a new session. Raises AccountError, the same whether the name or the password is wrong."""
        name = name.strip()[:LONGEST_NAME]
        if self._is_locked(name):
            minutes = int(LOCKED_FOR.total_seconds() // 60)
            raise AccountError(f"too many wrong passwords for this name; try again in {minutes} minutes")
        with self._database.reading() as connection:
            row = connection.execute(select(PEOPLE).where(PEOPLE.c.name == name)).mappings().first()
        # An unknown name takes as long as a wrong password: the clock tells nobody who has an account.
        right = self._is_right(row["password"] if row else self._nobodys_password, password[:LONGEST_PASSWORD])
        if row is None or not right or row["is_shut_out"]:
            self._note_failure(name)
            raise AccountError("name or password is wrong")
        return self._open(name)

    def session(self, token: str) -> Session | None:
        """Whose session this is; None if it is nobody's, or no longer."""
        query = (
            select(SESSIONS.c.name, SESSIONS.c.form_token, PEOPLE.c.role)
            .join(PEOPLE, PEOPLE.c.name == SESSIONS.c.name)
            .where(SESSIONS.c.token == _digest(token), SESSIONS.c.until > self._clock().isoformat())
            .where(~PEOPLE.c.is_shut_out)
        )
        with self._database.reading() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else Session(Reviewer(row["name"], row["role"]), row["form_token"])

    def log_out(self, token: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.token == _digest(token)))

    def shut_out(self, name: str) -> None:
        """Let somebody in no more, at once; raises AccountError for the last admin, or who has no account."""
        with self._database.writing() as connection:
            admins = [
                row.name
                for row in connection.execute(select(PEOPLE).where(PEOPLE.c.role == "admin", ~PEOPLE.c.is_shut_out))
            ]
            if admins == [name]:
                raise AccountError(f"{name!r} is the last admin; invite another first")
            changed = connection.execute(update(PEOPLE).where(PEOPLE.c.name == name).values(is_shut_out=True))
            if not changed.rowcount:
                raise AccountError(f"nobody here is called {name!r}")
            connection.execute(delete(SESSIONS).where(SESSIONS.c.name == name))

    @cached_property
    def _nobodys_password(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(32))

    def _is_right(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except VerificationError:
            return False

    def _open(self, name: str) -> str:
        token, form_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = self._clock()
        until = (now + SESSION_FOR).isoformat()
        with self._database.writing() as connection:
            connection.execute(delete(SESSIONS).where(SESSIONS.c.until < now.isoformat()))
            connection.execute(delete(FAILURES).where(FAILURES.c.name == name))
            connection.execute(
                insert(SESSIONS).values(token=_digest(token), name=name, form_token=form_token, until=until)
            )
        return token

    def _is_locked(self, name: str) -> bool:
        since = (self._clock() - LOCKED_FOR).isoformat()
        query = select(func.count()).select_from(FAILURES).where(FAILURES.c.name == name, FAILURES.c.at > since)
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one()) >= TRIES

    def _note_failure(self, name: str) -> None:
        now = self._clock()
        with self._database.writing() as connection:
            connection.execute(delete(FAILURES).where(FAILURES.c.at < (now - LOCKED_FOR).isoformat()))
            connection.execute(insert(FAILURES).values(name=name, at=now.isoformat()))

    def _invitation(self, connection: Connection, token: str) -> Role | None:
        query = select(INVITES.c.role).where(
            INVITES.c.token == _digest(token), INVITES.c.until > self._clock().isoformat()
        )
        role: Role | None = connection.execute(query).scalar()
        return role


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _check_name(name: str) -> None:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise AccountError(f"a name has 1 to {LONGEST_NAME} printable characters")


def _check_password(password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
