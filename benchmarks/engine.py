"""`python -m benchmarks.engine WORKSPACE [--json FILE]`: milliseconds of an answer by stage, one thread.

Every judged test query of the workspace is asked, with its intent and without, in rounds of another order each. Nothing
is kept, so that each answer encodes its query. WORKSPACE: of a finished `make demo`, its candidate promoted or not.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.data import Workspace
from mangaassist.loop import judged_split, read_settings
from mangaassist.serving import LiveEngine, RetrieveRequest

PAGE = "docs/serving.md"
ROUNDS, QUESTIONS, SEED = 10, 500, 0
STAGES = ("encode", "route", "compose", "adapt", "search", "rules", "shelves", "total")


def main() -> None:
    """Ask, and print the table into the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "engine.json")
    given = parser.parse_args()
    workspace = Workspace.open(given.workspace)
    settings = read_settings(workspace.root)
    forgetful = settings.model_copy(update={"service": replace(settings.service, queries_kept=1)})
    engine = LiveEngine.open(workspace, forgetful, look_every_s=None)
    rounds = asked(engine, workspace)
    figures = {
        stage: {f"p{percent}": min(quantile(spent[stage], percent) for spent in rounds) for percent in (50, 99)}
        for stage in STAGES
    }
    here, info = machine(), dict(engine.info())
    found = {"machine": here, "stages": figures, "release": info["release"], "documents": info["documents"]}
    write_atomic(given.json, canonical_json(found))
    what = f"{QUESTIONS:,} questions of the sample's test split, {info['documents']} documents, {info['release']}"
    how = f"one thread, each query encoded anew; ms, each figure of the quietest of {ROUNDS} rounds"
    text = (
        f"{what}, {how}, {here['cores']} cores of {here['processor']}, {here['date']}:\n\n"
        f"| | {' | '.join(STAGES)} |\n|---|{'---|' * len(STAGES)}\n"
        f"| p50 | {cells(figures, 'p50')} |\n| p99 | {cells(figures, 'p99')} |"
    )
    rebuild("engine", text, PAGE)
    print(text)


def asked(engine: LiveEngine, workspace: Workspace) -> list[Mapping[str, list[float]]]:
    """Milliseconds of every question by stage, for each round, after questions that do not count."""
    rng = np.random.default_rng(SEED)
    rounds: list[Mapping[str, list[float]]] = []
    queries = judged_split(workspace, "test").queries
    requests = [RetrieveRequest(query.text, intent) for query in queries for intent in (query.intent, None)]
    for request in requests[:100]:
        engine.answer(request, query_id="warm")
    for _ in range(ROUNDS):
        spent = {stage: list[float]() for stage in STAGES}
        for place in np.resize(rng.permutation(len(requests)), QUESTIONS).tolist():
            answer = engine.answer(requests[place], query_id="timed")
            for stage, milliseconds in {**answer.stages_ms, "total": answer.latency_ms}.items():
                spent[stage].append(milliseconds)
        rounds.append(spent)
    return rounds


def quantile(values: Sequence[float], percent: int) -> float:
    """Rounded as the table shows it."""
    return round(float(np.percentile(values, percent)), 3)


def cells(figures: Mapping[str, Mapping[str, float]], which: str) -> str:
    """One row of the table."""
    return " | ".join(f"{figures[stage][which]:.2f}" for stage in STAGES)


if __name__ == "__main__":
    main()
