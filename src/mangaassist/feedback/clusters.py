"""Clusters of failed searches, as values and as files: which need, whom it hurts, since when, and whether it grows.

feedback/clusters.json     every cluster, the one that hurts most users first
feedback/members.parquet   text → cluster (null: of none), with its cosine to the cluster's centre
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
from pydantic import TypeAdapter, ValidationError

from mangaassist.core.errors import WorkspaceError
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import Workspace
from mangaassist.feedback.bucket_store import feedback_folder, parquet_bytes

MEMBER: Final = pl.Schema(
    {
        "key": pl.String(),
        "text": pl.String(),
        "cluster_id": pl.String(),
        "cosine": pl.Float64(),
        "hurt": pl.Int64(),
        "is_private": pl.Boolean(),
    }
)


@dataclass(frozen=True, slots=True)
class FailureCluster:
    """One need that searches fail at.

    name, terms: words that its texts share and others lack; of texts that reviewers may see, unless all are private.
    texts: how many different ones.  shown: the most typed, as far as they are not private (all of a private cluster).
    entries: failed searches.  hurt: clients who found nothing.  weeks: ISO week → clients hurt in it.
    hurt_lately, hurt_before: in the log's last seven days, and in the seven before.
    causes, reasons, intents: counts over its entries.  first_at, last_at: of its entries, ISO 8601.
    is_private: no text of it was typed by enough clients; for admins only.
    x, y: where it stands on a map of all clusters, in [-1, 1].  centre: of its base vectors.
    """

    id: str
    name: str
    terms: tuple[str, ...]
    texts: int
    shown: tuple[str, ...]
    entries: int
    hurt: int
    weeks: Mapping[str, int]
    hurt_lately: int
    hurt_before: int
    causes: Mapping[str, int]
    reasons: Mapping[str, int]
    intents: Mapping[str, int]
    first_at: str
    last_at: str
    is_private: bool
    x: float
    y: float
    centre: tuple[float, ...]

    @property
    def growth(self) -> float:
        """Clients hurt lately over those hurt in the week before; 1 is no change, one more is counted on each side."""
        return (self.hurt_lately + 1) / (self.hurt_before + 1)


@dataclass(frozen=True, slots=True)
class Clustering:
    """All clusters, worst first. apart: texts of none.  next_number: of the next new cluster's id."""

    encoder_id: str
    seed: int
    apart: int
    next_number: int
    clusters: Sequence[FailureCluster]

    def by_id(self) -> dict[str, FailureCluster]:
        """Id → cluster."""
        return {each.id: each for each in self.clusters}


_CLUSTERING: Final = TypeAdapter(Clustering)


def clusters_file(workspace: Workspace) -> Path:
    """Where the clusters lie."""
    return feedback_folder(workspace) / "clusters.json"


def members_file(workspace: Workspace) -> Path:
    """Where it lies which text belongs to which cluster."""
    return feedback_folder(workspace) / "members.parquet"


def write_clusters(workspace: Workspace, clustering: Clustering, members: pl.DataFrame) -> None:
    """Write the members, then the clusters: a kill between them leaves clusters that the next run makes anew."""
    rows = members.select(list(MEMBER)).cast(MEMBER)
    write_atomic(members_file(workspace), parquet_bytes(rows))
    write_atomic(clusters_file(workspace), canonical_json(_CLUSTERING.dump_python(clustering, mode="json")))


def read_clusters(workspace: Workspace) -> Clustering:
    """The clusters; raises WorkspaceError if there are none yet, or the file is damaged."""
    path = clusters_file(workspace)
    if not path.is_file():
        raise WorkspaceError(
            f"{workspace.root}: has no clusters of failed searches yet; make them: `mangaassist feedback cluster`"
        )
    try:
        return _CLUSTERING.validate_python(json.loads(path.read_bytes()))
    except (ValueError, ValidationError):
        raise WorkspaceError(f"{path}: is damaged; remove it and run `mangaassist feedback cluster`") from None


def read_members(workspace: Workspace) -> pl.DataFrame:
    """Which text belongs to which cluster; see `MEMBER`. Empty where nothing was clustered yet."""
    path = members_file(workspace)
    return pl.read_parquet(path, glob=False) if path.is_file() else pl.DataFrame(schema=MEMBER)
