import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
from command_line import FinishedDemo, refused, run

from mangaassist.data import Workspace
from mangaassist.encoders import load_encoder
from mangaassist.evaluation import METRICS
from mangaassist.loop import describe_intents, live_intents, read_pair_counts, read_proposals, registry_of

SCALE = ("--scale", "0.04")
RULE_FAMILIES = ("no harm, cell ", "no harm, intent ")


@pytest.fixture
def demo_folder(finished_demo: FinishedDemo, tmp_path: Path) -> Path:
    """This test's own copy of the finished demo."""
    shutil.copytree(finished_demo.folder, tmp_path / "demo")
    return tmp_path / "demo"


def summary_keys() -> set[str]:
    return {*METRICS, *(f"{metric}_interval" for metric in METRICS), "queries", "groups"}


# The JSON, whose names are a contract


def test_the_json_has_exactly_these_keys(finished_demo: FinishedDemo) -> None:
    assert list(finished_demo.result) == [
        "counts",
        "encoder",
        "baseline",
        "candidate",
        "delta",
        "cells",
        "slices",
        "enrichment",
        "rules",
        "decision",
        "release",
        "intents",
        "seconds",
    ]


def test_counts_are_the_raw_events_of_the_four_sources_at_this_scale(finished_demo: FinishedDemo) -> None:
    """18,000 clicks and 4,000 cart events at full size; the small shop has nothing curated and little to propose."""
    assert finished_demo.result["counts"] == {"click": 720, "cart": 160, "editorial": 0, "synthetic": 16}


def test_what_the_samples_reviewer_decided_is_taken_in_and_trains(finished_demo: FinishedDemo) -> None:
    statuses = Counter(each.status for each in read_proposals(Workspace.open(finished_demo.folder)))
    counts = read_pair_counts(Workspace.open(finished_demo.folder))

    assert statuses == {"pending": 14, "accepted": 1, "rejected": 1}
    assert counts["sources"]["synthetic"]["trained"] == 1


def test_baseline_and_candidate_have_every_metric_with_its_interval(finished_demo: FinishedDemo) -> None:
    baseline, candidate = finished_demo.result["baseline"], finished_demo.result["candidate"]

    assert {"recall@3", "success@3", "ndcg@10", "bad_top1_rate", "judged@1", "queries", "groups"} <= summary_keys()
    assert set(baseline) == summary_keys()
    assert set(candidate) == summary_keys() | {"latency_addon_p99_ms"}
    for system in (baseline, candidate):
        assert all(low <= system[name] <= high for name in METRICS for low, high in [system[f"{name}_interval"]])


def test_delta_is_mean_low_and_high_per_metric(finished_demo: FinishedDemo) -> None:
    delta, result = finished_demo.result["delta"], finished_demo.result

    assert set(delta) == {"recall@3", "success@3", "ndcg@10", "bad_top1_rate"}
    for name, (mean, low, high) in delta.items():
        assert low <= mean <= high
        assert mean == pytest.approx(result["candidate"][name] - result["baseline"][name])


def test_cells_are_the_candidate_s_by_what_training_has_seen(finished_demo: FinishedDemo) -> None:
    cells = finished_demo.result["cells"]

    coarse = {"seen", "unseen", "warm", "cold"}
    assert set(cells) == coarse | {"seen_warm", "seen_cold", "unseen_warm", "unseen_cold"}
    assert all(cell is None or set(cell) == summary_keys() for cell in cells.values())


def test_slices_and_enrichment_are_those_of_the_report(finished_demo: FinishedDemo) -> None:
    report = json.loads((finished_demo.folder / "runs" / "candidate" / "report.json").read_bytes())

    assert finished_demo.result["slices"] == report["slices"]
    assert finished_demo.result["enrichment"] == report["enrichment"]


def test_every_rule_of_the_gate_has_name_value_bound_and_passed(finished_demo: FinishedDemo) -> None:
    rules = finished_demo.result["rules"]

    assert all(list(rule) == ["name", "value", "bound", "passed"] for rule in rules)
    assert [rule["name"] for rule in rules if not rule["name"].startswith(RULE_FAMILIES)] == [
        "recall@3",
        "ndcg@10",
        "bad_top1_rate",
        "gain in recall@3",
        "gain in ndcg@10",
        "latency_addon_p99_ms",
        "routing_p99_ms",
        "response_p99_ms",
        "diagnoses",
        "looks",
    ]
    assert {rule["passed"] for rule in rules} <= {True, False, None}
    assert {rule["name"]: rule["bound"] for rule in rules}["recall@3"] == 0.3


