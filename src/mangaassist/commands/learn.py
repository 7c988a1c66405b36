"""`mangaassist learn`: a workspace in, one round of its feedback loop out, with a summary for a chat message."""

from datetime import UTC, datetime
from pathlib import Path

from mangaassist.commands.output import JsonFile, Seed, Workspace, emit, errors_shown, messages, shown_progress
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.loop import learn as learning_round
from mangaassist.loop import read_settings


def learn(seed: Seed = 0, workspace: Workspace = Path(), json_file: JsonFile = None) -> None:
    """Take new logs in, find what fails, propose, train on what was approved, and judge the candidate; promote nothing.

    Safe on a timer: a round that was killed is taken up again, and without news none of the stages does anything.
    """
    with errors_shown():
        shop = ShopWorkspace.open(workspace)
        with shown_progress() as progress:
            result = learning_round(
                shop,
                read_settings(shop.root),
                seed=seed,
                now=datetime.now(UTC),
                progress=progress,
                stage_done=lambda stage: messages.print(f"{stage}: done", markup=False),
            )
        emit(result, json_file, lambda console: console.print(result["summary"], markup=False, soft_wrap=True))
