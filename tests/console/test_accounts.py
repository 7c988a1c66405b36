"""Who may use the console: invitations, passwords, lock-out, sessions."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine

from mangaassist.console import Accounts
from mangaassist.core.errors import AccountError

PASSWORD = "correct horse battery"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def accounts(tmp_path: Path, clock: Clock) -> Accounts:
    return Accounts(create_engine(f"sqlite:///{tmp_path / 'people.sqlite'}", poolclass=NullPool), clock=clock)


def admin(accounts: Accounts, name: str = "mina") -> None:
    accounts.join(accounts.first_admin() or accounts.invite("admin"), name, PASSWORD)


def test_the_first_admin_joins_by_a_link_that_works_once(accounts: Accounts) -> None:
    token = accounts.first_admin()
    assert token is not None

    accounts.join(token, "mina", PASSWORD)

    assert [(each.name, each.role) for each in accounts.people()] == [("mina", "admin")]
    assert accounts.first_admin() is None
    with pytest.raises(AccountError, match="used or is too old"):
        accounts.join(token, "another", PASSWORD)


def test_a_later_first_admin_link_replaces_an_earlier_one(accounts: Accounts) -> None:
    earlier, later = accounts.first_admin(), accounts.first_admin()

    assert accounts.invited(str(earlier)) is None
    assert accounts.invited(str(later)) == "admin"


def test_an_invitation_ends_after_a_day(accounts: Accounts, clock: Clock) -> None:
    token = accounts.invite("reviewer")
    assert accounts.invited(token) == "reviewer"

    clock.now += timedelta(hours=25)

    assert accounts.invited(token) is None
    with pytest.raises(AccountError, match="too old"):
        accounts.join(token, "late", PASSWORD)


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("mina", "short", "12 to 1024"),
        ("mina", "x" * 1025, "12 to 1024"),
        ("", PASSWORD, "1 to 64"),
        ("a" * 65, PASSWORD, "1 to 64"),
        ("mi\nna", PASSWORD, "printable"),
    ],
)
def test_a_name_or_password_that_is_too_short_or_strange_is_refused_and_keeps_the_link(
    accounts: Accounts, name: str, password: str, said: str
) -> None:
    token = str(accounts.first_admin())

    with pytest.raises(AccountError, match=said):
        accounts.join(token, name, password)

    assert accounts.invited(token) == "admin"


def test_a_name_is_taken_whatever_its_case(accounts: Accounts) -> None:
    admin(accounts)

    with pytest.raises(AccountError, match="already"):
        accounts.join(accounts.invite("reviewer"), "Mina", PASSWORD)


def test_passwords_are_kept_as_argon2id_and_tokens_as_digests(accounts: Accounts, tmp_path: Path) -> None:
    admin(accounts)
    session = accounts.log_in("mina", PASSWORD)

    stored = (tmp_path / "people.sqlite").read_bytes()

    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored
    assert session.encode() not in stored


def test_an_unknown_name_and_a_wrong_password_are_told_the_same(accounts: Accounts) -> None:
    admin(accounts)
    told = set()
    for name, password in (("mina", "wrong password"), ("nobody", PASSWORD)):
        with pytest.raises(AccountError) as caught:
            accounts.log_in(name, password)
        told.add(str(caught.value))

    assert told == {"name or password is wrong"}


def test_five_wrong_passwords_lock_the_name_for_a_quarter_of_an_hour(accounts: Accounts, clock: Clock) -> None:
    admin(accounts)
    for _ in range(5):
        with pytest.raises(AccountError, match="wrong"):
            accounts.log_in("mina", "wrong password")

    with pytest.raises(AccountError, match="too many wrong passwords"):
        accounts.log_in("mina", PASSWORD)
    clock.now += timedelta(minutes=16)

    assert accounts.session(accounts.log_in("mina", PASSWORD)) is not None


def test_four_wrong_passwords_do_not_lock_and_a_right_one_forgives_them(accounts: Accounts) -> None:
    admin(accounts)
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(AccountError, match="wrong"):
                accounts.log_in("mina", "wrong password")
        accounts.log_in("mina", PASSWORD)


def test_a_session_ends_after_half_a_day_and_by_logging_out(accounts: Accounts, clock: Clock) -> None:
    admin(accounts)
    first, second = accounts.log_in("mina", PASSWORD), accounts.log_in("mina", PASSWORD)

    accounts.log_out(first)
    assert accounts.session(first) is None
    assert accounts.session(second) is not None

    clock.now += timedelta(hours=13)
    assert accounts.session(second) is None


def test_who_is_shut_out_loses_every_session_and_may_not_log_in(accounts: Accounts) -> None:
    admin(accounts)
    accounts.join(accounts.invite("reviewer"), "ben", PASSWORD)
    session = accounts.log_in("ben", PASSWORD)

    accounts.shut_out("ben")

    assert accounts.session(session) is None
    with pytest.raises(AccountError, match="wrong"):
        accounts.log_in("ben", PASSWORD)


def test_the_last_admin_cannot_be_shut_out(accounts: Accounts) -> None:
    admin(accounts)

    with pytest.raises(AccountError, match="last admin"):
        accounts.shut_out("mina")


def test_shutting_out_nobody_is_told(accounts: Accounts) -> None:
    admin(accounts)

    with pytest.raises(AccountError, match="nobody here"):
        accounts.shut_out("ghost")
