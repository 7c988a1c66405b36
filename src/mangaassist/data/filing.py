"""The finished parts of a file in, a file that counts out.

Order of writing: refused rows, accepted rows, ledger. Each is one atomic step and only the ledger makes a file count,
for every table that it feeds at once. So a kill anywhere leaves nothing or the whole file; what lies around is removed
when the next ingest starts.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mangaassist.core.errors import DataError, SettingsError
from mangaassist.data import ledger
from mangaassist.data.keyfile import KEY_VARIABLE, key_file, load_key
from mangaassist.data.kinds import Kind
from mangaassist.data.ledger import Entry
from mangaassist.data.leftovers import remove_leftovers
from mangaassist.data.parts import empty_folder, publish
from mangaassist.data.privacy import PrivacyKey
from mangaassist.data.sql import connection, identifier, scan
from mangaassist.data.workspace import Workspace


@contextmanager
def writer(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace's lock, with the leftovers of an interrupted ingest removed."""
    with workspace.lock(), workspace.writing():
        remove_leftovers(workspace)
        try:
            yield
        finally:
            empty_folder(workspace.scratch)


def workspace_key(workspace: Workspace) -> PrivacyKey:
    """The privacy key; it must be the one behind the pseudonyms already here."""
    path = key_file()
    key = load_key(path, workspace=workspace.root)
    used = {entry.key_fingerprint for entry in ledger.entries(workspace.engine)} - {""}
    if used - {key.fingerprint}:
        reason = f"{path}: is not the privacy key that this workspace's pseudonyms were made with"
        raise SettingsError(f"{reason}; point {KEY_VARIABLE} to that key, or begin a new workspace")
    return key


def check_not_deleted(path: Path, known: Entry) -> None:
    """Raise DataError if the file was deleted from the workspace: what was to be gone must not come back unseen."""
    if known.deleted_at is not None:
        raise DataError(
            f"{path}: is the file {known.file!r} that was deleted from this workspace at {known.deleted_at} "
            f"({known.deleted_why}); it is not taken in again, so take it out of what you ingest"
        )


def is_complete(workspace: Workspace, entry: Entry) -> bool:
    """Whether the accepted rows of a file that counts are still there."""
    return entry.accepted == 0 or workspace.part(entry.kind, entry.sha256).exists()


def new_ids(workspace: Workspace, kind: Kind, part: Path) -> int:
    """How many ids of the part stand in no earlier part."""
    columns = ", ".join(identifier(column) for column in kind.key)
    parts = [workspace.part(kind.name, entry.sha256) for entry in ledger.entries(workspace.engine, kind.name)]
    earlier = [path for path in parts if path.exists()]
    ids = f"FROM {scan([part])} SELECT DISTINCT {columns}"
    if earlier:
        ids = f"({ids}) EXCEPT (FROM {scan(earlier)} SELECT {columns})"
    with connection(part.parent) as db:
        row = db.execute(f"FROM ({ids}) SELECT count(*)").fetchone()
    assert row is not None
    return int(row[0])


def file_away(
    workspace: Workspace, refused: tuple[Path | None, Path], accepted: Sequence[tuple[Path | None, Entry]]
) -> None:
    """Put the finished parts into their places and make them count, all at once.

    refused: the part of refused rows and its place.  accepted: each part with its entry.  None where there is no row.
    """
    places = [(part, workspace.part(entry.kind, entry.sha256)) for part, entry in accepted]
    for part, place in (refused, *places):
        if part is not None:
            publish(part, place)
    ledger.record(workspace.engine, [entry for _, entry in accepted])
