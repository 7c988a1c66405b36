"""A workspace in, everything that the console's pages share out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from fastapi import Request
from fastapi.responses import HTMLResponse

from mangaassist.console.accounts import Accounts, Session
from mangaassist.console.playground import Playground
from mangaassist.console.security import COOKIE, FORM_FIELD, FORM_HEADER, check_form, check_origin
from mangaassist.core.errors import ConsoleRefused
from mangaassist.data import Workspace
from mangaassist.evaluation.page import templates_of
from mangaassist.feedback import ReviewStore
from mangaassist.loop import Settings

PAGES: Final = {
    "/": "Overview",
    "/releases": "Releases",
    "/playground": "Playground",
    "/failures": "Failures",
    "/review": "Review",
    "/diagnoses": "Diagnoses",
    "/experiments": "Experiments",
    "/catalogue": "Catalogue",
}
"""Path → name of every page, as the navigation shows them; the key g and a number goes there."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What pages work on. is_secure: whether the console is behind HTTPS, so that cookies are for HTTPS alone."""

    shop: Workspace
    settings: Settings
    accounts: Accounts
    reviews: ReviewStore
    playground: Playground
    is_secure: bool
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def render(
        self, request: Request, template: str, session: Session | None, values: Mapping[str, Any], *, status: int = 200
    ) -> HTMLResponse:
        """A page of the console."""
        shared = {"session": session, "pages": PAGES, "path": request.url.path, "form_field": FORM_FIELD}
        return HTMLResponse(_TEMPLATES.get_template(template).render({**shared, **values}), status)

    def session(self, request: Request) -> Session:
        """Who asks; raises ConsoleRefused (401) where nobody is logged in."""
        token = request.cookies.get(COOKIE)
        found = self.accounts.session(token) if token else None
        if found is None:
            raise ConsoleRefused(401, "log in first")
        return found

    def admin(self, request: Request) -> Session:
        """Which admin asks; raises ConsoleRefused (403) for everybody else."""
        session = self.session(request)
        if not session.is_admin:
            raise ConsoleRefused(403, "only an admin may do this; ask one")
        return session

    async def form(self, request: Request, session: Session) -> Mapping[str, str]:
        """The fields of a form that this session's own page sent; raises ConsoleRefused for any other."""
        check_origin(request)
        sent = await fields_of(request)
        check_form(session, request.headers.get(FORM_HEADER) or sent.get(FORM_FIELD))
        return sent


Name = TypeVar("Name", bound=str)


def one_of(known: Sequence[Name], name: str, what: str) -> Name:
    """The known name that a request gives; raises ConsoleRefused (400) for any other."""
    for each in known:
        if each == name:
            return each
    raise ConsoleRefused(400, f"there is no {what} {name!r}; it is one of {', '.join(known)}")


MOST_BYTES: Final = 64 << 10


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a form, as HTML forms send them; raises ConsoleRefused for one that is too large or no text."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise ConsoleRefused(413, f"the form is larger than {MOST_BYTES} bytes; send less")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=200))
    except ValueError:
        raise ConsoleRefused(400, "the form cannot be read; reload the page and send it again") from None


_TEMPLATES: Final = templates_of("mangaassist.console")
