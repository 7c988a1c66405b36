"""A workspace's bucket in, clusters of what fails out: the same need under the same id from week to week."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from mangaassist.core.errors import WorkspaceError
from mangaassist.core.types import Progress, Vectors
from mangaassist.data import Workspace
from mangaassist.feedback import (
    APART,
    Clustering,
    FailureCluster,
    centres_of,
    cluster_terms,
    cluster_vectors,
    name_of,
    number_after,
    read_bucket,
    read_clusters,
    read_members,
    read_texts,
    telling_words,
    tracked_ids,
    write_clusters,
)
from mangaassist.loop.catalogue import workspace_encoder
from mangaassist.loop.settings import Settings

SHOWN_TEXTS = 12
_WEEK = timedelta(days=7)


def cluster_failures(workspace: Workspace, settings: Settings, *, seed: int, progress: Progress) -> dict[str, Any]:
    """What `mangaassist feedback cluster` prints: the clusters, worst first. Under the lock.

    Texts that say the same in other order or with other small words are one; those that hurt most users are clustered.
    """
    rules = settings.feedback
    texts = read_texts(workspace).filter(pl.col("hurt") > 0)
    texts = texts.with_columns(need=pl.Series([_need_key(each) for each in texts["text"]], dtype=pl.String()))
    needs = texts.group_by("need", maintain_order=True).agg(pl.col("text").first(), pl.col("hurt").sum())
    needs = needs.sort(["hurt", "need"], descending=[True, False]).head(rules.most_clustered)
    encoder = workspace_encoder(workspace, settings, progress)
    vectors = encoder.encode(needs["text"].to_list())
    progress("clustering", 0, 2)
    smallest = max(rules.min_cluster, round(rules.min_cluster_share * needs.height))
    labels = cluster_vectors(vectors, min_cluster=smallest, reach=rules.leftover_reach, seed=seed)
    progress("clustering", 1, 2)
    centres = centres_of(vectors, labels)
    ids, next_number = _ids(workspace, encoder.encoder_id, needs, labels, centres, texts)
    members = _members(texts, needs, vectors, labels, centres, ids)
    clusters = _described(workspace, members, dict(zip(ids, centres, strict=True)))
    apart = int(members["cluster_id"].is_null().sum())
    clustering = Clustering(encoder.encoder_id, seed, apart, next_number, clusters)
    with workspace.writing():
        write_clusters(workspace, clustering, members)
    progress("clustering", 2, 2)
    return clusters_as_json(clustering, with_private=True)


def clusters_as_json(clustering: Clustering, *, with_private: bool) -> dict[str, Any]:
    """The clusters for people: without their centres, and without private ones unless that is asked for."""
    shown = [each for each in clustering.clusters if with_private or not each.is_private]
    return {
        "clusters": [
            {name: getattr(each, name) for name in each.__slots__ if name != "centre"} | {"growth": each.growth}
            for each in shown
        ],
        "apart": clustering.apart,
        "private": len(clustering.clusters) - len(shown),
    }


def _need_key(text: str) -> str:
    """The telling words of a text in one order: other order and small words make no other need."""
    return " ".join(sorted(telling_words(text))) or text


def _ids(
    workspace: Workspace,
    encoder_id: str,
    needs: pl.DataFrame,
    labels: "np.ndarray[Any, np.dtype[np.int64]]",
    centres: Vectors,
    texts: pl.DataFrame,
) -> tuple[list[str], int]:
    """The ids of the clusters in the order of their labels, and the number of the next new one."""
    keys_of_need: dict[str, set[str]] = {}
    for need, key in texts.select("need", "key").iter_rows():
        keys_of_need.setdefault(need, set()).add(key)
    new: list[set[str]] = [set() for _ in range(len(centres))]
    for need, label in zip(needs["need"], labels, strict=True):
        if label != APART:
            new[label] |= keys_of_need[need]
    try:
        before = read_clusters(workspace)
    except WorkspaceError:
        return tracked_ids({}, centres[:0], new, centres, next_number=1)
    held: dict[str, set[str]] = {each.id: set() for each in before.clusters}
    for key, name in read_members(workspace).select("key", "cluster_id").drop_nulls().iter_rows():
        held.setdefault(name, set()).add(key)
    known = before.by_id()
    held = {name: keys for name, keys in held.items() if name in known}
    width = centres.shape[1] if before.encoder_id == encoder_id else 0
    old_centres = np.array([known[name].centre[:width] for name in held], dtype=np.float32).reshape(len(held), width)
    next_number = max(before.next_number, number_after(list(held)))
    return tracked_ids(held, old_centres, new, centres, next_number=next_number)


def _members(
    texts: pl.DataFrame,
    needs: pl.DataFrame,
    vectors: Vectors,
    labels: "np.ndarray[Any, np.dtype[np.int64]]",
    centres: Vectors,
    ids: Sequence[str],
) -> pl.DataFrame:
    """Every text that was clustered, with its cluster."""
    of_need = [ids[label] if label != APART else None for label in labels]
    cosines = [
        float(vector @ centres[label]) if label != APART else None
        for vector, label in zip(vectors, labels, strict=True)
    ]
    joined = needs.select("need").with_columns(
        cluster_id=pl.Series(of_need, dtype=pl.String()), cosine=pl.Series(cosines, dtype=pl.Float64())
    )
    return texts.join(joined, on="need", how="inner").sort("key")


def _described(workspace: Workspace, members: pl.DataFrame, centres: Mapping[str, Vectors]) -> list[FailureCluster]:
    """The clusters with everything that the bucket says of them, the one that hurts most first."""
    entries = read_bucket(
        workspace, columns=["key", "at", "client", "session", "reasons", "cause", "intent", "is_hurt"]
    ).with_columns(who=pl.coalesce("client", "session"), week=pl.col("at").dt.strftime("%G-W%V"))
    end = entries["at"].max()
    entries = entries.join(members.select("key", "cluster_id").drop_nulls(), on="key", how="inner")
    names = named_clusters(members)
    places = _places(centres)
    parts = {str(name[0]): part for name, part in entries.partition_by("cluster_id", as_dict=True).items()}
    found = []
    for cluster_id, part in parts.items():
        assert isinstance(end, datetime)
        about = names[cluster_id]
        found.append(
            replace(
                about,
                **_counts(part, end),
                x=places[cluster_id][0],
                y=places[cluster_id][1],
                centre=tuple(float(each) for each in centres[cluster_id]),
            )
        )
    return sorted(found, key=lambda each: (-each.hurt, -each.entries, each.id))


def named_clusters(members: pl.DataFrame) -> dict[str, FailureCluster]:
    """Cluster id → the cluster with its name, terms and texts, and nothing counted yet."""
    of_cluster: dict[str, list[tuple[str, bool]]] = {}
    rows = members.drop_nulls("cluster_id").sort(["hurt", "key"], descending=[True, False])
    for cluster_id, text, is_private in rows.select("cluster_id", "text", "is_private").iter_rows():
        of_cluster.setdefault(cluster_id, []).append((text, is_private))
    public = {name: [text for text, is_private in texts if not is_private] for name, texts in of_cluster.items()}
    tellable = {name: public[name] or [text for text, _ in texts] for name, texts in of_cluster.items()}
    terms = cluster_terms(tellable)
    return {
        name: FailureCluster(
            id=name,
            name=name_of(terms[name], texts),
            terms=tuple(terms[name]),
            texts=len(of_cluster[name]),
            shown=tuple(texts[:SHOWN_TEXTS]),
            is_private=not public[name],
            **_NOTHING,
        )
        for name, texts in tellable.items()
    }


_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("entries", "hurt", "hurt_lately", "hurt_before"), 0),
    **{name: {} for name in ("weeks", "causes", "reasons", "intents")},
    **dict.fromkeys(("first_at", "last_at"), ""),
    **dict.fromkeys(("x", "y"), 0.0),
    "centre": (),
}


def _counts(part: pl.DataFrame, end: datetime) -> dict[str, Any]:
    """What the entries of one cluster add up to."""
    hurt = part.filter("is_hurt")
    lately = hurt.filter(pl.col("at") > end - _WEEK)
    before = hurt.filter(pl.col("at") <= end - _WEEK, pl.col("at") > end - 2 * _WEEK)
    weeks = hurt.group_by("week").agg(pl.col("who").n_unique()).sort("week").iter_rows()
    reasons = part["reasons"].explode(empty_as_null=True).drop_nulls().to_list()
    return {
        "entries": part.height,
        "hurt": hurt["who"].n_unique(),
        "weeks": dict(weeks),
        "hurt_lately": lately["who"].n_unique(),
        "hurt_before": before["who"].n_unique(),
        "causes": dict(sorted(Counter(part["cause"].to_list()).items())),
        "reasons": dict(sorted(Counter(reasons).items())),
        "intents": dict(sorted(Counter(each or "unknown" for each in part["intent"].to_list()).items())),
        "first_at": part["at"].min().isoformat(),  # type: ignore[union-attr]
        "last_at": part["at"].max().isoformat(),  # type: ignore[union-attr]
    }


def _places(centres: Mapping[str, Vectors]) -> dict[str, tuple[float, float]]:
    """Cluster → its place on a map: the two directions in which the centres differ most, in [-1, 1]."""
    if not centres:
        return {}
    points = np.stack(list(centres.values())).astype(np.float64)
    points -= points.mean(axis=0)
    _, _, directions = np.linalg.svd(points, full_matrices=False)
    flat = np.zeros((len(points), 2))
    for column, direction in enumerate(directions[:2]):
        # A direction has no sign of its own; the largest part is made positive, so that a map does not flip.
        flat[:, column] = points @ (direction * np.sign(direction[np.abs(direction).argmax()]))
    flat /= max(float(np.abs(flat).max()), 1e-9)
    return {name: (round(float(x), 4), round(float(y), 4)) for name, (x, y) in zip(centres, flat, strict=True)}
