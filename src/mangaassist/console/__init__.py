"""A workspace in, pages that people look at and decide on out: what is live, what fails, what needs a person.

create_console(shop, settings)   the ASGI app
Accounts(engine)                 who may use it: invitations, log-in, sessions
"""

from mangaassist.console.accounts import Accounts, Person, Session
from mangaassist.console.app import create_console

__all__ = ["Accounts", "Person", "Session", "create_console"]
