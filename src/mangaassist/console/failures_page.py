"""Failed searches as needs: a map of the clusters, how they grow, and a table to take away."""

import csv
import io
from collections.abc import Sequence

import polars as pl
from fastapi import APIRouter, Request, Response

from mangaassist.console.accounts import Session
from mangaassist.console.desk import Desk
from mangaassist.console.facts import cluster_list
from mangaassist.console.plots import bars, dots
from mangaassist.core.errors import ConsoleRefused
from mangaassist.feedback import FailureCluster, read_members

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def failures_routes(desk: Desk) -> APIRouter:
    """`/failures`, `/failures/{id}` and `/failures.csv`."""
    routes = APIRouter()

    def visible(session: Session) -> list[FailureCluster]:
        return [each for each in cluster_list(desk.shop) if session.is_admin or not each.is_private]

    @routes.get("/failures")
    def failures(request: Request) -> Response:
        session = desk.session(request)
        clusters = visible(session)
        weeks = sorted({week for each in clusters for week in each.weeks})
        values = {
            "clusters": clusters,
            "dots": dots([(each.x, each.y, each.hurt) for each in clusters]),
            "trend": bars([(week, sum(each.weeks.get(week, 0) for each in clusters)) for week in weeks[-26:]]),
        }
        return desk.render(request, "failures.html.jinja", session, values)

    @routes.get("/failures.csv")
    def table(request: Request) -> Response:
        return Response(
            as_csv(visible(desk.session(request))),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="failures.csv"'},
        )

    @routes.get("/failures/{cluster_id}")
    def failure(request: Request, cluster_id: str) -> Response:
        session = desk.session(request)
        found = next((each for each in visible(session) if each.id == cluster_id), None)
        if found is None:
            raise ConsoleRefused(404, f"there is no cluster {cluster_id!r}; it may have been merged into another")
        members = read_members(desk.shop).filter(pl.col("cluster_id") == cluster_id)
        if not session.is_admin:
            members = members.filter(~pl.col("is_private"))
        values = {
            "cluster": found,
            "members": members.sort(["hurt", "text"], descending=[True, False]).head(100).to_dicts(),
            "trend": bars(sorted(found.weeks.items())[-26:]),
            "items": desk.reviews.items(cluster_id=cluster_id, with_private=session.is_admin),
        }
        return desk.render(request, "failure.html.jinja", session, values)

    return routes


def as_csv(clusters: Sequence[FailureCluster]) -> str:
    """One row a cluster. A text that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "name", "clients hurt", "failed searches", "texts", "growth", "causes", "examples"])
    for each in clusters:
        causes = ", ".join(f"{cause} {count}" for cause, count in sorted(each.causes.items()))
        row = [each.id, each.name, each.hurt, each.entries, each.texts, round(each.growth, 2)]
        writer.writerow([_harmless(value) for value in [*row, causes, " | ".join(each.shown)]])
    return out.getvalue()


def _harmless(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
