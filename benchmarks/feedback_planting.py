"""Needs in, a search log of shoppers whom the shop fails at them out: what is served live, seen, and not clicked.

Half of the shoppers of a text leave. The others add what the catalogue calls their need, and click a title that answers
if it is shown; whoever asks for help does not try again. The intent of a second try is uncertain: so its click is
evidence for a proposal, as any is, but makes no pair of its own, and what is gained comes from the review.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.failing_needs import Need
from mangaassist.core.types import DocId

SHOPPERS: Final = 4
"""Of every planted text: enough that no query is private."""

TRY_AGAIN: Final = 2
"""Of these, how many add a word."""

SURE: Final = 0.9
UNSURE: Final = 0.5
"""Intent confidences, past what makes pairs and under it."""

START: Final = datetime(2026, 3, 10, 9, tzinfo=UTC)
"""A day of the sample's log that trains: the newest tenth of its days tests, and shall stay the same tenth."""

STEP: Final = timedelta(minutes=20)
TRY_AGAIN_AFTER: Final = timedelta(seconds=15)
FIRST: Final = 10


@dataclass(frozen=True, slots=True)
class Typed:
    """One search. results: what was shown, best first.  clicked: the document, if any."""

    query_id: str
    client: str
    session: str
    text: str
    at: datetime
    need: Need
    results: Sequence[DocId]
    clicked: DocId | None = None
    confidence: float = SURE


def planted_searches(needs: Sequence[Need], served: Mapping[str, Sequence[DocId]]) -> Iterator[Typed]:
    """Every search of every shopper. served: text → what the live release answers, best first."""
    typed = [(need, text, shopper) for need in needs for text in need.logged for shopper in range(SHOPPERS)]
    for number, (need, text, shopper) in enumerate(typed):
        query_id, who = f"planted-{number:05d}", f"planted {need.name} {number}"
        at = START + number * STEP
        yield Typed(query_id, who, query_id, text, at, need, served[text][:FIRST])
        if shopper < TRY_AGAIN and need.plain:
            again = second_try(need, text)
            shown = served[again][:FIRST]
            right = [doc_id for doc_id in shown if doc_id in need.answers]
            clicked = right[number % len(right)] if right else None
            yield Typed(f"{query_id}-again", who, query_id, again, at + TRY_AGAIN_AFTER, need, shown, clicked, UNSURE)


def second_try(need: Need, text: str) -> str:
    """The text with what the catalogue calls the need behind it."""
    return f"{text} {need.plain}"


def write_log(folder: Path, searches: Sequence[Typed], release: str) -> None:
    """`queries.jsonl` and `events.jsonl` of the searches, answered by a release."""
    folder.mkdir(parents=True)
    _write(folder / "queries.jsonl", (_query(each, release) for each in searches))
    _write(folder / "events.jsonl", (event for each in searches for event in _events(each)))


def write_judged(folder: Path, needs: Sequence[Need]) -> None:
    """The held-out texts as judged test queries: what a shop adds to its test set when a need is new."""
    folder.mkdir(parents=True)
    asked = [(f"{need.name}-{place}", text, need) for need in needs for place, text in enumerate(need.held_out)]
    _write(
        folder / "judged_queries.jsonl",
        (
            {"query_id": query_id, "text": text, "split": "test", "intent": need.intent, "group": f"need:{need.name}"}
            for query_id, text, need in asked
        ),
    )
    _write(
        folder / "judgements.jsonl",
        (
            {"query_id": query_id, "doc_id": doc_id, "grade": 1}
            for query_id, _, need in asked
            for doc_id in sorted(need.answers)
        ),
    )


def _query(search: Typed, release: str) -> dict[str, Any]:
    return {
        "application": "planted",
        "query_id": search.query_id,
        "client_id": search.client,
        "user_query": search.text,
        "query_attributes": {"intent": search.need.intent, "intent_confidence": search.confidence, "release": release},
        "timestamp": search.at.isoformat(),
        "query_response_id": f"{search.query_id}-r",
        "query_response_hit_ids": list(search.results),
    }


def _events(search: Typed) -> Iterator[dict[str, Any]]:
    done = [("impression", doc_id, place) for place, doc_id in enumerate(search.results, start=1)]
    if search.clicked is not None:
        done.append(("click", search.clicked, search.results.index(search.clicked) + 1))
    for number, (action, doc_id, place) in enumerate(done):
        yield {
            "application": "planted",
            "event_id": f"{search.query_id}-e{number:02d}",
            "query_id": search.query_id,
            "session_id": search.session,
            "client_id": search.client,
            "action_name": action,
            "timestamp": (search.at + timedelta(seconds=2 + (action == "click"))).isoformat(),
            "event_attributes": {"object": {"object_id": doc_id}, "position": {"ordinal": place}},
        }


def _write(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
