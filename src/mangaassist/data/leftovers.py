"""A workspace in, what killed writers left in it out: parts that the ledger does not name, scratch, unnamed files."""

from pathlib import Path

from mangaassist.data import ledger
from mangaassist.data.parts import empty_folder
from mangaassist.data.workspace import FOLDERS, Workspace


def leftover_parts(workspace: Workspace) -> list[Path]:
    """Parts of files that do not count: never written down, or deleted since. Under the lock only: others are at it."""
    counted = set()
    for entry in ledger.entries(workspace.engine):
        counted |= {workspace.part(entry.kind, entry.sha256), workspace.refused_part(entry.kind, entry.sha256)}
    found = {*workspace.root.glob("tables/*/*.parquet"), *workspace.quarantine.glob("*.parquet")}
    return sorted(found - counted)


def unnamed_files(workspace: Workspace) -> list[Path]:
    """Files that were being written under a temporary name when their writer was killed."""
    folders = [workspace.root / folder for folder in FOLDERS]
    hidden = [path for folder in folders for path in folder.rglob(".*.tmp")]
    return sorted([*workspace.root.glob(".*.tmp"), *hidden, *workspace.pairs.glob("*.tmp")])


def remove_leftovers(workspace: Workspace) -> None:
    """Remove what an interrupted ingest left behind; under the lock."""
    empty_folder(workspace.scratch)
    for leftover in leftover_parts(workspace):
        leftover.unlink()
