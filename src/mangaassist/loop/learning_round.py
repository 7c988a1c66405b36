"""A workspace in, one round of its feedback loop out: new logs taken in, failures found, what was approved trained.

    ingest ─► bucket ─► clusters ─► proposals ─► pairs ─► train ─► evaluate ─► gate ─► candidate

Every stage does nothing where nothing has changed and may be killed and run again, so a round is safe on a timer. It
never promotes: that is a person's decision.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from mangaassist.core.errors import DataError
from mangaassist.core.types import Progress
from mangaassist.data import Workspace, ingest_directory, kind_of
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.catalogue import data_fingerprint
from mangaassist.loop.deciding import decide, registry_of
from mangaassist.loop.evaluating import candidate_files, evaluate_candidate
from mangaassist.loop.failure_clusters import cluster_failures
from mangaassist.loop.failures import fill_bucket
from mangaassist.loop.pairing import make_pairs
from mangaassist.loop.proposing import propose_feedback
from mangaassist.loop.settings import Settings
from mangaassist.loop.training import train_candidate
from mangaassist.promotion import GateEvidence, digests_of, from_json, served_digest

SHOWN_NEEDS: Final = 3


def learn(
    workspace: Workspace,
    settings: Settings,
    *,
    seed: int,
    now: datetime,
    progress: Progress,
    stage_done: Callable[[str], None] = lambda _stage: None,
) -> dict[str, Any]:
    """One round; what every stage found, and `summary`, a few lines for a chat message.

    `stage_done` is told the name of each stage that is over. Raises WorkspaceLocked while another command writes.
    Without anything to train on (a log without clicks, nothing approved) the round ends after the proposals.
    """
    taken_in = _take_in_logs(workspace, progress)
    stage_done("ingest")
    with workspace.lock():
        found: dict[str, Any] = {"ingested": taken_in}
        found["bucket"] = fill_bucket(workspace, settings, progress=progress)
        stage_done("bucket")
        found["clusters"] = cluster_failures(workspace, settings, seed=seed, progress=progress)
        stage_done("cluster")
        found["proposals"] = propose_feedback(workspace, settings, progress=progress)
        stage_done("propose")
        found |= _train_and_judge(workspace, settings, seed=seed, now=now, progress=progress, stage_done=stage_done)
    found["summary"] = summary_of(found, now)
    return found


def _take_in_logs(workspace: Workspace, progress: Progress) -> dict[str, int]:
    """Take in the closed files of the service's logs; files that were taken in before are passed over."""
    if not any(kind_of(path) for path in workspace.logs.iterdir() if path.is_file()):
        return {"files": 0, "rows": 0}
    reports = ingest_directory(workspace, workspace.logs, progress=progress).reports
    new = [report for report in reports if not report.already_ingested]
    return {"files": len(new), "rows": sum(report.accepted for report in new)}


def _train_and_judge(
    workspace: Workspace,
    settings: Settings,
    *,
    seed: int,
    now: datetime,
    progress: Progress,
    stage_done: Callable[[str], None],
) -> dict[str, Any]:
    try:
        pairs = make_pairs(workspace, settings, seed=seed)
    except DataError as error:
        return {"pairs": None, "candidate": None, "decision": None, "not_trained": str(error)}
    stage_done("pairs")
    tuning = train_candidate(workspace, settings, seed=seed, progress=progress)
    stage_done("train")
    live = registry_of(workspace).aliases().live
    if not _is_judged(workspace, live):
        evaluate_candidate(workspace, settings, live=live, seed=seed, now=now, progress=progress)
    stage_done("evaluate")
    decision = decide(workspace, settings)
    stage_done("gate")
    report = _report(workspace)
    return {
        "pairs": {name: pairs[name] for name in ("sources", "share_by_source")},
        "candidate": {"chosen": tuning["chosen"], "live": live, "delta": report["delta"]},
        "decision": {
            "outcome": decision.outcome,
            "to_blame": [f"{rule.name}: {rule.because}" for rule in decision.rules if rule.outcome != "promote"],
            "queries_needed": decision.queries_needed,
        },
    }


def _is_judged(workspace: Workspace, live: str) -> bool:
    """Whether the evidence there is on this very candidate, against this live release and these data."""
    folder: Path = candidate_folder(workspace)
    if not ((folder / "evidence.json").is_file() and (folder / "report.json").is_file()):
        return False
    evidence = from_json(GateEvidence, (folder / "evidence.json").read_bytes(), source="evidence.json")
    digest = served_digest(digests_of(candidate_files(workspace, read_tuning(workspace)["chosen"])))
    present = (digest, live, data_fingerprint(workspace))
    return (evidence.candidate, evidence.live, evidence.data_fingerprint) == present


def summary_of(found: Mapping[str, Any], now: datetime) -> str:
    """A round in a few lines, without a word that a shopper typed but in names of needs that are not private."""
    bucket, proposals = found["bucket"], found["proposals"]
    needs = [each for each in found["clusters"]["clusters"] if not each["is_private"]]
    lines = [
        f"Learning round of {now:%Y-%m-%d}: {found['ingested']['rows']:,} new log rows.",
        f"{bucket['entries']:,} failed searches, {len(found['clusters']['clusters']):,} needs behind them.",
    ]
    for each in needs[:SHOWN_NEEDS]:
        change = each["hurt_lately"] - each["hurt_before"]
        week = f"{each['hurt_lately']:,} in the last 7 days ({change:+,})"
        lines.append(f"- {each['name']}: {each['hurt']:,} users hurt, {week}")
    waiting = sum(states.get(state, 0) for states in proposals["queue"].values() for state in ("open", "half"))
    lines.append(f"{sum(proposals['new'].values()):,} new proposals; {waiting:,} wait for a reviewer.")
    lines.append(_told_of_candidate(found))
    return "\n".join(lines)


def _told_of_candidate(found: Mapping[str, Any]) -> str:
    if found["candidate"] is None:
        return f"Nothing was trained: {found['not_trained']}"
    trained = found["pairs"]["sources"].get("feedback", {}).get("trained", 0)
    gain = found["candidate"]["delta"].get("recall@3")
    told = f", recall@3 {gain[0]:+.3f} against live" if gain else ""
    decision = found["decision"]
    why = f" ({decision['to_blame'][0]})" if decision["to_blame"] else ""
    advice = {"promote": "promote it: mangaassist promote"}.get(decision["outcome"], "live stays as it is")
    chosen = found["candidate"]["chosen"]
    return f"{trained:,} approved pairs train. Candidate {chosen}{told}. Gate: {decision['outcome']}{why}; {advice}."


def _report(workspace: Workspace) -> Mapping[str, Any]:
    report: Mapping[str, Any] = json.loads((candidate_folder(workspace) / "report.json").read_bytes())
    return report
