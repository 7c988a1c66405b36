"""What is to be erased in; its record while it is under way and, when it is done, a line in the list of erasures out.

The record holds what each step needs, so that an erasure that a kill ended is finished by whoever comes next. It goes
when all is done: the list, which only grows, names a client by a hash of the pseudonym.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from mangaassist.core.errors import WorkspaceError
from mangaassist.core.files import canonical_json, sync_directory, write_atomic
from mangaassist.data.workspace import Workspace

UNFINISHED: Final = "erasing.json"
ERASURES: Final = "erasures.jsonl"


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure: of everything about a client, or of log rows from before a moment.

    pseudonym: the client.  before: the moment.  One of them is None.
    query_ids: the client's searches.  texts: what nobody else typed, or nobody since.
    counts: place → what was found there when it began.
    """

    at: datetime
    actor: str
    why: str
    pseudonym: str | None
    before: datetime | None
    query_ids: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


_ERASURE: Final = TypeAdapter(Erasure)


def begin_erasure(workspace: Workspace, erasure: Erasure) -> None:
    """Write the record: from here on the erasure is under way."""
    write_atomic(_record(workspace), canonical_json(_ERASURE.dump_python(erasure, mode="json")))


def unfinished_erasure(workspace: Workspace) -> Erasure | None:
    """The erasure that was begun and not finished, if there is one."""
    path = _record(workspace)
    try:
        return _ERASURE.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        raise WorkspaceError(f"{path}: is damaged; remove it and order the erasure again") from None


def finish_erasure(workspace: Workspace, erasure: Erasure) -> None:
    """Add the line to the list, once however often this is called, and take the record away."""
    line = {
        "at": erasure.at.isoformat(),
        "actor": erasure.actor,
        "why": erasure.why,
        "client": subject_of(erasure.pseudonym) if erasure.pseudonym else None,
        "before": erasure.before.isoformat() if erasure.before else None,
        "counts": dict(erasure.counts),
    }
    lines = erasures(workspace)
    if line not in lines:
        content = "".join(json.dumps(each, sort_keys=True, ensure_ascii=False) + "\n" for each in [*lines, line])
        write_atomic(workspace.root / ERASURES, content.encode())
    _record(workspace).unlink(missing_ok=True)
    sync_directory(workspace.root)


def erasures(workspace: Workspace) -> list[dict[str, Any]]:
    """Every finished erasure, the first first: at, actor, why, client (a hash) or before, counts."""
    path = workspace.root / ERASURES
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []


def subject_of(pseudonym: str) -> str:
    """What the list says instead of the pseudonym: equal for equal ones, and found nowhere else."""
    return hashlib.sha256(f"mangaassist erased client\0{pseudonym}".encode()).hexdigest()


def _record(workspace: Workspace) -> Path:
    return workspace.root / UNFINISHED
