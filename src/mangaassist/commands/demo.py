"""`mangaassist demo`: nothing in, the whole loop on the sample shop out, from files to a decision and a release."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from mangaassist import __version__
from mangaassist.commands.learning import draw_training
from mangaassist.commands.making_pairs import draw_pairs
from mangaassist.commands.output import JsonFile, Seed, emit, errors_shown, messages, shown_progress
from mangaassist.commands.releasing import draw_decision
from mangaassist.commands.report_tables import draw_report
from mangaassist.core.errors import WorkspaceError
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import DocId, Progress, QueryId
from mangaassist.data import Workspace as ShopWorkspace
from mangaassist.data import documents, ingest_directory
from mangaassist.encoders import CachedEncoder, load_encoder
from mangaassist.evaluation import ranked
from mangaassist.loop import (
    SETTINGS_FILE,
    Settings,
    candidate_folder,
    decide,
    evaluate_candidate,
    first_texts,
    import_review,
    make_pairs,
    propose,
    read_proposals,
    read_settings,
    registry_of,
    release_candidate,
    train_candidate,
    train_intent_classifier,
    workspace_encoder,
)
from mangaassist.promotion import IDENTITY, Decision, from_json, to_json
from mangaassist.retrieval import search_run
from mangaassist.sample import (
    FIRST_RUN_LOG,
    FIRST_RUN_PROPOSALS,
    REVIEW_FILE,
    REVIEW_SEED,
    SampleShop,
    sample_shop,
    write_log_files,
    write_shop_files,
)
from mangaassist.serving import time_candidate

RANKED_DEPTH = 60
"""How deep the simulated shop's own ranking goes."""

_SOURCES = ("click", "cart", "editorial", "synthetic")


def demo(
    workspace: Annotated[
        Path, typer.Option("--workspace", "-w", metavar="DIR", help="Where the sample shop is set up.")
    ] = Path(".demo"),
    seed: Seed = 0,
    encoder: Annotated[str, typer.Option("--encoder", metavar="NAME", help="The frozen encoder.")] = "local",
    scale: Annotated[float, typer.Option("--scale", min=0.01, help="Size of the simulated log, 1 = first run.")] = 1.0,
    json_file: JsonFile = None,
) -> None:
    """Run the whole loop on the sample shop: logs, pairs, adapter, evaluation, gate, release."""
    with errors_shown():
        load_encoder(encoder)  # a name that is none must not claim the folder
        _claim(workspace, {"version": __version__, "encoder": encoder, "seed": seed, "scale": scale})
        stored = _finished(workspace)
        if stored is None:
            stored = _run(workspace, encoder=encoder, seed=seed, scale=scale)
        else:
            messages.print(
                f"The loop has run in {workspace} already; remove that folder to run it anew.", soft_wrap=True
            )
        emit(stored["result"], json_file, lambda console: _draw(console, stored, workspace))


def _run(folder: Path, *, encoder: str, seed: int, scale: float) -> dict[str, Any]:
    """Every stage in flow order; each may be killed and finds what the one before stored.

    The baseline is what the shop began with, also where a killed run went as far as to release its candidate.
    """
    started = time.monotonic()
    shop = sample_shop()
    workspace = ShopWorkspace.open(folder) if (folder / "workspace.json").exists() else ShopWorkspace.create(folder)
    if encoder != Settings.model_fields["encoder"].default:
        write_atomic(workspace.root / SETTINGS_FILE, f'encoder = "{encoder}"\n'.encode())
    settings = read_settings(workspace.root)
    with shown_progress() as progress:
        _take_in(workspace, shop, settings, seed=seed, scale=scale, progress=progress)
        with workspace.lock():
            _take_in_review(workspace)
            intents = train_intent_classifier(workspace, settings, seed=seed, progress=progress)
            counts = make_pairs(workspace, settings, seed=seed)
            tuning = train_candidate(workspace, settings, seed=seed, progress=progress)
            report = evaluate_candidate(
                workspace,
                settings,
                live=IDENTITY,
                seed=seed,
                now=datetime.now(UTC),
                progress=progress,
                time_service=time_candidate,
            )
            decision = decide(workspace, settings)
            release = _release(workspace) if decision.outcome == "promote" else None
    seconds = round(time.monotonic() - started, 1)
    stored = {
        "result": _result(counts, report, decision, release, intents, seconds),
        "decision": json.loads(to_json(decision)),
        "tuning": tuning,
        "report": report,
        "pairs": counts,
    }
    write_atomic(workspace.runs / "demo.json", canonical_json(stored))
    return stored


def _release(workspace: ShopWorkspace) -> str:
    """The release of the candidate, made now unless a killed run made it live already."""
    live = registry_of(workspace).aliases().live
    return live if live != IDENTITY else release_candidate(workspace, actor="demo", why="the gate said promote")


