"""Known ways to fail: what the candidate's diagnoses found, with the queries and titles that show it."""

from fastapi import APIRouter, Request, Response

from mangaassist.console.desk import Desk
from mangaassist.console.facts import candidate_paper


def diagnoses_routes(desk: Desk) -> APIRouter:
    """`/diagnoses`."""
    routes = APIRouter()

    @routes.get("/diagnoses")
    def diagnoses(request: Request) -> Response:
        report = candidate_paper(desk.shop, "report.json")
        values = {"report": report, "diagnoses": (report or {}).get("diagnoses")}
        return desk.render(request, "diagnoses.html.jinja", desk.session(request), values)

    return routes
