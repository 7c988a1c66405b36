"""A workspace in, where its feedback loop stands out: what fails, what waits, who decided, and how far they agree."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from mangaassist.core.errors import WorkspaceError
from mangaassist.data import Workspace
from mangaassist.feedback import ReviewItem, effective, read_clusters
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


def item_as_json(item: ReviewItem) -> dict[str, Any]:
    """An item as a program reads it."""
    return {**asdict(item), "texts": list(item.texts), "facets": list(item.facets)}


def _if_made(make: Callable[[], Made]) -> Made | None:
    try:
        return make()
    except WorkspaceError:
        return None
