"""Who may use the console: an admin invites by one-time links, and shuts out."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from mangaassist.console.desk import Desk
from mangaassist.core.errors import ConsoleRefused


def people_routes(desk: Desk) -> APIRouter:
    """`/people`, for admins."""
    routes = APIRouter()

    def page(request: Request, link: str | None = None) -> Response:
        values = {"people": desk.accounts.people(), "link": link}
        return desk.render(request, "people.html.jinja", desk.admin(request), values)

    @routes.get("/people")
    def people(request: Request) -> Response:
        return page(request)

    @routes.post("/people/invite")
    async def invite(request: Request) -> Response:
        sent = await desk.form(request, desk.admin(request))
        role = sent.get("role")
        if role not in ("reviewer", "admin"):
            raise ConsoleRefused(400, "choose a role: reviewer or admin")
        token = desk.accounts.invite("admin" if role == "admin" else "reviewer")
        return page(request, link=f"{request.base_url}join?token={token}")

    @routes.post("/people/shut-out")
    async def shut_out(request: Request) -> Response:
        sent = await desk.form(request, desk.admin(request))
        desk.accounts.shut_out(sent.get("name", ""))
        return RedirectResponse("/people", 303)

    return routes
