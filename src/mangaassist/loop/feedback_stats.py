"""A workspace in, where its feedback loop stands out: what fails, what waits, who decided, and how far they agree."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import polars as pl

from mangaassist.core.errors import WorkspaceError
from mangaassist.data import Workspace
from mangaassist.feedback import ReviewItem, effective, read_bucket, read_clusters, read_members
from mangaassist.loop.failure_clusters import clusters_as_json
from mangaassist.loop.failures import bucket_counts
from mangaassist.loop.review_queue import review_store

Made = TypeVar("Made")


def feedback_stats(workspace: Workspace, *, with_private: bool) -> dict[str, Any]:
    """`bucket` and `clusters` (None before they are made), `queue`, `reviewers`, `agreement`."""
    store = review_store(workspace)
    reviewers: dict[str, Counter[str]] = {}
    for decision in effective(store.decisions()):
        reviewers.setdefault(decision.reviewer, Counter())[decision.action] += 1
    return {
        "bucket": _if_made(lambda: bucket_counts(workspace)),
        "clusters": _if_made(lambda: clusters_as_json(read_clusters(workspace), with_private=with_private)),
        "queue": {kind: dict(states) for kind, states in store.counts().items()},
        "reviewers": {name: dict(sorted(counts.items())) for name, counts in sorted(reviewers.items())},
        "agreement": [asdict(each) for each in store.agreement()],
    }


def failed_searches(
    workspace: Workspace, cluster_id: str, *, with_private: bool, most: int = 100
) -> list[dict[str, Any]]:
    """The newest failed searches of a need, for a person to look at: entries without client and session."""
    members = read_members(workspace).filter(pl.col("cluster_id") == cluster_id)
    shown = members if with_private else members.filter(~pl.col("is_private"))
    entries = read_bucket(workspace).filter(pl.col("key").is_in(shown["key"].to_list()))
    newest = entries.sort(["at", "query_id"], descending=[True, False]).head(most).drop("client", "session", "key")
    if not with_private:
        newest = newest.drop("next_text")  # what somebody typed next may be theirs alone
    return newest.with_columns(at=pl.col("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ")).to_dicts()


def item_as_json(item: ReviewItem) -> dict[str, Any]:
    """An item as a program reads it."""
    return {**asdict(item), "texts": list(item.texts), "facets": list(item.facets)}


def _if_made(make: Callable[[], Made]) -> Made | None:
    try:
        return make()
    except WorkspaceError:
        return None