def test_what_is_served_routes_messages_without_the_callers_intent(finished_demo: FinishedDemo) -> None:
    shop = Workspace.open(finished_demo.folder)
    classifier = live_intents(shop, encoder_id="words@1")
    told = finished_demo.result["intents"]

    assert classifier is not None
    assert told["version"] == classifier.version == "intents-v01"
    assert told == {"version": "intents-v01", **describe_intents(shop)["cross_validation"]}


def test_the_decision_and_the_release_are_those_of_the_workspace(finished_demo: FinishedDemo) -> None:
    result = finished_demo.result

    assert (result["decision"], result["release"]) == ("promote", "embed-adapter-v01")
    registry = registry_of(Workspace.open(finished_demo.folder))
    assert registry.aliases().live == "embed-adapter-v01"
    assert [(entry.actor, entry.why) for entry in registry.history()] == [("demo", "the gate said promote")]


def test_encoder_and_seconds_say_what_ran_and_how_long(finished_demo: FinishedDemo) -> None:
    assert finished_demo.result["encoder"] == "words@1"
    assert 0 < finished_demo.result["seconds"] < 300


def test_nothing_but_the_json_is_on_standard_output(finished_demo: FinishedDemo) -> None:
    assert json.loads(finished_demo.stdout) == finished_demo.result
    assert finished_demo.stderr == ""


# Running it again


def test_a_finished_demo_is_shown_again_and_not_run_again(demo_folder: Path, finished_demo: FinishedDemo) -> None:
    done = run("demo", "--workspace", demo_folder, *SCALE, "--json", "-")

    assert done.exit_code == 0
    assert json.loads(done.stdout) == finished_demo.result
    assert "has run in" in done.stderr
    assert "remove that folder to run it anew" in done.stderr


def test_people_are_told_what_it_is_what_came_of_it_and_what_to_do_next(demo_folder: Path) -> None:
    done = run("demo", "--workspace", demo_folder, *SCALE)

    said = " ".join(done.stdout.split())
    assert "not evidence about real users" in said
    assert "Decision: promote" in said
    assert f"embed-adapter-v01 is live. Look at it: mangaassist releases --workspace {demo_folder}" in said
    assert "mangaassist bench DIR" in said


@pytest.mark.parametrize(
    ("words", "was"), [(("--scale", "0.03"), "scale 0.04"), ((*SCALE, "--seed", "1"), "seed 0"), ((), "scale 0.04")]
)
def test_another_demo_does_not_reuse_the_log_of_the_one_there(
    demo_folder: Path, words: tuple[str, ...], was: str
) -> None:
    said = refused("demo", "--workspace", demo_folder, *words)

    assert said.startswith(f"WorkspaceError: {demo_folder}: holds a demo of ")
    assert was in said
    assert said.endswith("; remove that folder, or choose another --workspace")


def test_the_sample_is_not_mixed_with_a_shop_of_one_s_own(shop: Workspace) -> None:
    before = sorted(shop.root.iterdir())

    said = refused("demo", "--workspace", shop.root)

    assert said == (
        f"WorkspaceError: {shop.root}: is a workspace that the demo did not make; choose another --workspace"
    )
    assert sorted(shop.root.iterdir()) == before


def test_an_unknown_encoder_does_not_claim_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mangaassist.commands.demo.load_encoder", load_encoder)

    said = refused("demo", "--workspace", tmp_path / "new", "--encoder", "nonsense")

    assert said.startswith("EncoderError: there is no encoder 'nonsense'; choose one of: local")
    assert not (tmp_path / "new").exists()


def test_a_candidate_that_the_gate_does_not_like_is_not_released(tmp_path: Path) -> None:
    """The documented floors are far above what the small shop reaches: an honest end, and no error."""
    folder = tmp_path / "demo"

    done = run("demo", "--workspace", folder, "--scale", "0.01")

    assert done.exit_code == 0
    said = " ".join(done.stdout.split())
    assert "Decision: reject." in said
    assert "Nothing was released" in said
    assert f"mangaassist gate --workspace {folder} --json -" in said
    assert json.loads(run("releases", "--workspace", folder, "--json", "-").stdout)["live"] == "embed-adapter-v00"
    assert run("gate", "--workspace", folder, "--json", "-").exit_code == 10
