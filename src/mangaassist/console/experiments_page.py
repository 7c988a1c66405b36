"""Experiments on live traffic: which runs, and what it has shown so far."""

from fastapi import APIRouter, Request, Response

from mangaassist.console.desk import Desk


def experiments_routes(desk: Desk) -> APIRouter:
    """`/experiments`."""
    routes = APIRouter()

    @routes.get("/experiments")
    def experiments(request: Request) -> Response:
        return desk.render(request, "experiments.html.jinja", desk.session(request), {"experiment": None})

    return routes
