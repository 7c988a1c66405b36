"""One question after the other: a reviewer judges proposals by keyboard, the next item is there before it is needed."""

from collections.abc import Mapping
from typing import Any, Final, get_args

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from mangaassist.console.accounts import Session
from mangaassist.console.desk import Desk, one_of
from mangaassist.console.facts import waiting_items
from mangaassist.core.errors import ConsoleRefused
from mangaassist.core.types import DocId
from mangaassist.data import articles, titles
from mangaassist.evaluation.page import said
from mangaassist.feedback import VERDICTS, Edit, ItemKind, ReviewItem, Verdict

AHEAD: Final = 6
"""Items handed out at once: the one that is shown, and those that a quick reviewer reaches before the next answer."""

KINDS: Final[tuple[ItemKind, ...]] = get_args(ItemKind)
QUESTIONS: Final[Mapping[ItemKind, str]] = {
    "positive": "Does it answer these searches?",
    "negative": "Is it a lookalike that does not answer these searches?",
    "lexicon": "Does this phrase mean these facets?",
    "gap": "Is it true that nobody stocks this?",
    "synthetic": "Would a shopper type this for this title?",
}


def review_routes(desk: Desk) -> APIRouter:
    """`/review`: the page; `/review/next`, `/decide`, `/cluster` and `/undo`: what its script asks for."""
    routes = APIRouter()

    @routes.get("/review")
    def review(request: Request, kind: str = "", cluster: str = "") -> Response:
        session = desk.session(request)
        values = {
            "kind": _kind(kind) or "",
            "cluster": cluster,
            "waiting": waiting_items(desk.reviews),
            "agreement": desk.reviews.agreement(),
            "kinds": KINDS,
        }
        return desk.render(request, "review.html.jinja", session, values)

    @routes.get("/review/next")
    def next_items(request: Request, kind: str = "", cluster: str = "") -> Response:
        return JSONResponse({"items": _next(desk, desk.session(request), kind, cluster)})

    @routes.post("/review/decide")
    async def decide(request: Request) -> Response:
        session = desk.session(request)
        sent = await desk.form(request, session)
        verdict = _verdict(sent.get("verdict", ""))
        edit = _edit(desk, sent) if verdict == "edit" else None
        made = desk.reviews.decide(
            sent.get("item", ""), session.person, verdict, edit=edit, note=sent.get("note", "")[:500]
        )
        return _with_next(desk, session, sent, {"decided": made.item_id, "verdict": verdict})

    @routes.post("/review/cluster")
    async def decide_cluster(request: Request) -> Response:
        session = desk.session(request)
        sent = await desk.form(request, session)
        made = desk.reviews.decide_cluster(sent.get("of", ""), session.person, _verdict(sent.get("verdict", "")))
        return _with_next(desk, session, sent, {"decided": len(made)})

    @routes.post("/review/undo")
    async def undo(request: Request) -> Response:
        session = desk.session(request)
        sent = await desk.form(request, session)
        return _with_next(desk, session, sent, {"undone": [each.item_id for each in desk.reviews.undo(session.person)]})

    return routes


def _with_next(desk: Desk, session: Session, sent: Mapping[str, str], told: Mapping[str, Any]) -> Response:
    items = _next(desk, session, sent.get("kind", ""), sent.get("cluster", ""))
    return JSONResponse({**told, "items": items})


def _next(desk: Desk, session: Session, kind: str, cluster: str) -> list[dict[str, Any]]:
    known = _kind(kind)
    items = desk.reviews.next(session.person, count=AHEAD, kinds=(known,) if known else (), cluster_id=cluster or None)
    return [_as_json(item) for item in items]


def _as_json(item: ReviewItem) -> dict[str, Any]:
    """What the page shows; texts of strangers as one line each, and the script puts them in as text."""
    return {
        "id": item.id,
        "kind": item.kind,
        "question": QUESTIONS[item.kind],
        "reason": said(item.reason),
        "texts": [said(text) for text in item.texts],
        "keys": list(item.texts),
        "document": item.doc_id,
        "phrase": said(item.phrase) if item.phrase else None,
        "facets": [said(facet) for facet in item.facets],
        "cluster": item.cluster_id,
        "searches": sum(len(lines) for lines in item.evidence.values()),
        "details": {said(name): _shown(value) for name, value in item.details.items()},
        "state": item.state,
    }


def _shown(value: Any) -> str:
    return said(", ".join(str(each) for each in value) if isinstance(value, list | tuple) else value)


def _edit(desk: Desk, sent: Mapping[str, str]) -> Edit:
    """What the reviewer put in place: another document, fewer texts, other facets."""
    doc_id = sent.get("document", "").strip() or None
    if doc_id and doc_id not in {each.title_id for each in titles(desk.shop)} | {
        each.article_id for each in articles(desk.shop)
    }:
        raise ConsoleRefused(400, f"the catalogue has no {doc_id!r}; take an id from the catalogue page")
    texts, facets = sent.get("texts"), sent.get("facets")
    return Edit(
        doc_id=DocId(doc_id) if doc_id else None,
        texts=tuple(line for line in texts.split("\n") if line) if texts is not None else None,
        facets=tuple(part.strip() for part in facets.split(",") if part.strip()) if facets is not None else None,
    )


def _verdict(name: str) -> Verdict:
    return one_of(VERDICTS, name, "verdict")


def _kind(name: str) -> ItemKind | None:
    return one_of(KINDS, name, "kind") if name else None
