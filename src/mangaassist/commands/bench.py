"""`mangaassist bench DIR`: any retrieval set in; a better adapter out, or the advice to keep the frozen encoder."""

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from mangaassist import __version__
from mangaassist.adapter import (
    AdapterInfo,
    TunedLadder,
    save_artifact,
)
from mangaassist.commands.bench_run import CELLS, run_bench
from mangaassist.commands.output import (
    JsonFile,
    OnDevice,
    Seed,
    Workspace,
    emit,
    errors_shown,
    messages,
    shown_progress,
)
from mangaassist.data import catalogue_titles, load_beir
from mangaassist.encoders import CachedEncoder, load_encoder
from mangaassist.queries import Composer


def bench(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A BEIR folder, or one with a catalog.jsonl.")],
    qrels: Annotated[str, typer.Option("--qrels", metavar="FOLDER", help="The folder of judgements in DIR.")] = "qrels",
    encoder: Annotated[str, typer.Option("--encoder", metavar="NAME", help="The frozen encoder.")] = "local",
    final: Annotated[bool, typer.Option("--final", help="Read the test split, and record that it was read.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Keep the chosen adapter here.")] = None,
    compose: Annotated[
        bool, typer.Option("--compose", help="Compose the queries: titles they name, facets, words.")
    ] = False,
    seed: Seed = 0,
    device: OnDevice = "auto",
    workspace: Workspace = Path(),
    json_file: JsonFile = None,
) -> None:
    """Tune the whole ladder of adapters on a retrieval set, and say honestly what it gains."""
    with errors_shown():
        with shown_progress() as progress:
            cached = CachedEncoder(load_encoder(encoder), cache_directory(workspace), progress=progress)
            dataset = load_beir(directory, qrels_folder=qrels)
            composer = Composer(dataset.documents, catalogue_titles(directory)) if compose else None
            result, tuned = run_bench(
                dataset, cached, final=final, seed=seed, device=device, progress=progress, composer=composer
            )
        result["settings"] = {
            "qrels": qrels,
            "encoder": encoder,
            "seed": seed,
            "compose": compose,
            "version": __version__,
        }
        if final:
            record_test_read(result)
        if out is not None:
            save_artifact(out, tuned.chosen, _info(result, tuned, seed))
            messages.print(f"The chosen adapter is in {out}", soft_wrap=True)
        emit(result, json_file, lambda console: _draw(console, result))


def cache_directory(workspace: Path) -> Path:
    """Where vectors are cached: in the workspace, or in the user's cache where there is no workspace."""
    if (workspace / "workspace.json").is_file():
        return workspace / "vectors"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mangaassist" / "vectors"


def _info(result: Mapping[str, Any], tuned: TunedLadder, seed: int) -> AdapterInfo:
    trial = tuned.choice.trials[tuned.choice.chosen]
    numbers = {name: result["results"][name] for name in ("frozen", result["chosen"])}
    return AdapterInfo(
        encoder_id=result["encoder"],
        recipe=trial.recipe,
        rounds=trial.rounds,
        seed=seed,
        data_fingerprint=result["data_fingerprint"],
        report={"dataset": result["dataset"], "split": result["split"], "results": numbers},
    )


def record_test_read(result: dict[str, Any]) -> None:
    """Adds commit and time to the result, and inside a checkout a line to `benchmarks/test_reads.jsonl`."""
    root, commit = _git("rev-parse", "--show-toplevel"), _git("rev-parse", "HEAD")
    if commit and _git("status", "--porcelain", "--", ".", ":!benchmarks/test_reads.jsonl"):
        commit += " with uncommitted changes"
    result["commit"] = commit
    result["time"] = datetime.now(UTC).isoformat(timespec="seconds")
    log = Path(root or "", "benchmarks", "test_reads.jsonl")
    if root and log.parent.is_dir():
        keys = ("time", "commit", "dataset", "split", "settings", "chosen")
        line = {key: result[key] for key in keys}
        line["ndcg@10"] = {name: result["results"][name]["all"]["ndcg@10"] for name in ("frozen", result["chosen"])}
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True, timeout=10)  # noqa: S603, S607
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _draw(console: Console, result: Mapping[str, Any]) -> None:
    table = Table(title=f"{result['dataset']}, {result['split']} split, encoder {result['encoder']}")
    table.add_column("")
    for column in ("all: NDCG@10", "recall@3", "warm: NDCG@10", "cold: NDCG@10", "CPU s"):
        table.add_column(column, justify="right")
    for name, cells in result["results"].items():
        tuned = result["tuned"].get(name, {})
        seconds = sum(tuned.get(key, 0.0) for key in ("tuning_cpu_seconds", "refit_cpu_seconds"))
        chosen = "[bold green]" if name == result["chosen"] else ""
        row = [_shown(cells["all"], "ndcg@10"), _shown(cells["all"], "recall@3")]
        row += [_shown(cells[cell], "ndcg@10") for cell in ("warm", "cold")]
        table.add_row(f"{chosen}{name}", *row, f"{seconds:.1f}")
    console.print(table)
    counts = result["results"]["frozen"]
    shown = ", ".join(
        f"{cell} {counts[cell]['queries']} queries in {counts[cell]['groups']} groups"
        if counts[cell]
        else f"{cell} too small"
        for cell in CELLS
    )
    console.print(f"Brackets: 95 % intervals over groups. {shown}.")
    console.print(f"{result['seen_queries']} of the queries are near-duplicates of a training query (seen).")
    if result["chosen"] == "frozen":
        console.print("[bold]Keep the frozen encoder:[/] no adapter was better by more than one standard error.")
        console.print(f"{result['because']}.")
    else:
        console.print(f"[bold]Chosen: {result['chosen']}.[/] {result['because']}.")


def _shown(cell: Mapping[str, Any] | None, metric: str) -> str:
    if cell is None:
        return "too small"
    low, high = cell[f"{metric}_interval"]
    return f"{cell[metric]:.3f} [{low:.3f}, {high:.3f}]"
