"""The catalogue and the help centre, searched by words: what the shop knows of a title or an article."""

from fastapi import APIRouter, Request, Response

from mangaassist.console.desk import Desk
from mangaassist.core.errors import ConsoleRefused
from mangaassist.data import Article, Title, articles, titles
from mangaassist.pairs import normalise

SHOWN = 50


def catalogue_routes(desk: Desk) -> APIRouter:
    """`/catalogue` and `/catalogue/{id}`."""
    routes = APIRouter()

    @routes.get("/catalogue")
    def catalogue(request: Request, q: str = "") -> Response:
        session = desk.session(request)
        words = normalise(q).split()
        found: list[Title | Article] = [*titles(desk.shop), *articles(desk.shop)]
        hits = [record for record in found if all(word in _searched(record) for word in words)]
        hits.sort(key=lambda record: (-_named(record, words), record.title))
        values = {"query": q, "records": [_row(record) for record in hits[:SHOWN]], "count": len(hits)}
        return desk.render(request, "catalogue.html.jinja", session, values)

    @routes.get("/catalogue/{doc_id:path}")
    def record(request: Request, doc_id: str) -> Response:
        session = desk.session(request)
        known: list[Title | Article] = [*titles(desk.shop), *articles(desk.shop)]
        found = next((each for each in known if _row(each)["id"] == doc_id), None)
        if found is None:
            raise ConsoleRefused(404, f"the catalogue has no {doc_id!r}")
        told = {name: value for name, value in found.model_dump(mode="json").items() if value not in (None, "", [])}
        return desk.render(request, "record.html.jinja", session, {"row": _row(found), "facts": told})

    return routes


def _row(record: Title | Article) -> dict[str, str]:
    if isinstance(record, Title):
        facets = ", ".join([*record.genres, *record.tones, *record.themes])
        return {"id": record.title_id, "kind": "title", "heading": record.title, "about": facets}
    return {"id": record.article_id, "kind": "article", "heading": record.title, "about": record.topic or ""}


def _searched(record: Title | Article) -> str:
    if isinstance(record, Title):
        names = [record.title, record.title_romaji or "", record.title_japanese or "", *record.aliases]
        return normalise(" ".join([*names, *record.authors, *record.genres, *record.tones, *record.themes]))
    return normalise(f"{record.title} {record.topic or ''} {record.body}")


def _named(record: Title | Article, words: list[str]) -> int:
    """How many of the words are in its very name."""
    return sum(word in normalise(record.title) for word in words)
