"""The stages on a small shop: each does its work once, survives being killed, and refuses what it must."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from loop_world import ingested_shop, make_small

from mangaassist.core.errors import LeakageError, NotPromotable
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.loop import (
    Settings,
    candidate_folder,
    decide,
    evaluate_candidate,
    make_pairs,
    read_pairs,
    read_settings,
    registry_of,
    release_candidate,
    train_candidate,
)
from mangaassist.promotion import IDENTITY

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_small(monkeypatch.setattr)
    monkeypatch.setenv("MANGAASSIST_PRIVACY_KEY_FILE", str(tmp_path / "privacy.key"))


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with everything taken in, to be copied."""
    folder = tmp_path_factory.mktemp("shop")
    before = os.environ.get("MANGAASSIST_PRIVACY_KEY_FILE")
    os.environ["MANGAASSIST_PRIVACY_KEY_FILE"] = str(folder / "privacy.key")
    try:
        return ingested_shop(folder / "workspace").root
    finally:
        os.environ.pop("MANGAASSIST_PRIVACY_KEY_FILE")
        if before is not None:
            os.environ["MANGAASSIST_PRIVACY_KEY_FILE"] = before


@pytest.fixture
def workspace(ingested: Path, tmp_path: Path) -> Workspace:
    shutil.copytree(ingested, tmp_path / "shop")
    return Workspace.open(tmp_path / "shop")


def trained(workspace: Workspace, seed: int = 0) -> dict[str, object]:
    make_pairs(workspace, Settings())
    return train_candidate(workspace, Settings(), seed=seed, progress=no_progress)


def evaluated(workspace: Workspace) -> dict[str, object]:
    live = registry_of(workspace).aliases().live
    return evaluate_candidate(workspace, Settings(), live=live, seed=0, now=NOW, progress=no_progress)


def artefacts(workspace: Workspace) -> dict[str, bytes]:
    folder = candidate_folder(workspace)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_pairs_come_back_as_they_were_stored(workspace: Workspace) -> None:
    counts = make_pairs(workspace, Settings())
    stored = read_pairs(workspace, Settings())

    assert sum(source["trained"] for source in counts["sources"].values()) == len(stored.pairs)
    assert {pair.source for pair in stored.pairs} == {"click", "cart"}
    assert all(pair.evidence and pair.positive in stored.exposed for pair in stored.pairs)


def test_a_pair_that_knows_a_test_query_is_a_loud_failure(workspace: Workspace) -> None:
    """The log is changed so that one of its searches carries a test query's id."""
    (part,) = (workspace.root / "tables" / "queries").glob("*.parquet")
    queries = pl.read_parquet(part)
    (events,) = (workspace.root / "tables" / "events").glob("*.parquet")
    clicked = pl.read_parquet(events).filter(pl.col("action_name") == "click")["query_id"][0]
    test_id = "test-pirates-0"
    queries.with_columns(pl.col("query_id").replace(clicked, test_id)).write_parquet(part)
    pl.read_parquet(events).with_columns(pl.col("query_id").replace(clicked, test_id)).write_parquet(events)

    with pytest.raises(LeakageError, match="test query id"):
        make_pairs(workspace, Settings())


def test_training_again_on_the_same_inputs_does_nothing(workspace: Workspace) -> None:
    first = trained(workspace)
    times = {path: path.stat().st_mtime_ns for path in candidate_folder(workspace).rglob("*")}

    again = train_candidate(workspace, Settings(), seed=0, progress=no_progress)

    assert again == first
    assert {path: path.stat().st_mtime_ns for path in candidate_folder(workspace).rglob("*")} == times


def test_another_seed_trains_anew(workspace: Workspace) -> None:
    first = trained(workspace)

    assert train_candidate(workspace, Settings(), seed=1, progress=no_progress)["inputs"] != first["inputs"]


