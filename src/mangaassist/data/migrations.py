"""A workspace of an older format in, the same workspace in the present format out, one version at a time.

Each step changes the database in one transaction and does nothing where it was done already; `workspace.json` names the
new version last. So a kill anywhere leaves a workspace that `migrate` takes up again, and no other command opens.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from mangaassist.core.errors import WorkspaceError
from mangaassist.data.workspace import DATABASE, FORMAT_VERSION, Workspace, describe, format_version


def _add_tombstones(connection: Connection) -> None:
    """1 → 2: an ingested file can say that it was deleted, when and why."""
    present = {row.name for row in connection.exec_driver_sql("PRAGMA table_info(ingested_files)")}
    for column in ("deleted_at", "deleted_why"):
        if column not in present:
            connection.exec_driver_sql(f"ALTER TABLE ingested_files ADD COLUMN {column} VARCHAR")


def _add_erasures(connection: Connection) -> None:
    """2 → 3: an ingested file can say how many of its rows were erased, when and why."""
    present = {row.name for row in connection.exec_driver_sql("PRAGMA table_info(ingested_files)")}
    columns = {"erased": "INTEGER DEFAULT '0' NOT NULL", "erased_at": "VARCHAR", "erased_why": "VARCHAR"}
    for column, kind in columns.items():
        if column not in present:
            connection.exec_driver_sql(f"ALTER TABLE ingested_files ADD COLUMN {column} {kind}")


MIGRATIONS: Final[Mapping[int, Callable[[Connection], None]]] = {1: _add_tombstones, 2: _add_erasures}
"""Format version → the step from it to the next."""


def migrate(root: Path) -> tuple[int, int]:
    """The format version that the workspace had, and the one it has now. Raises WorkspaceError if it cannot be."""
    workspace = Workspace(root.resolve())
    before = format_version(root)
    if not (root / DATABASE).exists():
        raise WorkspaceError(f"{root}: {DATABASE} is missing; restore it from a backup")
    with workspace.lock(), workspace.writing():
        for version in range(format_version(root), FORMAT_VERSION):
            with workspace.engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                MIGRATIONS[version](connection)
            describe(workspace.root, version + 1)
    return before, FORMAT_VERSION
