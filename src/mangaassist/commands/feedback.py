"""`mangaassist feedback bucket`, `cluster`, `propose`, `review` and `stats`: failed searches in, judged items out."""

from pathlib import Path
from typing import Annotated, get_args

import typer

from mangaassist.commands.feedback_tables import draw_bucket, draw_clusters, draw_items, draw_proposed, draw_stats
from mangaassist.commands.output import JsonFile, Seed, Workspace, emit, errors_shown, shown_progress
from mangaassist.commands.releasing import current_user
from mangaassist.core.errors import DataError
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.feedback import Reviewer, ReviewStore, Role, Verdict, read_clusters
from mangaassist.loop import (
    cluster_failures,
    clusters_as_json,
    feedback_stats,
    fill_bucket,
    item_as_json,
    propose_feedback,
    read_settings,
    review_store,
)

feedback = typer.Typer(
    name="feedback",
    help="Find failed searches, group them into needs, propose what to learn from them, and review the proposals.",
    no_args_is_help=True,
)
Private = Annotated[bool, typer.Option("--private", help="Show what few clients typed, too; for admins.")]
Ids = Annotated[list[str] | None, typer.Option(metavar="ID", help="An item, or a whole cluster (c-0001); repeatable.")]


@feedback.command()
def bucket(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Find the failed searches of the log, with reasons and causes; only what has changed is computed."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock(), shown_progress() as progress:
            result = fill_bucket(shop, read_settings(shop.root), progress=progress)
        emit(result, json_file, lambda console: draw_bucket(console, result))


@feedback.command()
def cluster(
    seed: Seed = 0, private: Private = False, workspace: Workspace = Path(), json_file: JsonFile = None
) -> None:
    """Group the failed searches into needs, under the ids they had before; those that hurt most users first."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock(), shown_progress() as progress:
            cluster_failures(shop, read_settings(shop.root), seed=seed, progress=progress)
        result = clusters_as_json(read_clusters(shop), with_private=private)
        emit(result, json_file, lambda console: draw_clusters(console, result))


@feedback.command("propose")
def propose_what_to_learn(workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Put proposals into the review queue: answers, lookalikes, gaps, new words, and pending synthetic pairs."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shop.lock(), shown_progress() as progress:
            result = propose_feedback(shop, read_settings(shop.root), progress=progress)
        emit(result, json_file, lambda console: draw_proposed(console, result))


@feedback.command()
def review(
    reviewer: Annotated[str, typer.Option("--reviewer", metavar="NAME", help="Who decides; the user by default.")] = "",
    role: Annotated[str, typer.Option("--role", metavar="ROLE", help="reviewer or admin.")] = "reviewer",
    count: Annotated[int, typer.Option("--count", min=0, metavar="N", help="How many items to show next.")] = 5,
    accept: Ids = None,
    reject: Ids = None,
    skip: Ids = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the reviewer's last decision back, before all else.")
    ] = False,
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Decide on items, then show the next ones; they are this reviewer's for five minutes."""
    with errors_shown():
        if role not in get_args(Role):
            raise DataError(f"--role is {role!r}; it is one of {', '.join(get_args(Role))}")
        who = Reviewer(reviewer or current_user(), role)  # type: ignore[arg-type]
        store = review_store(ShopWorkspace.open(workspace))
        undone = store.undo(who) if undo else []
        verdicts: dict[Verdict, list[str]] = {"accept": accept or [], "reject": reject or [], "skip": skip or []}
        decided = sum(_decided(store, who, verdict, each) for verdict, ids in verdicts.items() for each in ids)
        result = {
            "undone": [each.item_id for each in undone],
            "decided": decided,
            "items": [item_as_json(item) for item in store.next(who, count=count)] if count else [],
            "queue": {kind: dict(states) for kind, states in store.counts().items()},
        }
        emit(result, json_file, lambda console: draw_items(console, result))


@feedback.command()
def stats(private: Private = False, workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Show what fails, what waits for review, what was decided by whom, and how far reviewers agree."""
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        result = feedback_stats(shop, with_private=private)
        emit(result, json_file, lambda console: draw_stats(console, result))


def _decided(store: ReviewStore, who: Reviewer, verdict: Verdict, item_id: str) -> int:
    """How many items the verdict settled or skipped: one, or those of a cluster."""
    if item_id.startswith("c-"):
        return len(store.decide_cluster(item_id, who, verdict))
    store.decide(item_id, who, verdict)
    return 1
