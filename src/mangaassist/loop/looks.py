"""A candidate and a test set in, how often that set was looked at before out: every look is noted."""

import json
from datetime import datetime

from mangaassist.core.files import write_atomic
from mangaassist.data import Workspace


def note_look(workspace: Workspace, *, test_fingerprint: str, candidate: str, now: datetime) -> int:
    """How many other candidates were evaluated on this test set before; this look is noted."""
    path = workspace.runs / "test_looks.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    seen = {line["candidate"] for line in lines if line["test_fingerprint"] == test_fingerprint}
    if candidate not in seen:
        line = {"time": now.isoformat(timespec="seconds"), "test_fingerprint": test_fingerprint, "candidate": candidate}
        write_atomic(path, "".join(json.dumps(each) + "\n" for each in [*lines, line]).encode())
    return len(seen - {candidate})