def test_equal_inputs_give_equal_artefacts_byte_for_byte(ingested: Path, tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        shutil.copytree(ingested, tmp_path / name)
        shop = Workspace.open(tmp_path / name)
        trained(shop)
        found.append(artefacts(shop))

    assert found[0] == found[1]


_JOB = """
import sys
sys.path.insert(0, {tests!r})
import importlib
from loop_world import make_small

def put(target, value):
    module, _, name = target.rpartition(".")
    setattr(importlib.import_module(module), name, value)

make_small(put)
from pathlib import Path
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.loop import Settings, make_pairs, train_candidate
shop = Workspace.open(Path({root!r}))
print("ready", flush=True)
with shop.lock():
    make_pairs(shop, Settings())
    train_candidate(shop, Settings(), seed=0, progress=no_progress)
"""


def test_kill_nine_in_the_middle_of_training_then_again_ends_as_if_undisturbed(ingested: Path, tmp_path: Path) -> None:
    shutil.copytree(ingested, tmp_path / "undisturbed")
    shutil.copytree(ingested, tmp_path / "killed")
    trained(Workspace.open(tmp_path / "undisturbed"))
    job = _JOB.format(tests=str(Path(__file__).parent), root=str(tmp_path / "killed"))
    chance = random.Random(0)

    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", job], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.05, 0.8))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    subprocess.run([sys.executable, "-c", job], check=True, stdout=subprocess.DEVNULL)

    assert artefacts(Workspace.open(tmp_path / "killed")) == artefacts(Workspace.open(tmp_path / "undisturbed"))


def test_every_judged_query_is_logged_with_the_contracts_keys(workspace: Workspace) -> None:
    trained(workspace)
    report = evaluated(workspace)
    (log,) = workspace.logs.glob("retrieval_eval-*.jsonl")
    lines = [json.loads(line) for line in log.read_text().splitlines()]

    assert len(lines) == report["systems"]["candidate"]["queries"]  # type: ignore[index]
    assert all(line["event"] == "retrieval_eval" and line["hit_source"] == "judgement" for line in lines)
    assert set(lines[0]) == {
        *("event", "query", "intent", "top3_titles", "recall_at_3_hit", "adapter_version", "latency_ms"),
        *("query_id", "hit_source"),
    }
    hits = sum(line["recall_at_3_hit"] for line in lines) / len(lines)
    assert hits == pytest.approx(report["systems"]["candidate"]["success@3"])  # type: ignore[index]


def test_a_look_at_the_test_set_is_counted_once_per_candidate(workspace: Workspace) -> None:
    trained(workspace)

    first, again = (evaluated(workspace)["looks"] for _ in range(2))
    train_candidate(workspace, Settings(), seed=1, progress=no_progress)

    assert (first, again) == (1, 1)
    assert evaluated(workspace)["looks"] in (1, 2)  # another seed may give the very same closed form


def test_the_report_shows_frozen_live_first_run_and_candidate_side_by_side(workspace: Workspace) -> None:
    trained(workspace)

    assert set(evaluated(workspace)["systems"]) == {"baseline", "candidate", "frozen", "mlp"}  # type: ignore[call-overload]


def test_without_the_gates_word_nothing_is_published(workspace: Workspace) -> None:
    trained(workspace)
    evaluated(workspace)
    strict = Settings(gate={"recall_at_3_floor": 1.0, "ndcg_at_10_floor": 1.0})

    assert decide(workspace, strict).outcome != "promote"
    with pytest.raises(NotPromotable):
        release_candidate(workspace, actor="me", why="try")
    assert registry_of(workspace).aliases().live == IDENTITY
    assert not list(workspace.releases.glob("embed-adapter-*"))


def test_going_past_the_gate_is_signed_and_can_be_rolled_back(workspace: Workspace) -> None:
    trained(workspace)
    evaluated(workspace)
    decide(workspace, Settings())

    release = release_candidate(workspace, actor="mika", why="sale", override="the boss says so")
    registry = registry_of(workspace)

    assert registry.aliases().live == release == "embed-adapter-v01"
    assert (registry.history()[-1].actor, registry.history()[-1].override) == ("mika", "the boss says so")
    assert registry.rollback(expected_live=release, actor="mika", why="no good") == IDENTITY


def test_a_release_carries_its_report_evidence_and_decision(workspace: Workspace) -> None:
    trained(workspace)
    evaluated(workspace)
    decide(workspace, Settings())

    release = release_candidate(workspace, actor="mika", why="sale", override="yes")

    names = {path.name for path in (workspace.releases / release).iterdir()}
    assert {"config.json", "README.md", "manifest.json", "report.json", "evidence.json", "decision.json"} <= names


def test_defaults_are_the_documented_first_run(tmp_path: Path) -> None:
    settings = read_settings(tmp_path)

    assert (settings.gate.recall_at_3_floor, settings.gate.ndcg_at_10_floor) == (0.80, 0.78)
    assert (settings.gate.bad_top1_ceiling, settings.gate.latency_addon_ceiling_ms) == (0.08, 2.0)
    assert (settings.pairs.max_repeats, settings.pairs.max_client_share) == (3, 0.01)
    assert settings.pairs.max_synthetic_share == 0.20


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mangaassist.toml").write_text("[pairs]\nmax_repeats = 5\n")
    monkeypatch.setenv("MANGAASSIST_PAIRS__MAX_REPEATS", "7")

    assert read_settings(tmp_path).pairs.max_repeats == 7
