"""A workspace in, what the last training left in it out: where the candidate lies and what was decided on it."""

import json
from pathlib import Path
from typing import Any

from mangaassist.core.errors import DataError
from mangaassist.data import Workspace


def candidate_folder(workspace: Workspace) -> Path:
    """Where the candidate in the making lies: `tuning.json`, and one artefact folder per rung."""
    return workspace.runs / "candidate"


def read_tuning(workspace: Workspace) -> dict[str, Any]:
    """What `train_candidate` decided; raises DataError if it has not finished."""
    path = candidate_folder(workspace) / "tuning.json"
    if not path.is_file():
        raise DataError(f"{workspace.root} has no trained candidate yet; train one: `mangaassist train`")
    summary: dict[str, Any] = json.loads(path.read_bytes())
    return summary
