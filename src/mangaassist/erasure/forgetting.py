"""Who or what shall be forgotten in, the finished erasure out, with what each place held of it.

First the record, with everything that the steps need, then place after place, then the line in `erasures.jsonl`. A kill
leaves the record; every step does nothing where it was done, so finishing is doing all of them again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from mangaassist.core.errors import DataError
from mangaassist.data import (
    Erasure,
    Workspace,
    begin_erasure,
    client_query_ids,
    finish_erasure,
    judged_queries,
    table_texts,
    unfinished_erasure,
)
from mangaassist.erasure.places import PLACES, stored_texts
from mangaassist.loop import collect_garbage, read_settings
from mangaassist.serving import close_logs, logged_query_ids, logged_texts


def forget_client(
    workspace: Workspace, pseudonym: str, *, at: datetime, actor: str, why: str, dry_run: bool = False
) -> Erasure:
    """Everything about a client gone, and its rows in files that come later suppressed. Under the lock.

    An erasure that a kill left is finished first. Raises DataError without a reason, WorkspaceLocked while a service
    writes to the logs.
    """
    known = client_query_ids(workspace, pseudonym) | logged_query_ids(workspace.logs, pseudonym)
    asked = Erasure(at, actor, why, pseudonym, None, query_ids=tuple(sorted(known)))
    return _carried_out(workspace, asked, dry_run=dry_run)


def forget_older(
    workspace: Workspace, before: datetime, *, at: datetime, actor: str, why: str, dry_run: bool = False
) -> Erasure:
    """Rows of the log from before a moment gone, and what was made of them; a file without others leaves a tombstone.

    Under the lock. What has no time is kept. Finishes, and raises, as `forget_client` does.
    """
    return _carried_out(workspace, Erasure(at, actor, why, None, before), dry_run=dry_run)


def finish_unfinished(workspace: Workspace) -> Erasure | None:
    """The erasure that a kill had left, finished now; None if there was none. Under the lock."""
    erasure = unfinished_erasure(workspace)
    if erasure is not None:
        close_logs(workspace.logs)
        _finish(workspace, erasure)
    return erasure


def _carried_out(workspace: Workspace, asked: Erasure, *, dry_run: bool) -> Erasure:
    if not (asked.why.strip() and asked.actor.strip()):
        raise DataError(f"actor is {asked.actor!r}, why {asked.why!r}; say who erases and for what reason: it is kept")
    if dry_run:
        return _planned(workspace, asked)
    finish_unfinished(workspace)
    close_logs(workspace.logs)
    erasure = _planned(workspace, asked)
    if asked.pseudonym is not None or any(erasure.counts.values()):
        begin_erasure(workspace, erasure)
        _finish(workspace, erasure)
    return erasure


def _planned(workspace: Workspace, asked: Erasure) -> Erasure:
    """The erasure with the texts that go, and what each place holds."""
    typed = [*table_texts(workspace, asked), *logged_texts(workspace.logs, asked)]
    others = {text for text, goes in typed if not goes} | {query.text for query in judged_queries(workspace)}
    others |= stored_texts(workspace, asked)
    erasure = replace(asked, texts=tuple(sorted({text for text, goes in typed if goes} - others)))
    return replace(erasure, counts=_everywhere(workspace, erasure, dry_run=True))


def _finish(workspace: Workspace, erasure: Erasure) -> None:
    """What killed commands left goes too: it can hold anything, and nothing looks into it."""
    settings = read_settings(workspace.root)
    with workspace.writing():
        _everywhere(workspace, erasure, dry_run=False)
        collect_garbage(workspace, settings, with_vectors=False, dry_run=False)
        finish_erasure(workspace, erasure)


def _everywhere(workspace: Workspace, erasure: Erasure, *, dry_run: bool) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for place in PLACES:
        counts |= place(workspace, erasure, dry_run=dry_run)
    return counts
