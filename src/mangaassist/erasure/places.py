"""A workspace and an erasure in; each place that can hold what people typed, without what the erasure is about, out.

A package that begins to store logged texts or clients anywhere else adds its place here.
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import polars as pl

from mangaassist.core.files import write_atomic
from mangaassist.data import Erasure, Workspace, erase_rows
from mangaassist.encoders import forget_texts
from mangaassist.feedback import erase_feedback
from mangaassist.loop import candidate_folder, log_pairs_file, named_clusters, pairs_file
from mangaassist.promotion import PAIRS, RowCount, erase_pairs
from mangaassist.serving import erase_lines, erase_service_rows


class Place(Protocol):
    """Erases, or only counts; does nothing where it was done before."""

    def __call__(self, workspace: Workspace, erasure: Erasure, *, dry_run: bool) -> Mapping[str, int]:
        """Name of the place → how much of it the erasure is about."""
        ...


def _pairs(workspace: Workspace, erasure: Erasure, *, dry_run: bool) -> Mapping[str, int]:
    """The pairs in the making, and the copy that the candidate keeps: it is then to be trained again."""
    files = {
        "pairs": pairs_file(workspace),
        "log pairs": log_pairs_file(workspace),
        "candidate pairs": candidate_folder(workspace) / PAIRS,
    }
    return {name: _without(workspace, path, erasure, dry_run) for name, path in files.items()}


def stored_texts(workspace: Workspace, erasure: Erasure) -> set[str]:
    """The texts of pairs that stay: an editor's, and those made of metadata, are nobody's search."""
    if not pairs_file(workspace).is_file():
        return set()
    rows = pl.read_parquet(pairs_file(workspace), glob=False)
    return set(rows.filter(~about(rows, erasure) & (rows["source"] != "feedback"))["query_text"])


def _without(workspace: Workspace, path: Path, erasure: Erasure, dry_run: bool) -> int:
    if not path.is_file():
        return 0
    rows = pl.read_parquet(path, glob=False)
    kept = rows.filter(~about(rows, erasure))
    if (kept.height != rows.height or _names(kept, erasure).any()) and not dry_run:
        content = io.BytesIO()
        others = pl.element().filter(~pl.element().is_in(list(erasure.query_ids)))
        # A pair that people vouch for stays, without the log lines of who is forgotten.
        kept.with_columns(pl.col("evidence").list.eval(others)).write_parquet(content)
        write_atomic(path, content.getvalue())
    return rows.height - kept.height


def about(pairs: pl.DataFrame, erasure: Erasure) -> pl.Series:
    """Which pairs go: of the client, of one of its searches, or of a text that nobody else typed; or by their age."""
    if erasure.pseudonym is None:
        return (pairs["at"] < erasure.before).fill_null(value=False)
    return (
        (pairs["client"] == erasure.pseudonym).fill_null(value=False)
        | pairs["query_id"].is_in(list(erasure.query_ids)).fill_null(value=False)
        | pairs["query_text"].is_in(list(erasure.texts))
    )


def _names(pairs: pl.DataFrame, erasure: Erasure) -> pl.Series:
    """Which pairs name a search of the client in their evidence."""
    return pairs["evidence"].list.set_intersection(list(erasure.query_ids)).list.len().fill_null(0) > 0


def _releases(workspace: Workspace, erasure: Erasure, *, dry_run: bool) -> Mapping[str, int]:
    def count(path: Path) -> RowCount:
        rows = pl.read_parquet(path, glob=False)
        return RowCount(rows.height, int((about(rows, erasure) | _names(rows, erasure)).sum()))

    gone = erase_pairs(workspace.root, count, at=erasure.at, actor=erasure.actor, why=erasure.why, dry_run=dry_run)
    return {"releases": gone}


def _vectors(workspace: Workspace, erasure: Erasure, *, dry_run: bool) -> Mapping[str, int]:
    caches = sorted(workspace.vectors.glob("*.sqlite"))
    return {"vectors": sum(forget_texts(path, erasure.texts, dry_run=dry_run) for path in caches)}


def _logs(workspace: Workspace, erasure: Erasure, *, dry_run: bool) -> Mapping[str, int]:
    """The rows before the lines: a batch of events that a kill left half-exported is not written again with theirs."""
    rows = erase_service_rows(workspace.logs, erasure, dry_run=dry_run)
    return {"service": rows, "log lines": erase_lines(workspace.logs, erasure, dry_run=dry_run)}


def _feedback(workspace: Workspace, erasure: Erasure, *, dry_run: bool) -> Mapping[str, int]:
    return erase_feedback(workspace, erasure, renamed=named_clusters, dry_run=dry_run)


PLACES: Final[tuple[Place, ...]] = (_logs, erase_rows, _pairs, _feedback, _releases, _vectors)
