"""`python -m benchmarks.intents --workspace DIR`: how well the sample shop's messages are routed, and how fast.

DIR is a workspace that `mangaassist demo --workspace DIR` has filled. Trains with and without the search log, scores
both in cross-validation and on the judged test queries, times one message, and writes the tables of docs/intents.md.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import INTENTS, Vectors, no_progress
from mangaassist.data import Workspace
from mangaassist.encoders import CachedEncoder
from mangaassist.intents import IntentClassifier, IntentExample, IntentFigures, TrainedIntents, figures, train_intents
from mangaassist.loop import read_settings, workspace_encoder
from mangaassist.loop.intent_examples import intents_to_test, intents_to_train

PAGE = "docs/intents.md"
ROUNDS, QUERIES = 5, 2_000


def main() -> None:
    """Train, score, time, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "intents.json")
    given = parser.parse_args()
    workspace = Workspace.open(given.workspace)
    encoder = workspace_encoder(workspace, read_settings(workspace.root), no_progress)
    gathered, test = intents_to_train(workspace), intents_to_test(workspace)
    test_vectors = encoder.encode([example.text for example in test])
    measured: dict[str, Any] = {}
    for name, sources in (("with the log", {"judged", "built_in", "log"}), ("without", {"judged", "built_in"})):
        trained = _trained(encoder, [example for example in gathered.examples if example.source in sources])
        scored = {"cross-validation": trained.cross_validation, "test": _scored(trained.classifier, test, test_vectors)}
        measured[name] = {split: each.as_json() for split, each in scored.items()}
        if name == "with the log":
            micros = _classify_micros(trained.classifier, test_vectors)
    here = machine()
    result = {"machine": here, "figures": measured, "classify_us": micros, "encoder": encoder.encoder_id}
    write_atomic(given.json, canonical_json(result))
    where = f"{encoder.encoder_id}, {here['cores']} cores of {here['processor']}, {here['date']}"
    rebuild("intents", tables(measured, micros, where), PAGE)


def tables(measured: dict[str, Any], micros: dict[str, float], where: str) -> str:
    """The figures side by side, the recall of each intent, and the time."""
    lines = [
        f"{where}:",
        "",
        "| trained | measured on | messages | accuracy | macro F1 | calibration error | one kind | routed | in both |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, splits in measured.items():
        for split, found in splits.items():
            numbers = (found["accuracy"], found["macro_f1"], found["calibration_error"], found["one_kind"]["accuracy"])
            cells = " | ".join(f"{number:.3f}" for number in numbers)
            routed = f"{found['routed']['accuracy']:.3f} | {found['routed']['searched_both']:.1%}"
            lines.append(f"| {name} | {split} | {found['messages']} | {cells} | {routed} |")
    lines += ["", f"| recall, with the log | {' | '.join(INTENTS)} |", f"|---|{'---|' * len(INTENTS)}"]
    for split, found in measured["with the log"].items():
        recalls = (f"{found['recall'][intent]:.3f}" if intent in found["recall"] else "none" for intent in INTENTS)
        lines.append(f"| {split} | {' | '.join(recalls)} |")
    timed = f"p50 {micros['p50']:.0f} µs, p99 {micros['p99']:.0f} µs"
    return "\n".join([*lines, "", f"To classify and route one base vector, one thread: {timed}."])


def _trained(encoder: CachedEncoder, examples: Sequence[IntentExample]) -> TrainedIntents:
    vectors = encoder.encode([example.text for example in examples])
    return train_intents(
        examples, vectors, encoder_id=encoder.encoder_id, version="intents-v01", seed=0, progress=no_progress
    )


def _scored(classifier: IntentClassifier, examples: Sequence[IntentExample], vectors: Vectors) -> IntentFigures:
    return figures(classifier.probabilities(vectors), examples, threshold=classifier.route_threshold)


def _classify_micros(classifier: IntentClassifier, vectors: Vectors) -> dict[str, float]:
    """Medians over the rounds of each round's percentiles, in microseconds."""
    elapsed = np.empty((ROUNDS, QUERIES))
    with threadpool_limits(limits=1):
        for timed in elapsed:
            for query in range(QUERIES):
                vector = vectors[query % len(vectors)][None, :]
                started = perf_counter_ns()
                classifier.routes(vector)
                timed[query] = (perf_counter_ns() - started) / 1_000
    p50, p99 = np.median(np.percentile(elapsed, (50, 99), axis=1), axis=1)
    return {"p50": float(p50), "p99": float(p99)}


if __name__ == "__main__":
    main()
