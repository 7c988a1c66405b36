"""Peers and ours are given the same vectors and judged by the same code, and a killed comparison goes on."""

import argparse
import json
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from benchmarks.peers import __main__ as command
from benchmarks.peers import methods
from benchmarks.peers.exchange import Answer, Task, read_answer, read_task, write_answer, write_task
from benchmarks.peers.methods import METHODS, PeerFailed, run_method
from benchmarks.peers.runs import KeptRun, KeptRuns
from benchmarks.peers.scores import differences, score, summarised
from benchmarks.peers.sets import ComparedSet, KnownVectors, real_set
from benchmarks.peers.table import best_peer, report, table
from benchmarks.peers.workers.validation import ndcg_at_10

from mangaassist.adapter import tune_ladder
from mangaassist.commands import bench_run
from mangaassist.core.types import DocId, Document, GroupId, Query, QueryId, RetrievalSet, no_progress
from mangaassist.evaluation import ndcg

DOCUMENTS, DIMENSION = 120, 16


def small_set() -> tuple[RetrievalSet, KnownVectors]:
    """120 documents, each asked for twice in its own way; a quarter is asked for in the test alone."""
    rng = np.random.default_rng(0)
    documents = [Document(DocId(f"d{number:03}"), f"document {number:03}") for number in range(DOCUMENTS)]
    vectors = {document.text: unit(rng.normal(size=DIMENSION)) for document in documents}
    queries: dict[QueryId, Query] = {}
    qrels: dict[str, dict[QueryId, dict[DocId, int]]] = {"train": {}, "test": {}}
    for number, document in enumerate(documents):
        for split in ("train", "test"):
            query_id = QueryId(f"{split}-{number:03}")
            text = f"{query_id} {rng.integers(10**9)}"
            queries[query_id] = Query(query_id, text, group=GroupId(f"group {number}"))
            vectors[text] = unit(vectors[document.text] + 0.4 * rng.normal(size=DIMENSION))
            if split == "test" or number < 60:
                qrels[split][query_id] = {document.doc_id: 1}
    return RetrievalSet("small", documents, queries, qrels), KnownVectors("known", vectors)


def unit(vector: np.ndarray) -> np.ndarray:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


@pytest.fixture(scope="module")
def compared() -> ComparedSet:
    dataset, encoder = small_set()
    return real_set(dataset, encoder, final=True, seed=0)


# The exchange


def test_a_task_comes_back_from_its_folder_as_it_was_written(compared: ComparedSet, tmp_path: Path) -> None:
    write_task(tmp_path / "task", compared.task)

    read = read_task(tmp_path / "task")

    for name in Task.__slots__:
        np.testing.assert_array_equal(getattr(read, name), getattr(compared.task, name))


def test_peers_get_every_training_pair_once_and_nothing_of_what_answers_the_test(compared: ComparedSet) -> None:
    task = compared.task
    pairs = {(pair.query_text, pair.positive) for pair in compared.data.pairs}

    assert len(task.everything) == len(pairs) == 60
    assert not {tuple(pair) for pair in task.training} & {tuple(pair) for pair in task.validation}
    assert not set(task.training[:, 0]) & set(task.validation[:, 0])
    assert len(task.validation) == 12
    assert len(task.test_queries) == len(compared.reported) == 120


def test_a_task_that_names_a_row_it_does_not_have_is_refused(compared: ComparedSet, tmp_path: Path) -> None:
    write_task(tmp_path, compared.task)
    np.save(tmp_path / "training.npy", np.array([[0, DOCUMENTS]]))

    with pytest.raises(ValueError, match="names rows that are not there"):
        read_task(tmp_path)


def test_an_answer_without_its_last_file_is_unfinished(compared: ComparedSet, tmp_path: Path) -> None:
    task = compared.task
    write_answer(tmp_path, Answer(task.documents, task.test_queries, {"cpu_seconds": 1.0}))
    (tmp_path / "told.json").unlink()

    with pytest.raises(ValueError, match="did not finish"):
        read_answer(tmp_path, task)


