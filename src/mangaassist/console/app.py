"""A workspace in, the console around it out, as an ASGI app: pages a person looks at and decides on."""

from importlib import resources
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from mangaassist.console.accounts import Accounts
from mangaassist.console.catalogue_page import catalogue_routes
from mangaassist.console.desk import Desk
from mangaassist.console.diagnoses_page import diagnoses_routes
from mangaassist.console.experiments_page import experiments_routes
from mangaassist.console.failures_page import failures_routes
from mangaassist.console.login_pages import login_routes
from mangaassist.console.overview_page import overview_routes
from mangaassist.console.people_page import people_routes
from mangaassist.console.playground import Playground
from mangaassist.console.playground_page import playground_routes
from mangaassist.console.releases_pages import releases_routes
from mangaassist.console.review_page import review_routes
from mangaassist.console.security import with_headers
from mangaassist.core.errors import ConsoleRefused, RetrievalError
from mangaassist.data import Workspace
from mangaassist.feedback import ReviewStore
from mangaassist.loop import Settings

_ROUTES = (
    login_routes,
    overview_routes,
    releases_routes,
    playground_routes,
    failures_routes,
    review_routes,
    diagnoses_routes,
    experiments_routes,
    catalogue_routes,
    people_routes,
)


def create_console(shop: Workspace, settings: Settings, *, is_secure: bool = False) -> FastAPI:
    """The console of a workspace. is_secure: whether it is behind HTTPS. `app.state.desk` is what the pages share."""
    desk = Desk(shop, settings, Accounts(shop.engine), ReviewStore(shop.engine), Playground(shop, settings), is_secure)
    app = FastAPI(title="MangaAssist console", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    for routes in _ROUTES:
        app.include_router(routes(desk))
    with resources.as_file(resources.files("mangaassist.console") / "static") as folder:
        app.mount("/static", StaticFiles(directory=folder), name="static")
    app.middleware("http")(with_headers)

    async def told(request: Request, error: Exception) -> Response:
        return _told(desk, request, error)

    for kind in (RetrievalError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, told)
    return app


def _told(desk: Desk, request: Request, error: Exception) -> Response:
    """An error as a page or, for a script of ours, as JSON: what is wrong and what to do."""
    status, message = _status(error), _message(error)
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": message}, status)
    if status == 401 and request.method == "GET":
        return RedirectResponse("/login", 303)
    return _page(desk, request, message, status)


def _page(desk: Desk, request: Request, message: str, status: int) -> HTMLResponse:
    try:
        session = desk.session(request)
    except RetrievalError:
        session = None
    return desk.render(request, "error.html.jinja", session, {"message": message, "status": status}, status=status)


def _status(error: Exception) -> int:
    if isinstance(error, ConsoleRefused):
        return error.status
    if isinstance(error, HTTPException):
        return error.status_code
    return 422 if isinstance(error, RequestValidationError) else 409


def _message(error: Exception) -> str:
    if isinstance(error, RequestValidationError):
        wrong: list[Any] = list(error.errors())
        return "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in wrong)
    return str(error.detail) if isinstance(error, HTTPException) else str(error)
