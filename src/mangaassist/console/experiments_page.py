"""Experiments on live traffic: which there were, which one runs, and what it has shown so far."""

from fastapi import APIRouter, Request, Response

from mangaassist.console.desk import Desk
from mangaassist.experiments import experiments, report_experiment, state_of
from mangaassist.loop import registry_of


def experiments_routes(desk: Desk) -> APIRouter:
    """`/experiments`, and `/experiments/{name}` for one of them."""
    routes = APIRouter()

    @routes.get("/experiments")
    def overview(request: Request) -> Response:
        session, live = desk.session(request), registry_of(desk.shop).aliases().live
        rows = [{"about": each, "state": state_of(each, live)} for each in reversed(experiments(desk.shop))]
        return desk.render(request, "experiments.html.jinja", session, {"rows": rows, "live": live})

    @routes.get("/experiments/{name}")
    def experiment(request: Request, name: str) -> Response:
        session = desk.session(request)
        click_s = desk.settings.service.hit_window_s
        told = report_experiment(desk.shop, name, now=desk.clock(), click_s=click_s)
        return desk.render(request, "experiment.html.jinja", session, {"told": told, "about": told["experiment"]})

    return routes
