"""The service's logs and an erasure in; the lines and rows that it is about out of the files and of service.sqlite.

Nothing may be writing: a file that a running service holds open cannot be rewritten under it.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from mangaassist.core.errors import WorkspaceLocked
from mangaassist.core.files import sync_directory, write_atomic
from mangaassist.data import SEAL, Erasure
from mangaassist.serving.log_files import OPEN, close_orphans
from mangaassist.serving.service_db import FILE, open_db, transaction

_CLIENTS: Final = ("client", "client_id", "user_id")
_TEXTS: Final = ("query", "user_query")


def close_logs(logs: Path) -> None:
    """Close what killed services left open. Raises WorkspaceLocked if a running one holds a file open."""
    close_orphans(logs)
    for path in sorted(logs.glob(f"*.jsonl{OPEN}")):
        raise WorkspaceLocked(f"{path}: a running service writes to it; stop the service, then run the command again")


def logged_query_ids(logs: Path, pseudonym: str) -> set[str]:
    """The searches of a client that the logs know."""
    lines = (line for line in _every_line(logs) if pseudonym in _clients(line))
    return {line["query_id"] for line in lines if isinstance(line.get("query_id"), str)}


def logged_texts(logs: Path, erasure: Erasure) -> Iterator[tuple[str, bool]]:
    """Every query text in the logs, with whether the erasure is about its line."""
    for line in _every_line(logs):
        typed = next((line[name] for name in _TEXTS if isinstance(line.get(name), str)), None)
        if typed is not None:
            yield typed, is_about(erasure, line)


def erase_lines(logs: Path, erasure: Erasure, *, dry_run: bool) -> int:
    """How many lines of files went, or would go; a file is rewritten whole, and removed when nothing is left."""
    gone = 0
    for path in _files(logs):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if not is_about(erasure, _read(line))]
        gone += len(lines) - len(kept)
        if len(kept) == len(lines) or dry_run:
            continue
        if kept:
            write_atomic(path, "".join(kept).encode())
        else:
            path.unlink()
            sync_directory(logs)
    return gone


def erase_service_rows(logs: Path, erasure: Erasure, *, dry_run: bool) -> int:
    """How many rows of service.sqlite lost, or would lose, what they say; events keep their ids, to be known again."""
    if not (logs / FILE).is_file():
        return 0
    with closing(open_db(logs, "FULL")) as db:
        waiting = db.execute("SELECT query_id, line FROM pending").fetchall()
        pending = [(query_id,) for query_id, line in waiting if is_about(erasure, _read(line))]
        events = [
            (seq,)
            for seq, query_id, line in db.execute(
                "SELECT seq, query_id, line FROM events WHERE line IS NOT NULL OR query_id IS NOT NULL"
            )
            if (is_about(erasure, _read(line)) if line is not None else query_id in erasure.query_ids)
        ]
        if not dry_run:
            with transaction(db):
                db.executemany("DELETE FROM pending WHERE query_id = ?", pending)
                blank = "UPDATE events SET line = NULL, query_id = NULL, object_id = NULL, looked_at = 1 WHERE seq = ?"
                db.executemany(blank, events)
            # What was deleted earlier lies on in free pages until the file is written anew.
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return len(pending) + len(events)


def is_about(erasure: Erasure, line: Mapping[str, Any]) -> bool:
    """Whether a line is one that goes: by its client, where it names none by its search; or by its age.

    A line about a judged query is the shop's own, and one that cannot be read says nothing.
    """
    if line.get("hit_source") == "judgement":
        return False
    if erasure.pseudonym is not None:
        clients = _clients(line)
        return erasure.pseudonym in clients or (not clients and line.get("query_id") in erasure.query_ids)
    moment = _moment(line.get("timestamp"))
    return moment is not None and erasure.before is not None and moment < erasure.before


def _clients(line: Mapping[str, Any]) -> set[str]:
    """The pseudonyms that a line names; our own UBI files hold them sealed."""
    named = (line.get(name) for name in _CLIENTS)
    return {each.partition(SEAL)[0] for each in named if isinstance(each, str)}


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _every_line(logs: Path) -> Iterator[Mapping[str, Any]]:
    for path in _files(logs):
        with path.open(encoding="utf-8") as lines:
            yield from map(_read, lines)
    if (logs / FILE).is_file():
        with closing(open_db(logs, "FULL")) as db:
            rows = db.execute("SELECT line FROM pending UNION ALL SELECT line FROM events WHERE line IS NOT NULL")
            yield from (_read(line) for (line,) in rows)


def _files(logs: Path) -> list[Path]:
    return sorted([*logs.glob("*.jsonl"), *logs.glob(f"*.jsonl{OPEN}")])


def _read(line: str) -> Mapping[str, Any]:
    try:
        content = json.loads(line)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