def _take_in(
    workspace: ShopWorkspace, shop: SampleShop, settings: Settings, *, seed: int, scale: float, progress: Progress
) -> None:
    """Writes the sample's files, simulates its log with the frozen encoder as the shop's retriever, and ingests all."""
    files = workspace.root / "sample"
    write_shop_files(files)
    encoder = workspace_encoder(workspace, settings, progress)

    def rank_all(texts: Sequence[str]) -> Mapping[str, Sequence[DocId]]:
        return _frozen_rankings(shop, settings, encoder, texts)

    if not (files / "events.jsonl").is_file():
        targets = FIRST_RUN_LOG
        amount = replace(targets, clicks=round(targets.clicks * scale), carts=round(targets.carts * scale))
        progress("simulating", 0, 1)
        write_log_files(shop, files, rank_all, amount=amount, seed=seed)
        progress("simulating", 1, 1)
    ingest_directory(workspace, files, progress=progress)


def _take_in_review(workspace: ShopWorkspace) -> None:
    """Proposes the first run's synthetic pairs, the same ones for every seed, and takes the sample's decisions in."""
    if not read_proposals(workspace):
        propose(workspace, amount=FIRST_RUN_PROPOSALS, rng=np.random.default_rng(REVIEW_SEED))
    import_review(workspace, workspace.root / "sample" / REVIEW_FILE)


def _frozen_rankings(
    shop: SampleShop, settings: Settings, encoder: CachedEncoder, texts: Sequence[str]
) -> Mapping[str, Sequence[DocId]]:
    began = first_texts(settings)
    found = documents(shop.titles, shop.articles, enrich=began.enrich, template=began.template)
    run = search_run(
        [QueryId(text) for text in texts],
        encoder.encode(texts),
        [document.doc_id for document in found],
        encoder.encode([document.text for document in found]),
        depth=RANKED_DEPTH,
    )
    return {text: ranked(run[QueryId(text)]) for text in texts}


def _result(
    counts: Mapping[str, Any],
    report: Mapping[str, Any],
    decision: Decision,
    release: str | None,
    intents: Mapping[str, Any],
    seconds: float,
) -> dict[str, Any]:
    """The JSON of the demo: names and keys are a contract."""
    return {
        "counts": {name: counts["sources"].get(name, {}).get("raw_events", 0) for name in _SOURCES},
        "encoder": report["encoder"],
        "baseline": report["systems"]["baseline"],
        "candidate": report["systems"]["candidate"],
        "delta": report["delta"],
        "cells": {name: systems["candidate"] for name, systems in report["cells"].items()},
        "slices": report["slices"],
        "enrichment": report["enrichment"],
        "rules": [
            {"name": rule.name, "value": rule.value, "bound": rule.bound, "passed": rule.passed}
            for rule in decision.rules
        ],
        "decision": decision.outcome,
        "release": release,
        "intents": {"version": intents["version"], **intents["cross_validation"]},
        "seconds": seconds,
    }


def _claim(folder: Path, identity: Mapping[str, Any]) -> None:
    """Marks the folder as that of this very demo, first of all; raises WorkspaceError if it is another's.

    One log is simulated per folder, and the sample must not mix with a shop's own data.
    """
    path = folder / "demo.json"
    if not path.is_file() and (folder / "workspace.json").exists():
        raise WorkspaceError(f"{folder}: is a workspace that the demo did not make; choose another --workspace")
    made = json.loads(path.read_bytes()) if path.is_file() else identity
    if made != identity:
        was = ", ".join(f"{name} {value}" for name, value in made.items())
        raise WorkspaceError(f"{folder}: holds a demo of {was}; remove that folder, or choose another --workspace")
    write_atomic(path, canonical_json(identity))


def _finished(folder: Path) -> dict[str, Any] | None:
    path = folder / "runs" / "demo.json"
    if not path.is_file():
        return None
    stored: dict[str, Any] = json.loads(path.read_bytes())
    return stored


def _draw(console: Console, stored: Mapping[str, Any], folder: Path) -> None:
    decision = from_json(Decision, json.dumps(stored["decision"]), source="runs/demo.json")
    console.print("[bold]The sample shop[/]: hand-written titles, help articles, queries and judgements; its search")
    console.print("log is simulated. A stand-in that shows the loop, not evidence about real users.\n")
    draw_pairs(console, stored["pairs"])
    draw_training(console, stored["tuning"])
    draw_report(console, stored["report"], candidate_folder(ShopWorkspace.open(folder)) / "report.html")
    draw_decision(console, decision)
    where = f"--workspace {folder}"
    if stored["result"]["release"]:
        console.print(f"[bold green]{stored['result']['release']} is live.[/] Look at it: mangaassist releases {where}")
    else:
        console.print("[bold]Nothing was released:[/] the live release stays what it was, and the rules above say why.")
        console.print(f"Look closer: mangaassist gate {where} --json -")
    intents = stored["result"]["intents"]
    console.print(
        f"{intents['version']} is live: where the caller gives no intent, it searches the right kind of documents for "
        f"{intents['routed']['accuracy']:.1%} of messages (cross-validated)."
    )
    console.print(f"Ask it: mangaassist serve {where}   (live), or compare: mangaassist search TEXT {where}")
    console.print(
        "Now on real data of your own: mangaassist bench DIR (a BEIR folder), or mangaassist init and ingest."
    )
    console.print(f"Took {stored['result']['seconds']:.0f} s.")
