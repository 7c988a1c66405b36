"""Failed searches among the small shop's others: a word for pirates that nobody has learnt yet."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from loop_world import FILLERS, write_rows

from mangaassist.data import Workspace, ingest

MORNING = datetime(2026, 4, 2, 9, tzinfo=UTC)
"""A day of the small shop's log that trains."""

NEW_WORD = "blimpo"
TEXTS = [f"{NEW_WORD} {filler}" for filler in FILLERS.split()[:8]]
WRONG = ("robots-0", "robots-1", "chefs-0")
"""What was shown for them."""


def failing_searches(
    texts: Sequence[str], *, clients: int = 4, start: datetime = MORNING, name: str = "f"
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Every text typed by so many clients, who see wrong titles, click none, type the usual word and click pirates."""
    queries, events = [], []
    for number, text in enumerate(texts):
        for client in range(clients):
            query_id, who = f"{name}{number}-{client}", f"{name} client {client}"
            at = start + timedelta(minutes=10 * number + client)
            session = f"session {query_id}"
            again = text.replace(NEW_WORD, f"{NEW_WORD} zorbil")
            for suffix, typed, hits, second in (
                ("", text, WRONG, 0),
                ("-again", again, ("pirates-0", "pirates-1"), 15),
            ):
                moment = at + timedelta(seconds=second)
                queries.append(
                    {
                        "query_id": query_id + suffix,
                        "client_id": who,
                        "user_query": typed,
                        "timestamp": moment.isoformat(),
                        "query_attributes": {"intent": "recommendation", "intent_confidence": 0.9},
                        "query_response_hit_ids": list(hits),
                    }
                )
                done = [("impression", hits[0])] + ([("click", "pirates-0")] if suffix else [])
                events += [
                    {
                        "event_id": f"{query_id}{suffix}-{action}",
                        "query_id": query_id + suffix,
                        "session_id": session,
                        "client_id": who,
                        "action_name": action,
                        "timestamp": (moment + timedelta(seconds=2)).isoformat(),
                        "event_attributes": {"object": {"object_id": doc_id}, "position": {"ordinal": 1}},
                    }
                    for action, doc_id in done
                ]
    return queries, events


def log_failures(workspace: Workspace, texts: Sequence[str] = TEXTS, **others: Any) -> None:
    """Take such searches in."""
    queries, events = failing_searches(texts, **others)
    name = others.get("name", "f")
    ingest(workspace, "queries", write_rows(workspace.root / "more" / f"queries-{name}.jsonl", queries))
    ingest(workspace, "events", write_rows(workspace.root / "more" / f"events-{name}.jsonl", events))
