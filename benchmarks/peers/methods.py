"""A method's name in, its run on a set out: ours in this process, a peer's in its own environment."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from benchmarks.peers.exchange import read_answer, write_task
from benchmarks.peers.scores import run_of
from benchmarks.peers.sets import ComparedSet
from mangaassist.adapter import CHOICE_RULE, TunedLadder, tune_ladder
from mangaassist.core.types import Progress, Run
from mangaassist.evaluation import run_depth
from mangaassist.retrieval import ComposedSearch, adapted_run

ROOT = Path(__file__).parents[2]
PEERS_PYTHON = ROOT / ".peers-venv" / "bin" / "python"

Kind = Literal["frozen", "ours", "peer"]


@dataclass(frozen=True, slots=True)
class Method:
    """label: as in the table. needs_names: runs only where queries name titles of a catalogue."""

    kind: Kind
    label: str
    needs_names: bool = False

    @property
    def is_peer(self) -> bool:
        """Whether ours is compared with it."""
        return self.kind == "peer"


METHODS: Mapping[str, Method] = {
    "frozen": Method("frozen", "frozen encoder"),
    "chosen": Method("ours", "**automatic choice**"),
    "chosen-joined": Method("ours", "**automatic choice**, named titles joined", needs_names=True),
    "nudge-m": Method("peer", "NUDGE-M"),
    "nudge-n": Method("peer", "NUDGE-N"),
    "st-dense": Method("peer", "sentence-transformers, residual Dense"),
    "st-dense-mined": Method("peer", "the same, mined hard negatives"),
    "st-mlp": Method("peer", "sentence-transformers, MLP"),
    "st-mlp-mined": Method("peer", "the same, mined hard negatives"),
    "llama-index": Method("peer", "llama-index adapter engine"),
    "ridge": Method("peer", "ridge (scikit-learn)"),
}
"""In the order of the table."""


class PeerFailed(RuntimeError):
    """A peer's process ended without an answer; the message has its last words."""


def fingerprint(name: str, compared: ComparedSet) -> str:
    """What a run of a method hangs on: the set, and for ours the rule of the choice."""
    rule = f", choice {CHOICE_RULE}" if METHODS[name].kind == "ours" else ""
    return compared.fingerprint + rule


def run_method(name: str, compared: ComparedSet, *, seed: int, progress: Progress) -> tuple[Run, dict[str, Any]]:
    """(run on the reported split, what the method tells of itself: `cpu_seconds`, and what it chose)."""
    match METHODS[name].kind:
        case "frozen":
            return run_of(compared, compared.task.documents, compared.task.test_queries), {"cpu_seconds": 0.0}
        case "ours":
            return _ours(compared, METHODS[name].needs_names, seed=seed, progress=progress)
        case "peer":
            return _peer(name, compared, seed=seed)


def _ours(compared: ComparedSet, joins: bool, *, seed: int, progress: Progress) -> tuple[Run, dict[str, Any]]:
    """The automatic choice, as `mangaassist bench` makes it; joins: with `--compose`."""
    started = time.process_time()
    data = replace(compared.data, composer=compared.composer) if joins else compared.data
    tuned = tune_ladder(data, compared.encoder, seed=seed, also_refit=(), progress=progress)
    run = _run_of_ours(compared, tuned, joins)
    trial = tuned.choice.trials[tuned.choice.chosen]
    told = {"cpu_seconds": time.process_time() - started, "chosen": tuned.choice.chosen, "rounds": trial.rounds}
    return run, told


def _run_of_ours(compared: ComparedSet, tuned: TunedLadder, joins: bool) -> Run:
    task, adapter = compared.task, tuned.chosen
    if not joins:
        adapted, depth = adapter.adapt_documents(task.documents), run_depth(compared.qrels)
        asked = compared.reported, task.test_queries
        return adapted_run(*asked, adapter, compared.doc_ids, task.documents, adapted, depth=depth)
    assert compared.composer is not None
    search = ComposedSearch.over(compared.composer, tuned.weights, adapter, compared.doc_ids, task.documents)
    return search.run(compared.reported, task.test_queries, depth=run_depth(compared.qrels))


def _peer(name: str, compared: ComparedSet, *, seed: int) -> tuple[Run, dict[str, Any]]:
    if not PEERS_PYTHON.is_file():
        sys.exit(f"{PEERS_PYTHON} is missing; make the peers' environment: make bench-peers")
    with TemporaryDirectory() as folder:
        task_folder, answer_folder = Path(folder) / "task", Path(folder) / "answer"
        write_task(task_folder, compared.task)
        module = [PEERS_PYTHON, "-m", "benchmarks.peers.workers"]
        command = [*map(str, module), name, str(task_folder), str(answer_folder), "--seed", str(seed)]
        done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise PeerFailed(
                f"{name} on {compared.name}, seed {seed}: exit code {done.returncode}\n{done.stderr[-3000:]}"
            )
        answer = read_answer(answer_folder, compared.task)
    return run_of(compared, answer.documents, answer.test_queries), dict(answer.told)


def _environment() -> dict[str, str]:
    """Ours, with no path to our packages but the checkout, no hub, and as many threads as ours has."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
