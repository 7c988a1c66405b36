"""Decision and release in, live release out: the aliases live, candidate and previous, and who changed them and why.

Every change is one SQLite transaction that compares before it swaps: who saw an older state loses and changes nothing.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import NullPool, create_engine

from mangaassist.core.errors import NotPromotable, RegistryError
from mangaassist.core.transactions import Transactions
from mangaassist.promotion.audit import (
    Action,
    Aliases,
    AuditEntry,
    append,
    create_tables,
    has_tables,
    line_of_live,
    read_aliases,
    read_history,
)
from mangaassist.promotion.gate import Decision
from mangaassist.promotion.releases import digests_of, served_digest, verify


class Registry:
    """The aliases and the audit of one workspace.

    root: the folder that holds `releases/`.  database: the SQLite file, made where it is absent.
    clock: what time it is, with a zone; written into the audit.
    """

    def __init__(self, root: Path, database: Path, *, clock: Callable[[], datetime]) -> None:
        self._root = root
        self._clock = clock
        engine = create_engine(f"sqlite:///{database}", poolclass=NullPool, connect_args={"timeout": 30})
        self._database = Transactions(engine, RegistryError, "no alias was changed")
        with self._database.reading() as connection:
            exists = has_tables(connection)
        if not exists:
            with self._database.writing() as connection:
                create_tables(connection)

    def aliases(self) -> Aliases:
        """Which release is live, which is nominated, and which a rollback would bring back."""
        with self._database.reading() as connection:
            return read_aliases(connection)

    def rollback_line(self) -> tuple[str, ...]:
        """The releases that rollbacks could reach, oldest first; the last is live."""
        with self._database.reading() as connection:
            return tuple(line_of_live(connection))

    def history(self) -> tuple[AuditEntry, ...]:
        """Every change, oldest first."""
        with self._database.reading() as connection:
            return read_history(connection)

    def nominate(self, release: str, *, expected_candidate: str | None, actor: str, why: str) -> None:
        """Make an intact release the candidate, if the candidate is still the expected one."""
        verify(self._root, release)
        with self._database.writing() as connection:
            candidate = read_aliases(connection).candidate
            _need_same("candidate", expected_candidate, candidate)
            append(connection, self._entry("nominate", release, candidate, actor=actor, why=why))

    def check_promotable(
        self,
        files: Mapping[str, bytes],
        decision: Decision | None,
        *,
        data_fingerprint: str,
        override: str | None = None,
    ) -> None:
        """Raise what `promote` would now raise for a release of these files: then none need be published."""
        digest, live = served_digest(digests_of(files)), self.aliases().live
        verify(self._root, live)
        objection = _objection(decision, live=live, digest=digest, data_fingerprint=data_fingerprint)
        if objection is not None and override is None:
            raise NotPromotable(f"the candidate stays off: {objection}")

    def promote(
        self,
        release: str,
        decision: Decision | None,
        *,
        expected_live: str,
        data_fingerprint: str,
        actor: str,
        why: str,
        override: str | None = None,
    ) -> None:
        """Make an intact release live, if live is still the expected one and the gate said promote of this very change.

        data_fingerprint: of the present data.  override: a reason to go past the gate, kept in the audit; it excuses
        every objection to the decision, but neither a changed file nor a live release that somebody else has moved.
        Raises NotPromotable with the objection, ArtifactError for a changed file of this release or of the live one,
        which a rollback would bring back; either way live stays what it was.
        """
        verify(self._root, self.aliases().live)
        digest = served_digest(verify(self._root, release))
        with self._database.writing() as connection:
            live = read_aliases(connection).live
            _need_same("live", expected_live, live)
            objection = _objection(decision, live=live, digest=digest, data_fingerprint=data_fingerprint)
            if release == live:
                raise NotPromotable(f"{release} is live already; there is nothing to promote")
            if objection is not None and override is None:
                raise NotPromotable(f"{release} stays off: {objection}")
            entry = self._entry("promote", release, live, actor=actor, why=why, override=override, decision=decision)
            append(connection, entry)

    def rollback(self, *, expected_live: str, actor: str, why: str) -> str:
        """The release that is live again: the one before the expected live one. Its files are checked, no gate is."""
        target = self.aliases().previous
        if target is None:
            raise RegistryError(f"nothing came before {expected_live}, so there is nothing to roll back to")
        verify(self._root, target)
        with self._database.writing() as connection:
            present = read_aliases(connection)
            _need_same("live", expected_live, present.live)
            _need_same("previous", target, present.previous)
            append(connection, self._entry("rollback", target, present.live, actor=actor, why=why))
        return target

    def _entry(
        self,
        action: Action,
        release: str,
        replaced: str | None,
        *,
        actor: str,
        why: str,
        override: str | None = None,
        decision: Decision | None = None,
    ) -> AuditEntry:
        """The line for the audit, now; who and why, and why past the gate, must be said."""
        if not (actor.strip() and why.strip() and (override is None or override.strip())):
            raise RegistryError(
                f"{action} {release}: actor is {actor!r}, why {why!r}, override {override!r}; "
                "say who does it and for what reason"
            )
        return AuditEntry(self._clock(), actor, action, release, replaced, why, override, decision)


def _objection(decision: Decision | None, *, live: str, digest: str, data_fingerprint: str) -> str | None:
    """Why the decision does not speak for this change, or None where it does."""
    if decision is None:
        return "there is no decision on it; run the gate"
    to_blame = "; ".join(f"{rule.name}: {rule.because}" for rule in decision.rules if rule.outcome == decision.outcome)
    table = (
        (decision.outcome, "promote", f"the gate said {decision.outcome} ({to_blame})"),
        (decision.candidate, digest, "the decision is on other files; run the gate on these"),
        (decision.live, live, f"the decision is against {decision.live}, but {live} is live; evaluate again"),
        (decision.data_fingerprint, data_fingerprint, "the data have changed since the decision; evaluate again"),
    )
    return next((objection for decided, present, objection in table if decided != present), None)


def _need_same(alias: str, expected: str | None, present: str | None) -> None:
    """The comparison before every swap."""
    if expected != present:
        raise NotPromotable(
            f"{alias} is {present or 'unset'}, not {expected or 'unset'} as expected: somebody moved it; "
            "look at the history and decide anew"
        )
