"""Releases: which there are, side by side, and promoting or rolling back with the gate's evidence in view."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from mangaassist.console.desk import Desk
from mangaassist.console.facts import candidate_paper, read_json
from mangaassist.console.security import policy_for_page
from mangaassist.core.errors import ConsoleRefused
from mangaassist.data import Workspace
from mangaassist.evaluation.page import compare_page, report_page, verdict_of
from mangaassist.loop import registry_of, release_candidate, released_report
from mangaassist.promotion import releases

CANDIDATE = "candidate"


def releases_routes(desk: Desk) -> APIRouter:
    """`/releases` and what belongs to it."""
    routes = APIRouter()

    @routes.get("/releases")
    def overview(request: Request) -> Response:
        session = desk.session(request)
        registry = registry_of(desk.shop)
        decision = candidate_paper(desk.shop, "decision.json")
        values = {
            "aliases": registry.aliases(),
            "rows": _rows(desk.shop),
            "history": list(reversed(registry.history())),
            "decision": decision,
            "verdict": verdict_of(decision),
            "report": candidate_paper(desk.shop, "report.json"),
            "can_roll_back": bool(registry.aliases().previous),
        }
        return desk.render(request, "releases.html.jinja", session, values)

    @routes.get("/releases/compare")
    def compare(request: Request, name: list[str] = Query(default_factory=list)) -> Response:  # noqa: B008
        desk.session(request)
        page = compare_page({each: released_report(desk.shop, each) for each in name})
        return HTMLResponse(page, headers={"Content-Security-Policy": policy_for_page(page)})

    @routes.get("/releases/{name}/report")
    def report(request: Request, name: str) -> Response:
        desk.session(request)
        told = released_report(desk.shop, name)
        page = report_page(told, _decision(desk.shop, name))
        return HTMLResponse(page, headers={"Content-Security-Policy": policy_for_page(page)})

    @routes.post("/releases/promote")
    async def promote(request: Request) -> Response:
        session = desk.admin(request)
        sent = await desk.form(request, session)
        why, override = sent.get("why", "").strip(), sent.get("override", "").strip() or None
        if not why:
            raise ConsoleRefused(400, "say why; the audit keeps it")
        with desk.shop.lock():
            release_candidate(desk.shop, actor=session.person.name, why=why, override=override)
        return RedirectResponse("/releases", 303)

    @routes.post("/releases/rollback")
    async def rollback(request: Request) -> Response:
        session = desk.admin(request)
        sent = await desk.form(request, session)
        why, expected = sent.get("why", "").strip(), sent.get("live", "")
        if not why:
            raise ConsoleRefused(400, "say why; the audit keeps it")
        with desk.shop.lock():
            registry_of(desk.shop).rollback(expected_live=expected, actor=session.person.name, why=why)
        return RedirectResponse("/releases", 303)

    return routes


def _rows(shop: Workspace) -> list[dict[str, Any]]:
    """Every release and the candidate, newest first, with the headlines of their reports."""
    names = [name for name in reversed(releases(shop.root)) if (shop.releases / name / "report.json").is_file()]
    if candidate_paper(shop, "report.json"):
        names.insert(0, CANDIDATE)
    return [{"name": name, "report": released_report(shop, name), "decision": _decision(shop, name)} for name in names]


def _decision(shop: Workspace, name: str) -> Mapping[str, Any] | None:
    if name == CANDIDATE:
        return candidate_paper(shop, "decision.json")
    return read_json(shop.releases / name / "decision.json")
