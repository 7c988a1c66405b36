"""A search log in which every kind of failure is planted once, by hand."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from mangaassist.data import Workspace, ingest
from mangaassist.data.sql import connection
from mangaassist.feedback import write_searches

MORNING = datetime(2026, 11, 2, 9, tzinfo=UTC)


def at(seconds: float) -> str:
    return (MORNING + timedelta(seconds=seconds)).isoformat()


def search(query_id: str, text: str, second: float, *, client: str = "c1", **attributes: Any) -> dict[str, Any]:
    hits = attributes.pop("hits", ["kaguya", "berserk", "claymore"])
    return {
        "query_id": query_id,
        "user_query": text,
        "client_id": client,
        "timestamp": at(second),
        "query_attributes": {"intent": "recommendation", "intent_confidence": 0.9, "top_score": 0.8, **attributes},
        "query_response_hit_ids": hits,
    }


def event(
    query_id: str, action: str, second: float, *, doc_id: str = "kaguya", ordinal: int = 1, **ids: str
) -> dict[str, Any]:
    return {
        "event_id": f"{query_id} {action} {second} {doc_id}",
        "query_id": query_id,
        "session_id": ids.get("session", "s1"),
        "client_id": ids.get("client", "c1"),
        "action_name": action,
        "timestamp": at(second),
        "event_attributes": {"object": {"object_id": doc_id}, "position": {"ordinal": ordinal}},
    }


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return path


def take_in(workspace: Workspace, name: str, queries: Sequence[Any], events: Sequence[Any] = ()) -> None:
    """Ingest these rows under a name of their own."""
    if queries:
        ingest(workspace, "queries", write_rows(workspace.root.parent / f"{name}-queries.jsonl", queries))
    if events:
        ingest(workspace, "events", write_rows(workspace.root.parent / f"{name}-events.jsonl", events))


def searches_of(workspace: Workspace, *, settled_after_s: float = 1800, most_per_minute: int = 20) -> pl.DataFrame:
    """The searches of a workspace's log."""
    workspace.scratch.mkdir(exist_ok=True)
    target = workspace.scratch / "searches.parquet"
    with connection(workspace.scratch) as db:
        write_searches(db, workspace, target, most_per_minute=most_per_minute, settled_after_s=settled_after_s)
    return pl.read_parquet(target)
