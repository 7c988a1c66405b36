"""Requests in, only those that a page of ours could have sent let through; every answer with strict headers."""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from mangaassist.console.accounts import Session
from mangaassist.core.errors import ConsoleRefused

COOKIE: Final = "mangaassist_console"
FORM_FIELD: Final = "form_token"
FORM_HEADER: Final = "x-form-token"

CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


async def with_headers(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """The answer with the headers that it has not set itself."""
    response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.url.path.startswith("/static/"):
        response.headers["Cache-Control"] = "max-age=3600"
    return response


def policy_for_page(page: str) -> str:
    """The policy of a self-contained page: its own style by digest, and nothing else at all."""
    digests = " ".join(
        f"'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" for style in _STYLE.findall(page)
    )
    styles = digests or "'none'"
    return f"default-src 'none'; style-src {styles}; base-uri 'none'; frame-ancestors 'none'"


def check_origin(request: Request) -> None:
    """Raises ConsoleRefused for a request that changes something and comes from another site."""
    origin = request.headers.get("origin")
    if origin is None or origin == "null":
        site = request.headers.get("sec-fetch-site", "same-origin")
        if origin is None and site in {"same-origin", "none"}:
            return
        raise ConsoleRefused(403, "this form was not sent from the console; open the page again and send it there")
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise ConsoleRefused(403, f"this form came from {origin}; open the console itself and send it there")


def check_form(session: Session, given: str | None) -> None:
    """Raises ConsoleRefused unless the form carries the session's token."""
    if not given or not hmac.compare_digest(given.encode(), session.form_token.encode()):
        raise ConsoleRefused(403, "the form is out of date; reload the page and send it again")
