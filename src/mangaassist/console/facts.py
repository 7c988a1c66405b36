"""Files of a workspace in, what several pages show of them out."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mangaassist.core.errors import WorkspaceError
from mangaassist.data import Workspace
from mangaassist.feedback import OPEN_STATES, FailureCluster, ItemKind, ReviewStore, clusters_file, read_clusters
from mangaassist.loop import candidate_folder

STALE_AFTER_S = 3600


@dataclass(frozen=True, slots=True)
class LogHealth:
    """What the service's logs say. last_at: when a line was last written; None where nothing ever was."""

    last_at: datetime | None
    files: int
    size_bytes: int
    is_stale: bool


def candidate_paper(shop: Workspace, name: str) -> dict[str, Any] | None:
    """The JSON of `report.json` or `decision.json` of the candidate; None where there is none."""
    return read_json(candidate_folder(shop) / name)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in a file; None where there is none."""
    try:
        told: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise WorkspaceError(f"{path}: is damaged; make it anew with the command that wrote it") from None
    return told


def waiting_items(reviews: ReviewStore) -> dict[ItemKind, int]:
    """How many items of each kind wait for a decision."""
    return {
        kind: sum(count for state, count in states.items() if state in OPEN_STATES)
        for kind, states in reviews.counts().items()
    }


def cluster_list(shop: Workspace) -> tuple[FailureCluster, ...]:
    """The clusters of failed searches, worst first; none where none were made yet."""
    return tuple(read_clusters(shop).clusters) if clusters_file(shop).is_file() else ()


def log_health(shop: Workspace, *, now: datetime) -> LogHealth:
    """Whether the service writes."""
    files = [path.stat() for path in shop.logs.rglob("*") if path.is_file()] if shop.logs.is_dir() else []
    if not files:
        return LogHealth(None, 0, 0, is_stale=False)
    last = datetime.fromtimestamp(max(each.st_mtime for each in files), UTC)
    is_stale = (now - last).total_seconds() > STALE_AFTER_S
    return LogHealth(last, len(files), sum(each.st_size for each in files), is_stale)
