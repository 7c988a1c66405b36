"""The list of erasures in; out, which rows of files that are taken in later must not come back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from mangaassist.data.contracts import Record
from mangaassist.data.erasures import erasures, subject_of, unfinished_erasure
from mangaassist.data.ubi import UbiEvent, UbiQuery
from mangaassist.data.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Forgotten clients. moments: hash of the pseudonym → when the client was last forgotten.

    A row that is younger passes: who comes back after an erasure is a client like any other.
    """

    moments: Mapping[str, datetime]

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """Those of every erasure, the unfinished one among them."""
        moments = {each["client"]: datetime.fromisoformat(each["at"]) for each in erasures(workspace) if each["client"]}
        under_way = unfinished_erasure(workspace)
        if under_way is not None and under_way.pseudonym is not None:
            moments[subject_of(under_way.pseudonym)] = under_way.at
        return cls(moments)

    def holds(self, record: Record) -> bool:
        """Whether a protected row is a forgotten client's, from before the erasure or of no known time."""
        if not self.moments or not isinstance(record, UbiQuery | UbiEvent):
            return False
        ids = (record.client_id, record.user_id if isinstance(record, UbiEvent) else None)
        found = [self.moments[subject] for each in ids if each and (subject := subject_of(each)) in self.moments]
        return bool(found) and (record.timestamp is None or record.timestamp <= max(found))
