"""Evidence in, a decision out; with it a candidate becomes a release, and a release becomes live."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from mangaassist.adapter import MANIFEST
from mangaassist.core.errors import DataError
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import Workspace
from mangaassist.evaluation import report_markdown
from mangaassist.evaluation.page import report_page
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.catalogue import data_fingerprint
from mangaassist.loop.evaluating import candidate_files
from mangaassist.loop.lineage import read_origin
from mangaassist.loop.settings import Settings
from mangaassist.promotion import (
    IDENTITY,
    LINEAGE,
    PAIRS,
    Decision,
    GateEvidence,
    Registry,
    digests_of,
    from_json,
    judge,
    lineage_of,
    publish,
    releases,
    served_digest,
    to_json,
    verify,
)

_HEADLINES = ("live", "chosen", "because", "test_fingerprint", "systems", "delta", "looks")
"""What a manifest says of its report; slices and query texts stand in `report.json` beside it."""


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
    papers = _papers(workspace)
    for name in ("report.md", "report.html"):
        if name in papers:
            write_atomic(candidate_folder(workspace) / name, papers[name])
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
    release = _published(workspace, files, live=live)
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


def nominate_candidate(workspace: Workspace, *, actor: str, why: str) -> str:
    """The name of the release that the trained candidate became; it bears the alias `candidate` and is not live.

    `release_candidate` later promotes this very release, unless the candidate's files or papers have changed by then.
    Raises DataError if it is what is live already.
    """
    registry = registry_of(workspace)
    aliases = registry.aliases()
    files = candidate_files(workspace, read_tuning(workspace)["chosen"])
    if served_digest(digests_of(files)) == served_digest(verify(workspace.root, aliases.live)):
        raise DataError(f"the candidate of {workspace.root} is live already, as {aliases.live}; train another one")
    release = _published(workspace, files, live=aliases.live)
    if release != aliases.candidate:
        registry.nominate(release, expected_candidate=aliases.candidate, actor=actor, why=why)
    return release


def _published(workspace: Workspace, files: Mapping[str, bytes], *, live: str) -> str:
    """The release of the candidate's files and papers: published now, or by an earlier call that made nothing live."""
    papers = _papers(workspace)
    origin, pairs = read_origin(candidate_folder(workspace))
    lineage = lineage_of(origin, parent=live, papers=papers)
    papers |= {PAIRS: pairs, LINEAGE: to_json(lineage)}
    manifest = _evaluated(files[MANIFEST], parent=live, report=papers.get("report.json"))
    whole = {**files, **papers, MANIFEST: manifest}
    return _left_unfinished(workspace, whole) or publish(workspace.root, whole)


def _papers(workspace: Workspace) -> dict[str, bytes]:
    """What is known of the candidate; the pages are made anew, so that they hold the decision that stands."""
    papers = {
        name: (candidate_folder(workspace) / name).read_bytes()
        for name in ("report.json", "evidence.json", "decision.json")
        if (candidate_folder(workspace) / name).is_file()
    }
    if "report.json" in papers:
        decision = json.loads(papers["decision.json"]) if "decision.json" in papers else None
        report = json.loads(papers["report.json"])
        papers["report.md"] = report_markdown(report, decision).encode()
        papers["report.html"] = report_page(report, decision).encode()
    return papers


def _evaluated(manifest: bytes, *, parent: str, report: bytes | None) -> bytes:
    """The artefact's manifest with the release it was compared with, and the headlines of its report."""
    told, found = json.loads(manifest), json.loads(report) if report else {}
    headlines = {name: found[name] for name in _HEADLINES if name in found}
    return canonical_json({**told, "parent": parent, "report": headlines})


def _left_unfinished(workspace: Workspace, files: Mapping[str, bytes]) -> str | None:
    """A release of these very files and papers that was published, but never live: a kill before the switch left it."""
    been_live = {entry.release for entry in registry_of(workspace).history() if entry.action == "promote"}
    digests = {name: digest for name, digest in digests_of(files).items() if name != MANIFEST}
    for name in releases(workspace.root):
        if name not in {IDENTITY, *been_live} and verify(workspace.root, name) == digests:
            return name
    return None
