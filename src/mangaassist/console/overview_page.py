"""The first page: what is live, whether it is healthy, and what needs a person."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from mangaassist.console.desk import Desk
from mangaassist.console.facts import candidate_paper, cluster_list, log_health, waiting_items
from mangaassist.evaluation.page import verdict_of
from mangaassist.loop import registry_of


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for a person. count: of how many things; href: where to do it."""

    said: str
    href: str
    count: int | None = None


def overview_routes(desk: Desk) -> APIRouter:
    """`/`."""
    routes = APIRouter()

    @routes.get("/")
    def overview(request: Request) -> Response:
        session = desk.session(request)
        registry = registry_of(desk.shop)
        decision, report = (candidate_paper(desk.shop, name) for name in ("decision.json", "report.json"))
        clusters = [each for each in cluster_list(desk.shop) if session.is_admin or not each.is_private]
        values = {
            "aliases": registry.aliases(),
            "history": list(reversed(registry.history()))[:5],
            "verdict": verdict_of(decision) if report else None,
            "tasks": _tasks(desk, decision, report or {}, len(clusters)),
            "health": log_health(desk.shop, now=desk.clock()),
            "clusters": clusters[:5],
        }
        return desk.render(request, "overview.html.jinja", session, values)

    return routes


def _tasks(desk: Desk, decision: Mapping[str, Any] | None, report: Mapping[str, Any], clusters: int) -> list[Task]:
    """What waits for a person, most pressing first."""
    waiting = waiting_items(desk.reviews)
    pairs, other = waiting.pop("synthetic", 0), sum(waiting.values())
    failed = [each["name"] for each in report.get("diagnoses", ()) if each["status"] == "fail"]
    found = [
        Task("The gate said ship: the candidate waits for a promotion.", "/releases")
        if decision and decision["outcome"] == "promote"
        else None,
        Task(f"Diagnoses that fail: {', '.join(failed).replace('_', ' ')}.", "/diagnoses") if failed else None,
        Task("proposals to review", "/review", other) if other else None,
        Task("synthetic pairs to review", "/review?kind=synthetic", pairs) if pairs else None,
        Task("needs that searches fail at", "/failures", clusters) if clusters else None,
    ]
    return [task for task in found if task is not None]
