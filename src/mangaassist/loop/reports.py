"""The name of a release in, the JSON of its report out."""

import json
from typing import Any

from mangaassist.core.errors import DataError
from mangaassist.data import Workspace
from mangaassist.loop.candidate import candidate_folder
from mangaassist.promotion import verify

CANDIDATE = "candidate"


def released_report(workspace: Workspace, name: str) -> dict[str, Any]:
    """The report of a release, or of what was evaluated last under the name `candidate`.

    Raises UnknownRelease for a release that never was, ArtifactError for one that was changed, DataError where
    there is no report.
    """
    if name != CANDIDATE:
        verify(workspace.root, name)
    path = (candidate_folder(workspace) if name == CANDIDATE else workspace.releases / name) / "report.json"
    if not path.is_file():
        remedy = "evaluate it: `mangaassist evaluate`" if name == CANDIDATE else "leave it out"
        raise DataError(f"{name} has no report of its own; {remedy}")
    told: dict[str, Any] = json.loads(path.read_bytes())
    return told
