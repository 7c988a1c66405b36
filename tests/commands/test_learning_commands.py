import json
from io import StringIO
from typing import Any

import pytest
import torch
from command_line import refused, run
from loop_world import log_a_click
from rich.console import Console
from typer.testing import CliRunner

from mangaassist.adapter import LADDER
from mangaassist.cli import app
from mangaassist.commands.learning import draw_training
from mangaassist.data import Workspace


def result(command: str, shop: Workspace) -> Any:
    done = run(command, "--workspace", shop.root, "--json", "-")
    assert done.exit_code == 0
    return json.loads(done.stdout)


def shown(command: str, shop: Workspace) -> str:
    """What a person sees, its lines joined."""
    done = run(command, "--workspace", shop.root)
    assert done.exit_code == 0
    return " ".join(done.stdout.split())


def test_pairs_that_know_the_test_set_stop_the_loop(shop: Workspace) -> None:
    log_a_click(shop, "test-robots-2", "any text", "robots-2")

    said = refused("pairs", "--workspace", shop.root)

    assert said.startswith("LeakageError: 1 of ")
    assert "leaks test query 'test-robots-2'" in said


def test_train_tells_every_rung_s_validation_and_the_choice(shop: Workspace) -> None:
    summary = result("train", shop)

    assert set(summary["rungs"]) == set(LADDER)
    assert summary["chosen"] in LADDER
    told = {"recipe", "rounds", "folds", "move_share", "validation_gains", "validation_gains_among_answers"}
    assert set(summary["rungs"]["identity"]) == told
    assert f"Chosen: {summary['because']}." in shown("train", shop)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_train_on_a_gpu_that_is_not_there_is_refused_and_keeps_the_candidate(shop: Workspace) -> None:
    before = result("train", shop)

    said = refused("train", "--seed", 1, "--device", "cuda", "--workspace", shop.root)

    assert said.startswith("DeviceError: this machine has no GPU that torch can use; train with --device cpu")
    assert result("train", shop) == before


def test_train_says_what_lost_on_the_first_fold_and_was_not_tried_on_the_others(shop: Workspace) -> None:
    summary = result("train", shop)

    def said(folds: dict[str, int]) -> str:
        rungs = {name: {**rung, "folds": folds.get(name, 3)} for name, rung in summary["rungs"].items()}
        page = StringIO()
        draw_training(Console(file=page, width=200), {**summary, "rungs": rungs})
        return page.getvalue()

    lost = said({"mlp": 1})
    assert "Lost on the first fold beyond chance, so not tried on the others: mlp." in lost
    assert "Lost on the first fold" not in said({})


def test_train_says_what_gained_by_sinking_what_nobody_asked_for(shop: Workspace) -> None:
    summary = result("train", shop)

    def said(among: dict[str, float]) -> str:
        rungs = {**summary["rungs"], "ridge": {**summary["rungs"]["ridge"], "validation_gains_among_answers": among}}
        page = StringIO()
        draw_training(Console(file=page, width=200), {**summary, "rungs": rungs})
        return page.getvalue()

    sunk = said({"warm": 0.1, "cold": -0.148})
    assert "Lost among the documents that are asked for, so gained in part by sinking the rest: ridge (-0.148)" in sunk
    assert "ridge (" not in said({"warm": 0.1, "cold": 0.01})
    assert "ridge (" not in said({})


def test_evaluate_shows_systems_cells_and_differences(shop: Workspace) -> None:
    report = result("evaluate", shop)
    said = shown("evaluate", shop)

    assert set(report["systems"]) == {"baseline", "candidate", "composed", "frozen", "mlp"}
    assert "live (embed-adapter-v00)" in said
    assert "too small" in said
    assert all(f"Δ{metric}:" in said for metric in ("recall@3", "success@3", "ndcg@10", "bad_top1_rate"))


@pytest.mark.parametrize(
    ("command", "gone", "remedy"),
    [
        ("train", "pairs/pairs.parquet", "make them: `mangaassist pairs`"),
        ("evaluate", "runs/candidate/tuning.json", "train one: `mangaassist train`"),
        ("gate", "runs/candidate/evidence.json", "evaluate it: `mangaassist evaluate`"),
        ("promote", "runs/candidate/tuning.json", "train one: `mangaassist train`"),
    ],
)
def test_a_stage_without_the_one_before_names_the_command_to_run(
    shop: Workspace, command: str, gone: str, remedy: str
) -> None:
    (shop.root / gone).unlink()

    assert remedy in refused(command, "--workspace", shop.root)


def test_evaluate_shows_slices_enrichment_and_where_the_report_lies(shop: Workspace) -> None:
    said = shown("evaluate", shop)

    assert "by symptom phrasing 50 0." in said
    assert "support 20 too small" in said
    assert "Sparse titles, plain → enriched text, recall@3 frozen 0." in said
    assert said.endswith(f"The full report: {shop.root / 'runs' / 'candidate' / 'report.html'}")


def test_the_tables_of_evaluate_fit_a_terminal_of_80_columns(shop: Workspace) -> None:
    done = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["evaluate", "--workspace", str(shop.root)])

    lines = done.stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith("The full report:")) <= 80
    assert "…" not in done.stdout
    assert any(line.lstrip().startswith("live (embed-adapter-v00) ") for line in lines)
    assert ["slice", "queries", "live", "candidate", "difference,", "95", "%", "claim"] in [
        line.split() for line in lines
    ]
