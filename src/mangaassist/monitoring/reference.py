"""The first days of a release in, what later windows are compared with out; stored, so that logs may go.

Stored are counts per day and nothing that anybody typed. Once all its days are over, a reference never changes.
"""

import json
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from mangaassist.core.errors import DataError
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import Workspace
from mangaassist.monitoring.tallies import Tally


def reference_file(workspace: Workspace, release: str) -> Path:
    """Where the reference of a release lies."""
    return workspace.root / "monitoring" / f"{release}.json"


def read_reference(workspace: Workspace, release: str) -> dict[date, Tally] | None:
    """The stored counts of each reference day; None if none are stored. Raises DataError if they are damaged."""
    path = reference_file(workspace, release)
    if not path.is_file():
        return None
    try:
        days = json.loads(path.read_bytes())["days"]
        return {
            date.fromisoformat(day): Counter({str(name): int(count) for name, count in tally.items()})
            for day, tally in days.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(
            f"{path}: is damaged; restore it from a backup, or delete it: it is made again if the logs still hold the "
            "release's first days"
        ) from None


def store_reference(workspace: Workspace, release: str, days: Mapping[date, Tally]) -> None:
    """Keep the counts of the reference days, whole or not at all."""
    path = reference_file(workspace, release)
    with workspace.writing(path.parent):
        path.parent.mkdir(exist_ok=True)
        told = {day.isoformat(): dict(sorted(tally.items())) for day, tally in sorted(days.items())}
        write_atomic(path, canonical_json({"release": release, "days": told}))