@pytest.mark.parametrize("spoil", [lambda rows: rows[:-1], lambda rows: rows * np.float32("nan")])
def test_an_answer_with_other_rows_or_without_numbers_is_refused(
    spoil: Any, compared: ComparedSet, tmp_path: Path
) -> None:
    task = compared.task
    write_answer(tmp_path, Answer(spoil(task.documents), task.test_queries, {"cpu_seconds": 1.0}))

    with pytest.raises(ValueError, match=r"documents\.npy"):
        read_answer(tmp_path, task)


# The judging


def test_frozen_scores_exactly_what_the_bench_says_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, encoder = small_set()
    monkeypatch.setattr(bench_run, "tune_ladder", partial(tune_ladder, rungs=("identity",)))
    result, _ = bench_run.run_bench(dataset, encoder, final=True, seed=0, progress=no_progress)
    compared = real_set(dataset, encoder, final=True, seed=0)

    run, told = run_method("frozen", compared, seed=0, progress=no_progress)
    found = summarised([score(compared, run)], compared.groups)

    assert told == {"cpu_seconds": 0.0}
    for cell in ("all", "warm", "cold"):
        expected, mine = result["results"]["frozen"][cell], found[cell]
        assert mine is not None
        assert mine["ndcg@10"] == [expected["ndcg@10"], *expected["ndcg@10_interval"]]
        assert mine["recall@3"] == [expected["recall@3"], *expected["recall@3_interval"]]


def test_what_peers_choose_by_is_ndcg_as_everywhere() -> None:
    rng = np.random.default_rng(1)
    queries, documents = rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=(30, 4)).astype(np.float32)
    pairs = np.array([[0, 3], [0, 7], [2, 5]])
    expected = []
    for query, relevant in ((0, {3, 7}), (2, {5})):
        order = [DocId(str(row)) for row in np.argsort(-(documents @ queries[query]))]
        expected.append(ndcg(order, {DocId(str(row)): 1 for row in relevant}, k=10))

    assert ndcg_at_10(queries, documents, pairs) == pytest.approx(np.mean(expected))


def test_seeds_are_averaged_query_by_query_before_groups_are_resampled() -> None:
    ids = [QueryId(f"q{number:02}") for number in range(60)]
    groups = {query_id: GroupId(query_id) for query_id in ids}
    first = {metric: {query_id: float(number % 2) for number, query_id in enumerate(ids)} for metric in METRIC_NAMES}
    second = {metric: {query_id: 1 - value for query_id, value in first[metric].items()} for metric in METRIC_NAMES}
    empty: dict[str, dict[QueryId, float]] = {metric: {} for metric in METRIC_NAMES}
    seeds = [{"all": values, "warm": values, "cold": empty} for values in (first, second)]

    found = summarised(seeds, groups)

    assert found["all"] == {metric: [0.5, 0.5, 0.5] for metric in METRIC_NAMES}, "the seeds cancel in every query"
    assert found["cold"] is None, "too small"
    assert differences(seeds, seeds[:1], groups)["warm"]["ndcg@10"][0] == 0.0  # type: ignore[index]


METRIC_NAMES = ("ndcg@10", "recall@3")

# A peer's process


