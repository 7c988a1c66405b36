"""A message in, the answers of baseline, live and candidate side by side, each result with its reasons."""

from fastapi import APIRouter, Request, Response

from mangaassist.console.desk import Desk, one_of
from mangaassist.core.errors import ConsoleRefused
from mangaassist.core.types import INTENTS
from mangaassist.serving import RetrieveRequest

LONGEST_QUERY = 2_000
RESULTS = 5
EXAMPLES = (
    "dark fantasy like Berserk but less brutal",
    "cozy slice of life manga with found family",
    "iyashikei manga for stress relief",
    "why did preorder shipping split my order?",
)


def playground_routes(desk: Desk) -> APIRouter:
    """`/playground`."""
    routes = APIRouter()

    @routes.get("/playground")
    def playground(request: Request, q: str = "", intent: str = "") -> Response:
        session = desk.session(request)
        query = q.strip()
        if len(query) > LONGEST_QUERY:
            raise ConsoleRefused(400, f"the message is longer than {LONGEST_QUERY} characters; ask for less at once")
        asked = RetrieveRequest(query=query, intent=one_of(INTENTS, intent, "intent") if intent else None, k=RESULTS)
        values = {
            "query": query,
            "intent": intent,
            "intents": INTENTS,
            "examples": EXAMPLES,
            "compared": desk.playground.ask(asked) if query else None,
        }
        return desk.render(request, "playground.html.jinja", session, values)

    return routes
