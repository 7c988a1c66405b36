"""An erasure in; what the feedback loop keeps of it out of buckets, texts, clusters and review items.

An entry goes by its client or its search; a text goes that nobody else typed, with the names that it gave a cluster.
Decisions stay in their log, which says who decided when; what they were about, in words, goes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import polars as pl
from sqlalchemy import delete, select, update

from mangaassist.core.errors import WorkspaceError
from mangaassist.core.files import write_atomic
from mangaassist.data import Erasure, Workspace
from mangaassist.feedback.bucket import text_key
from mangaassist.feedback.bucket_store import bucket_files, parquet_bytes, texts_file
from mangaassist.feedback.clusters import (
    Clustering,
    FailureCluster,
    members_file,
    read_clusters,
    read_members,
    write_clusters,
)
from mangaassist.feedback.review_items import ReviewItem, item_as_json
from mangaassist.feedback.review_tables import DECISIONS, ITEMS, WORDS, has_tables, read_items

ERASED: Final = "what it was about was erased"

Renamed = Callable[[pl.DataFrame], Mapping[str, FailureCluster]]
"""Members → their clusters, named anew."""


def erase_feedback(workspace: Workspace, erasure: Erasure, *, renamed: Renamed, dry_run: bool) -> dict[str, int]:
    """How many entries, texts and items lost, or would lose, what they say of the erasure."""
    return {
        "failed searches": _entries(workspace, erasure, dry_run),
        "failed texts": _texts(workspace, erasure, renamed, dry_run),
        "review items": _items(workspace, erasure, dry_run),
    }


def _entries(workspace: Workspace, erasure: Erasure, dry_run: bool) -> int:
    """Entries go; of those that stay, what their session did next goes where it was such a search."""
    gone = 0
    for path in bucket_files(workspace):
        rows = pl.read_parquet(path, glob=False)
        theirs = _is_theirs(rows, erasure)
        left = rows.filter(~theirs)
        next_gone = left["next_query_id"].is_in(list(erasure.query_ids)).fill_null(value=False)
        gone += rows.height - left.height
        if dry_run or not (theirs.any() or next_gone.any()):
            continue
        blank = [pl.when(~next_gone).then(pl.col(name)).alias(name) for name in ("next_query_id", "next_text")]
        write_atomic(path, parquet_bytes(left.with_columns(blank)))
    return gone


def _is_theirs(rows: pl.DataFrame, erasure: Erasure) -> pl.Series:
    if erasure.pseudonym is None:
        return (rows["at"] < erasure.before).fill_null(value=False)
    by_client = (rows["client"] == erasure.pseudonym).fill_null(value=False)
    return by_client | rows["query_id"].is_in(list(erasure.query_ids))


def _texts(workspace: Workspace, erasure: Erasure, renamed: Renamed, dry_run: bool) -> int:
    """Texts and members go; clusters that had one are named by what is left of them, or go with the last."""
    keys = {text_key(text) for text in erasure.texts}
    gone = 0
    if texts_file(workspace).is_file():
        texts = pl.read_parquet(texts_file(workspace), glob=False)
        left = texts.filter(~texts["key"].is_in(list(keys)))
        gone = texts.height - left.height
        if gone and not dry_run:
            write_atomic(texts_file(workspace), parquet_bytes(left))
    members = read_members(workspace)
    touched = members.filter(members["key"].is_in(list(keys)))
    if touched.height and not dry_run:
        _without_members(workspace, members.filter(~members["key"].is_in(list(keys))), renamed)
    return max(gone, touched.height)


def _without_members(workspace: Workspace, left: pl.DataFrame, renamed: Renamed) -> None:
    try:
        clustering = read_clusters(workspace)
    except WorkspaceError:
        write_atomic(members_file(workspace), parquet_bytes(left))
        return
    names = renamed(left)
    kept = [
        replace(
            each,
            name=names[each.id].name,
            terms=names[each.id].terms,
            texts=names[each.id].texts,
            shown=names[each.id].shown,
            is_private=names[each.id].is_private,
        )
        for each in clustering.clusters
        if each.id in names
    ]
    told = {name: getattr(clustering, name) for name in ("encoder_id", "seed", "apart", "next_number")}
    write_clusters(workspace, Clustering(**told, clusters=kept), left)


def _items(workspace: Workspace, erasure: Erasure, dry_run: bool) -> int:
    """Items lose the texts and log lines that go; one without a text left is blanked, and counts as erased."""
    if not (workspace.root / "workspace.sqlite").is_file():
        return 0
    with workspace.engine.connect() as connection:
        if not has_tables(connection):
            return 0
        changed = [(item, left) for item in read_items(connection) if (left := _left_of(item, erasure)) != item]
        noted = list(
            connection.execute(
                select(WORDS.c.sequence, DECISIONS.c.item_id).join(DECISIONS, DECISIONS.c.sequence == WORDS.c.sequence)
            ).all()
        )
    if changed and not dry_run:
        wordy = {item.id for item, left in changed if left is None or left.texts != item.texts}
        _write_items(workspace, changed, [sequence for sequence, item_id in noted if item_id in wordy])
    return len(changed)


def _left_of(item: ReviewItem, erasure: Erasure) -> ReviewItem | None:
    """What stays of an item: itself where it is not concerned, None where nothing does."""
    if item.state == "erased" or item.kind == "synthetic":
        return item
    goes = {text_key(text) for text in erasure.texts}
    texts = tuple(text for text in item.texts if text_key(text) not in goes)
    gone_ids = set(erasure.query_ids)
    lines = {
        text: tuple(line for line in ids if line not in gone_ids)
        for text, ids in item.evidence.items()
        if text_key(text) not in goes
    }
    if texts == item.texts and lines == dict(item.evidence):
        return item
    if not texts:
        return None
    details = {name: value for name, value in item.details.items() if texts == item.texts or name != "cluster"}
    phrase_lives = item.phrase is None or any(item.phrase in text_key(text) for text in texts)
    return replace(item, texts=texts, evidence=lines, details=details) if phrase_lives else None


def _write_items(
    workspace: Workspace, changed: Sequence[tuple[ReviewItem, ReviewItem | None]], noted: Sequence[int]
) -> None:
    """In one transaction; then the file is written anew, because what was deleted lies on in free pages."""
    with workspace.engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        for item, left in changed:
            values: dict[str, Any] = {"content": item_as_json(left or _blank(item))}
            if left is None:
                values |= {"state": "erased", "cluster_id": item.cluster_id}
            connection.execute(update(ITEMS).where(ITEMS.c.id == item.id).values(**values))
        for start in range(0, len(noted), 500):
            connection.execute(delete(WORDS).where(WORDS.c.sequence.in_(noted[start : start + 500])))
    with workspace.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM")


def _blank(item: ReviewItem) -> ReviewItem:
    return ReviewItem(item.id, item.kind, ERASED, cluster_id=item.cluster_id, is_private=item.is_private)
