"""A shop of sixty titles and thirty needs that fits in a test: every need has a planted ranking."""

from datetime import datetime
from typing import Any

import polars as pl

from mangaassist.core.types import DocId
from mangaassist.sample import LoggedSearch, Need

TITLES = [DocId(f"m{number:02d}") for number in range(60)]
ARTICLES = [DocId(f"a{number}") for number in range(12)]
POPULARITY = {title: 1.0 / (place + 1) for place, title in enumerate(TITLES)}
COLD = frozenset(TITLES[50:])

_STORIES = ["pirates", "swordsmen", "quiet ghosts", "school bands", "giant robots", "tea houses", "sumo", "detectives"]


def title_need(number: int) -> Need:
    story = _STORIES[number % len(_STORIES)]
    grades = {TITLES[(7 * number + step) % 60]: 2 if step == 0 else 1 for step in range(6)}
    return Need(f"Manga {number} about {story} please", "recommendation", grades, aliases=(("Manga", "漫画"),))


def help_need(number: int) -> Need:
    return Need(f"Why was order number {number} split?", "faq", {ARTICLES[number % 12]: 2})


NEEDS = [title_need(number) for number in range(26)] + [help_need(number) for number in range(4)]


def rank(text: str) -> list[DocId]:
    """Titles from a place that the text gives, or articles for questions: good enough to be clicked now and then."""
    if "?" in text or "order" in text.casefold():
        return ARTICLES
    digits = "".join(letter for letter in text if letter.isdigit())
    start = 7 * int(digits or "0")
    return [TITLES[(start + (step * 5) % 60) % 60] for step in range(60)]


def rows(searches: list[LoggedSearch]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return [search.query for search in searches], [event for search in searches for event in search.events]


def frames(searches: list[LoggedSearch]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The flat tables that ingesting the rows gives."""
    queries, events = rows(searches)
    return (
        pl.DataFrame(
            {
                "query_id": [row["query_id"] for row in queries],
                "client_id": [row["client_id"] for row in queries],
                "user_query": [row["user_query"] for row in queries],
                "timestamp": [datetime.fromisoformat(row["timestamp"]) for row in queries],
                "query_response_hit_ids": [row["query_response_hit_ids"] for row in queries],
                "intent": [row["query_attributes"]["intent"] for row in queries],
                "intent_confidence": [row["query_attributes"]["intent_confidence"] for row in queries],
            }
        ),
        pl.DataFrame(
            {
                **{
                    name: [row[name] for row in events]
                    for name in ("event_id", "query_id", "session_id", "client_id", "action_name")
                },
                "timestamp": [datetime.fromisoformat(row["timestamp"]) for row in events],
                "object_id": [row["event_attributes"]["object"]["object_id"] for row in events],
                "ordinal": [row["event_attributes"]["position"]["ordinal"] for row in events],
            }
        ),
    )