def test_a_peer_answers_from_its_own_process(compared: ComparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ridge needs what our environment has, too; the others need their own."""
    monkeypatch.setattr(methods, "PEERS_PYTHON", Path(sys.executable))

    run, told = run_method("ridge", compared, seed=0, progress=no_progress)

    assert set(run) == set(compared.qrels)
    assert told["cpu_seconds"] >= 0
    assert told["penalty"] in {0.1, 1.0, 10.0, 100.0, 1000.0}


def test_a_peer_that_fails_is_named_with_its_last_words(compared: ComparedSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods, "PEERS_PYTHON", Path(sys.executable))
    monkeypatch.setitem(METHODS, "no-such-peer", methods.Method("peer", "none"))

    with pytest.raises(PeerFailed, match=r"no-such-peer on small, seed 0: exit code 2(.|\n)*invalid choice"):
        run_method("no-such-peer", compared, seed=0, progress=no_progress)


def test_without_their_environment_it_is_said_how_to_make_it(
    compared: ComparedSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(methods, "PEERS_PYTHON", tmp_path / "python")

    with pytest.raises(SystemExit, match="make bench-peers"):
        run_method("ridge", compared, seed=0, progress=no_progress)


# Going on


def options(runs: Path, **other: Any) -> argparse.Namespace:
    given = {"sets": ["stackfaq"], "only": ["frozen", "ridge"], "seeds": [0, 1], "at_most": 1e9, "dev": False}
    return argparse.Namespace(**given | {"data": Path(), "runs": runs} | other)


@pytest.fixture
def done(compared: ComparedSet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, int]]:
    """What was run, while every method is as good as frozen and costs nothing."""
    ran: list[tuple[str, int]] = []

    def instant(name: str, compared: ComparedSet, *, seed: int, progress: Any) -> Any:
        del progress
        ran.append((name, seed))
        return run_method("frozen", compared, seed=seed, progress=no_progress)

    monkeypatch.setattr(command, "run_method", instant)
    monkeypatch.setattr(command, "load_set", lambda name, *_, **__: compared)
    monkeypatch.setattr(command, "READS", tmp_path / "test_reads.jsonl")
    return ran


def test_a_killed_comparison_goes_on_with_what_is_missing(
    done: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instant = command.run_method  # type: ignore[attr-defined]

    def killed(name: str, compared: ComparedSet, *, seed: int, progress: Any) -> Any:
        if (name, seed) == ("frozen", 1):
            raise KeyboardInterrupt
        return instant(name, compared, seed=seed, progress=progress)

    monkeypatch.setattr(command, "run_method", killed)
    with pytest.raises(KeyboardInterrupt):
        command.run_missing(options(tmp_path), KeptRuns(tmp_path))
    assert done == [("frozen", 0), ("ridge", 0)]

    monkeypatch.setattr(command, "run_method", instant)
    command.run_missing(options(tmp_path), KeptRuns(tmp_path))

    assert done == [("frozen", 0), ("ridge", 0), ("frozen", 1), ("ridge", 1)]


def test_a_read_of_a_test_split_is_recorded_before_the_first_score(
    done: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A kill leaves no time to record anything afterwards."""

    def killed(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "run_method", killed)
    with pytest.raises(KeyboardInterrupt):
        command.run_missing(options(tmp_path), KeptRuns(tmp_path))

    (line,) = (tmp_path / "test_reads.jsonl").read_text().splitlines()
    read = json.loads(line)
    assert (read["dataset"], read["split"]) == ("stackfaq", "test")
    assert read["settings"] == {"benchmark": "peers", "methods": ["frozen", "ridge"], "seeds": [0, 1]}
    assert done == []


def test_what_is_kept_already_reads_nothing_again(done: list[tuple[str, int]], tmp_path: Path) -> None:
    for _ in range(2):
        command.run_missing(options(tmp_path), KeptRuns(tmp_path))

    assert len(done) == 4
    assert len((tmp_path / "test_reads.jsonl").read_text().splitlines()) == 1


def test_nothing_is_started_once_the_minutes_are_over(done: list[tuple[str, int]], tmp_path: Path) -> None:
    command.run_missing(options(tmp_path, at_most=0.0), KeptRuns(tmp_path))

    assert done == []


def test_a_run_on_other_data_is_run_again(compared: ComparedSet, tmp_path: Path) -> None:
    kept = KeptRuns(tmp_path)
    kept.keep(replace(run_of("frozen", compared), fingerprint="these data"))

    assert kept.find("stackfaq", "test", "frozen", 0, fingerprint="these data") is not None
    assert kept.find("stackfaq", "test", "frozen", 0, fingerprint="others") is None
    assert kept.find("stackfaq", "test", "frozen", 1, fingerprint="these data") is None


def test_ours_is_run_again_once_the_rule_of_the_choice_has_changed(
    done: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = options(tmp_path, only=["frozen", "chosen"], seeds=[0])
    command.run_missing(given, KeptRuns(tmp_path))
    monkeypatch.setattr(methods, "CHOICE_RULE", "another")

    command.run_missing(given, KeptRuns(tmp_path))

    assert done == [("frozen", 0), ("chosen", 0), ("chosen", 0)]


# The table


def run_of(method: str, compared: ComparedSet, *, worse_by: float = 0.0) -> KeptRun:
    run, _ = run_method("frozen", compared, seed=0, progress=no_progress)
    scores = {
        cell: {
            metric: {query_id: value - worse_by for query_id, value in values.items()}
            for metric, values in metrics.items()
        }
        for cell, metrics in score(compared, run).items()
    }
    here: dict[str, str | int] = {"processor": "a processor", "cores": 2, "python": "3.11", "date": "2026-11-27"}
    return KeptRun("stackfaq", "test", method, 0, "", scores, compared.groups, {"cpu_seconds": 3.0}, here, "a commit")


def test_the_choice_is_set_against_the_best_peer_of_each_cell_and_a_loss_is_named(
    compared: ComparedSet, tmp_path: Path
) -> None:
    kept = KeptRuns(tmp_path)
    for method, worse_by in (("frozen", 0.3), ("chosen", 0.1), ("ridge", 0.0), ("nudge-n", 0.2)):
        kept.keep(run_of(method, compared, worse_by=worse_by))

    found = report(kept, ["stackfaq", "manga"])
    text = table(found)

    assert list(found) == ["stackfaq"], "what did not run is not there"
    assert best_peer(found["stackfaq"], "cold") == "ridge"
    assert "| choice − best peer, all | -0.100 [-0.100, -0.100] `ridge` **below** |" in text
    assert "| NUDGE-M | – |" in text
    assert "| stackfaq (1 seed) |" in text
    assert "2 cores of a processor, 2026-11-27" in text
    everything = found["stackfaq"]["chosen"]
    assert set(everything["differences"]) == {"frozen", "ridge", "nudge-n"}
    assert everything["cpu_seconds"] == 3.0


def test_the_head_of_a_simulated_set_says_so(compared: ComparedSet, tmp_path: Path) -> None:
    kept = KeptRuns(tmp_path)
    kept.keep(run_of("frozen", compared))
    kept.keep(replace(run_of("frozen", compared), set_name="shop"))

    text = table(report(kept, ["stackfaq", "shop"]))

    assert "| stackfaq (1 seed) | shop (simulated; 1 seed) |" in text


def test_a_set_of_which_no_run_is_kept_here_stands_as_it_was_reported(compared: ComparedSet, tmp_path: Path) -> None:
    """Runs are not in the repository: comparing one set again elsewhere must not lose the others."""
    kept, stored = KeptRuns(tmp_path / "runs"), tmp_path / "peers.json"
    kept.keep(run_of("frozen", compared))
    found = report(kept, ["stackfaq", "manga"])
    assert command.with_stored(found, stored) == found

    stored.write_text(json.dumps({"manga": {"frozen": {}}, "stackfaq": {"nudge-m": {}}}))

    assert command.with_stored(found, stored) == {"manga": {"frozen": {}}, "stackfaq": found["stackfaq"]}


def test_the_readme_shows_the_stored_comparison() -> None:
    root = Path(__file__).parents[2]
    stored = root / "benchmarks" / "results" / "peers.json"

    assert table(json.loads(stored.read_text(encoding="utf-8"))) in (root / "README.md").read_text(encoding="utf-8")
