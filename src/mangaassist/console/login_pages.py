"""The pages before the others: log in, log out, and the link that makes an account."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from mangaassist.console.accounts import SESSION_FOR
from mangaassist.console.desk import Desk, fields_of
from mangaassist.console.security import COOKIE, check_origin
from mangaassist.core.errors import AccountError


def login_routes(desk: Desk) -> APIRouter:
    """`/login`, `/logout` and `/join`."""
    routes = APIRouter()

    @routes.get("/login")
    def login_page(request: Request) -> Response:
        return desk.render(request, "login.html.jinja", None, {"wrong": None})

    @routes.post("/login")
    async def login(request: Request) -> Response:
        check_origin(request)
        sent = await fields_of(request)
        try:
            token = await run_in_threadpool(desk.accounts.log_in, sent.get("name", ""), sent.get("password", ""))
        except AccountError as error:
            return desk.render(request, "login.html.jinja", None, {"wrong": str(error)}, status=403)
        return _with_cookie(desk, RedirectResponse("/", 303), token)

    @routes.post("/logout")
    async def logout(request: Request) -> Response:
        session = desk.session(request)
        await desk.form(request, session)
        desk.reviews.give_back(session.person)
        desk.accounts.log_out(request.cookies[COOKIE])
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response

    @routes.get("/join")
    def join_page(request: Request, token: str = "") -> Response:
        role = desk.accounts.invited(token)
        wrong = None if role else "This link was used or is too old. Ask an admin for another."
        values = {"role": role, "token": token, "wrong": wrong}
        return desk.render(request, "join.html.jinja", None, values, status=200 if role else 403)

    @routes.post("/join")
    async def join(request: Request) -> Response:
        check_origin(request)
        sent = await fields_of(request)
        name, password, token = sent.get("name", ""), sent.get("password", ""), sent.get("token", "")
        try:
            await run_in_threadpool(desk.accounts.join, token, name, password)
            opened = await run_in_threadpool(desk.accounts.log_in, name, password)
        except AccountError as error:
            values = {"role": desk.accounts.invited(token), "token": token, "wrong": str(error)}
            return desk.render(request, "join.html.jinja", None, values, status=403)
        return _with_cookie(desk, RedirectResponse("/", 303), opened)

    return routes


def _with_cookie(desk: Desk, response: Response, token: str) -> Response:
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(SESSION_FOR.total_seconds()),
        httponly=True,
        secure=desk.is_secure,
        samesite="strict",
    )
    return response
