"""A BEIR set in, a workspace that holds it out: its train judgements train, dev validates, test tests.

A set without dev judgements lends a fifth of its train queries to dev, whole groups at a time, as the bench does.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mangaassist.core.files import write_atomic
from mangaassist.core.types import Progress, QueryId, no_progress
from mangaassist.data import (
    BeirFiles,
    Split,
    Workspace,
    find_beir,
    ingest_beir,
    judged_queries,
    quarantined,
    read_beir_queries,
    splits_of,
)
from mangaassist.loop.settings import SETTINGS_FILE, read_settings
from mangaassist.pairs import split_by_group, split_groups

DEV_SHARE = 0.2
"""Share of the train queries that validate where a set has no dev."""

_SETTINGS = """\
# Made by `mangaassist init --from-beir`: nobody searches this set, so its train judgements are what trains.
[pairs]
from_judgements = true
"""


def workspace_from_beir(
    root: Path, folder: Path, *, qrels_folder: str = "qrels", seed: int = 0, progress: Progress = no_progress
) -> tuple[Workspace, dict[str, Any]]:
    """The workspace in `root`, and as JSON what was taken in. The same set again goes on where a kill ended.

    Raises DataError if the folder is no set, WorkspaceError if `root` is a workspace that holds anything else.
    """
    files = find_beir(folder, qrels_folder)
    split_of = _with_dev(files, seed)
    workspace = Workspace.open(root) if (root / "workspace.json").is_file() else Workspace.create(root)
    reports = ingest_beir(workspace, files, split_of, progress=progress)
    settings = workspace.root / SETTINGS_FILE
    if not settings.exists():
        write_atomic(settings, _SETTINGS.encode())
    by_split = Counter(query.split for query in judged_queries(workspace))
    return workspace, {
        "workspace": str(workspace.root),
        "set": folder.resolve().name,
        "files": [asdict(report) for report in reports],
        "queries": {split: by_split[split] for split in ("train", "dev", "test")},
        "dev_carved_from_train": "dev" not in files.qrels and by_split["dev"] > 0,
        "quarantined": quarantined(workspace).height,
        "trains_on_judgements": read_settings(workspace.root).pairs.from_judgements,
    }


def _with_dev(files: BeirFiles, seed: int) -> Mapping[str, Split]:
    """The split of every judged query."""
    split_of = splits_of(files)
    if "dev" in files.qrels:
        return split_of
    queries = read_beir_queries(files)
    train = [query for name, split in split_of.items() if split == "train" and (query := queries.get(QueryId(name)))]
    if not train:
        return split_of
    shares = {"train": 1 - DEV_SHARE, "dev": DEV_SHARE}
    parts = split_by_group([query.query_id for query in train], split_groups(train), shares, seed)
    return split_of | dict.fromkeys(parts["dev"], "dev")
