"""Evidence in, a decision out; with it a candidate becomes a release, and a release becomes live."""

from datetime import UTC, datetime

from mangaassist.core.errors import DataError
from mangaassist.core.files import write_atomic
from mangaassist.data import Workspace
from mangaassist.loop.catalogue import data_fingerprint
from mangaassist.loop.evaluating import candidate_files
from mangaassist.loop.settings import Settings
from mangaassist.loop.training import candidate_folder, read_tuning
from mangaassist.promotion import Decision, GateEvidence, Registry, from_json, judge, publish, to_json


def registry_of(workspace: Workspace) -> Registry:
    """The aliases and the audit of a workspace."""
    return Registry(workspace.root, workspace.root / "workspace.sqlite", clock=lambda: datetime.now(UTC))


def decide(workspace: Workspace, settings: Settings) -> Decision:
    """The gate's decision on the evaluated candidate, stored beside its evidence."""
    path = candidate_folder(workspace) / "evidence.json"
    if not path.is_file():
        raise DataError(f"{workspace.root} has no evaluated candidate; evaluate it: `mangaassist evaluate`")
    evidence = from_json(GateEvidence, path.read_bytes(), source=str(path))
    decision = judge(evidence, settings.gate)
    write_atomic(candidate_folder(workspace) / "decision.json", to_json(decision))
    return decision


def release_candidate(workspace: Workspace, *, actor: str, why: str, override: str | None = None) -> str:
    """The name of the release that the candidate became; it is live if this returns.

    Raises NotPromotable, before anything is published, unless the decision is promote against the present live release
    and data, or `override` gives a reason.
    """
    registry = registry_of(workspace)
    path = candidate_folder(workspace) / "decision.json"
    decision = from_json(Decision, path.read_bytes(), source=str(path)) if path.is_file() else None
    live, fingerprint = registry.aliases().live, data_fingerprint(workspace)
    files = candidate_files(workspace, read_tuning(workspace)["chosen"])
    registry.check_promotable(files, decision, data_fingerprint=fingerprint, override=override)
    papers = {
        name: (candidate_folder(workspace) / name).read_bytes()
        for name in ("report.json", "evidence.json", "decision.json")
        if (candidate_folder(workspace) / name).is_file()
    }
    release = publish(workspace.root, {**files, **papers})
    registry.promote(
        release,
        decision,
        expected_live=live,
        data_fingerprint=fingerprint,
        actor=actor,
        why=why,
        override=override,
    )
    return release
