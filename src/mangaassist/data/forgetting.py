"""A file that was taken in and a reason in; its rows gone, a tombstone in its place out."""

from datetime import datetime

from mangaassist.core.errors import DataError
from mangaassist.data import ledger
from mangaassist.data.kinds import KindName
from mangaassist.data.ledger import Entry
from mangaassist.data.leftovers import remove_leftovers
from mangaassist.data.workspace import Workspace


def forget_file(workspace: Workspace, kind: KindName, sha256: str, why: str, *, at: datetime) -> Entry:
    """The entry of a file whose accepted and refused rows were removed, for retention or erasure.

    The tombstone comes first: from then on nothing reads the rows, and rows that a kill leaves are removed by the next
    writer. The same file is not taken in again. Forgetting it once more changes nothing. Pairs and candidates made
    from it are out of date and are refused until they are made anew; releases keep their own copy of their pairs.
    Raises DataError if no such file was taken in, or without a reason.
    """
    if not why.strip():
        raise DataError(f"{kind} {sha256}: no reason given; say why the file is deleted: its tombstone shows it")
    with workspace.lock(), workspace.writing():
        entry = ledger.find(workspace.engine, kind, sha256)
        if entry is None:
            raise DataError(f"{workspace.root}: no file with sha256 {sha256} was taken in as {kind}; check both")
        if entry.deleted_at is None:
            ledger.bury(workspace.engine, sha256, at=at, why=why)
        remove_leftovers(workspace)
        found = ledger.find(workspace.engine, kind, sha256)
    assert found is not None
    return found
