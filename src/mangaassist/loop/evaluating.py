"""A candidate and judged test queries in, a report and the gate's evidence out; every judged query is logged."""

from datetime import datetime
from typing import Any

from mangaassist.adapter import MANIFEST, read_manifest
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import Progress
from mangaassist.data import Workspace, titles, ubi_queries
from mangaassist.evaluation import report_markdown
from mangaassist.evaluation.page import report_page
from mangaassist.loop.ablations import ablated_runs
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.catalogue import load_catalogue, workspace_encoder
from mangaassist.loop.contenders import Shelves, contenders, runs_of
from mangaassist.loop.diagnosing import diagnose_candidate
from mangaassist.loop.evidence import gate_evidence
from mangaassist.loop.fixing import without_overlap
from mangaassist.loop.judged import judged_split
from mangaassist.loop.live_log import live_log_section
from mangaassist.loop.looks import note_look
from mangaassist.loop.pairing import read_pairs
from mangaassist.loop.query_log import log_queries
from mangaassist.loop.reporting import report_json
from mangaassist.loop.reviewing import read_proposals
from mangaassist.loop.scored import Scored, exposure_of
from mangaassist.loop.service_timing import TimeService, latency_evidence, latency_json, timed_service
from mangaassist.loop.settings import Settings
from mangaassist.loop.text_comparison import runs_by_text
from mangaassist.loop.training import check_current
from mangaassist.pairs import check_real_queries
from mangaassist.promotion import digests_of, served_digest, to_json


def evaluate_candidate(
    workspace: Workspace,
    settings: Settings,
    *,
    live: str,
    seed: int,
    now: datetime,
    progress: Progress,
    time_service: TimeService | None = None,
) -> dict[str, Any]:
    """The report of the candidate against the live release on the test split, stored with the gate's evidence.

    Raises LeakageError where a test query is synthetic. Counts a look at the test set per candidate. An earlier
    decision goes: it rests on other evidence.
    time_service: times both as they are served; None leaves that unmeasured, and so the gate's decision open.
    """
    tuning, encoder = read_tuning(workspace), workspace_encoder(workspace, settings, progress)
    check_current(workspace, settings, encoder_id=encoder.encoder_id)
    split = without_overlap(judged_split(workspace, "test"), titles(workspace), settings)
    catalogue = load_catalogue(workspace, settings)
    check_real_queries(split.queries, read_proposals(workspace), ubi_queries(workspace)["user_query"].drop_nulls())
    stored = read_pairs(workspace, settings)
    shelves = Shelves(workspace, settings, encoder)
    field = contenders(workspace, settings, shelves, live=live, chosen=tuning["chosen"], encoder=encoder)
    scored = Scored(
        split=split,
        catalogue=catalogue,
        runs=runs_of(field, split),
        by_text=runs_by_text(shelves, settings, field, split),
        ablated=ablated_runs(field["candidate"], split),
        exposure=exposure_of(stored, split),
        seed=seed,
    )
    latency = timed_service(
        workspace,
        settings,
        time_service,
        live=live,
        candidate=field["candidate"],
        split=split,
        seed=seed,
        progress=progress,
    )
    diagnoses = diagnose_candidate(workspace, settings, scored, stored, field, progress)
    digest = served_digest(digests_of(candidate_files(workspace, tuning["chosen"])))
    evidence = gate_evidence(
        scored,
        candidate=digest,
        live=live,
        data_fingerprint=tuning["data_fingerprint"],
        latency=latency_evidence(latency),
        diagnoses=diagnoses,
        earlier_looks=note_look(workspace, test_fingerprint=split.fingerprint, candidate=digest, now=now),
    )
    live_log = live_log_section(workspace, settings, field, seed=seed)
    report = {
        **report_json(scored, tuning, evidence),
        "diagnoses": [each.as_json() for each in diagnoses],
        "latency": latency_json(latency),
        "live_log": live_log,
    }
    timings = field["candidate"].timings(split)
    log_queries(workspace, scored, adapter_version=f"candidate-{digest[:12]}", timings=timings)
    folder = candidate_folder(workspace)
    (folder / "decision.json").unlink(missing_ok=True)
    write_atomic(folder / "report.json", canonical_json(report))
    write_atomic(folder / "report.md", report_markdown(report).encode())
    write_atomic(folder / "report.html", report_page(report).encode())
    write_atomic(folder / "evidence.json", to_json(evidence))
    return report


def candidate_files(workspace: Workspace, chosen: str) -> dict[str, bytes]:
    """The artefact of the chosen rung: the manifest and the files it names, nothing that a kill left."""
    folder = candidate_folder(workspace) / chosen
    return {name: (folder / name).read_bytes() for name in sorted([MANIFEST, *read_manifest(folder)["files"]])}
