"""A workspace in; where in it something still stands out. And log rows of a few clients, to be erased again."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from loop_world import write_rows

from mangaassist.data import KINDS, Workspace, ingest, load_key

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
KEY = b"the same key for every small shop"
NOT_THE_WORKSPACES = ("files", "more")
SECRET = "zorbil for my brother Nobuo"
"""What only the client of these tests typed."""


def pseudonym(workspace: Workspace, client: str) -> str:
    path = workspace.root.parent / "the.key"
    path.write_bytes(KEY)
    path.chmod(0o600)
    return load_key(path, workspace=workspace.root).pseudonym(client)


def traces(workspace: Workspace, *needles: str) -> list[str]:
    """Every file of the workspace in which one of these stands: in its bytes, or decoded where they are packed."""
    return [
        path.relative_to(workspace.root).as_posix()
        for path in sorted(workspace.root.rglob("*"))
        if path.is_file()
        and path.relative_to(workspace.root).parts[0] not in NOT_THE_WORKSPACES
        and any(needle.encode() in content for content in _contents(path) for needle in needles)
    ]


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".parquet":
        yield json.dumps(pl.read_parquet(path).to_dicts(), default=str, ensure_ascii=False).encode()
    if path.suffix == ".sqlite":
        with closing(sqlite3.connect(path)) as database:
            yield "\n".join(database.iterdump()).encode()


def query(query_id: str, client: str | None, text: str, at: str = "2026-04-01T10:00:00Z") -> dict[str, Any]:
    return {"query_id": query_id, "client_id": client, "user_query": text, "timestamp": at}


def event(
    event_id: str,
    query_id: str,
    client: str | None,
    action: str = "click",
    at: str = "2026-04-01T10:00:05Z",
    **others: Any,
) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "query_id": query_id,
        "client_id": client,
        "session_id": f"session of {query_id}",
        "action_name": action,
        "timestamp": at,
        "event_attributes": {"object": {"object_id": "pirates-0"}, "position": {"ordinal": 1}},
        **others,
    }


def take_in(workspace: Workspace, name: str, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Ingest these rows; the first word of the name is their kind."""
    path = write_rows(workspace.root / "more" / f"{name}.jsonl", rows)
    kind = next(kind for kind in KINDS if name.startswith(kind))
    ingest(workspace, kind, path)
    return path
