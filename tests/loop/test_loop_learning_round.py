"""One round of the feedback loop on the small shop, on a timer."""

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from failing_searches import NEW_WORD, TEXTS, log_failures
from loop_fixtures import settle_in

from mangaassist.core.errors import WorkspaceLocked
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace
from mangaassist.feedback import Reviewer
from mangaassist.loop import learn, read_settings, registry_of, review_store
from mangaassist.promotion import IDENTITY

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def a_round(shop: Workspace, stages: list[str] | None = None) -> dict[str, Any]:
    done = stages if stages is not None else []
    return learn(shop, read_settings(shop.root), seed=0, now=NOON, progress=no_progress, stage_done=done.append)


@pytest.fixture(scope="module")
def first_round(
    evaluated_shop: Path, privacy_key_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any], list[str]]:
    """Root, result and stages of a first round, with a need that hurts many and one of a single client."""
    root = tmp_path_factory.mktemp("learning") / "shop"
    shutil.copytree(evaluated_shop, root)
    stages: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        settle_in(patch, privacy_key_file, tmp_path_factory.mktemp("cache"))
        workspace = Workspace.open(root)
        log_failures(workspace, TEXTS[:5], clients=60)
        log_failures(workspace, [f"grumfo {number}x" for number in range(6)], clients=1, name="g")
        result = a_round(workspace, stages)
    return root, result, stages


@pytest.fixture
def learnt(first_round: tuple[Path, dict[str, Any], list[str]], tmp_path: Path) -> Workspace:
    shutil.copytree(first_round[0], tmp_path / "shop")
    return Workspace.open(tmp_path / "shop")


def test_a_round_runs_every_stage_and_promotes_nothing(first_round: tuple[Path, dict[str, Any], list[str]]) -> None:
    root, result, stages = first_round

    assert stages == ["ingest", "bucket", "cluster", "propose", "pairs", "train", "evaluate", "gate"]
    assert result["proposals"]["new"]["positive"] >= 1
    assert registry_of(Workspace.open(root)).aliases().live == IDENTITY


def test_the_summary_is_readable_in_a_chat_message(first_round: tuple[Path, dict[str, Any], list[str]]) -> None:
    lines = first_round[1]["summary"].splitlines()

    assert lines[0].startswith("Learning round of 2026-11-27: ")
    assert any(NEW_WORD in line for line in lines)
    assert "wait for a reviewer" in lines[-2]
    assert "Gate: " in lines[-1]
    assert max(map(len, lines)) < 400


def test_the_summary_names_no_private_need(first_round: tuple[Path, dict[str, Any], list[str]]) -> None:
    assert any("grumfo" in each["name"] for each in first_round[1]["clusters"]["clusters"])
    assert "grumfo" not in first_round[1]["summary"]


@pytest.mark.slow
def test_what_was_approved_trains_in_the_next_round_and_without_news_nothing_happens(learnt: Workspace) -> None:
    store, ada, ben = review_store(learnt), Reviewer("ada", "admin"), Reviewer("ben", "admin")
    wanted = [item for item in store.items(kinds=["positive"], with_private=True) if set(item.texts) & set(TEXTS)]
    item = max(wanted, key=lambda each: (len(each.texts), each.id))
    store.decide(item.id, ada, "accept")
    if store.item(item.id, ada).state == "half":
        store.decide(item.id, ben, "accept")

    second = a_round(learnt)

    assert second["pairs"]["sources"]["feedback"]["trained"] == len(item.texts)
    assert f"{len(item.texts)} approved pairs train." in second["summary"]
    assert second["proposals"]["new"] == {}
    assert registry_of(learnt).aliases().live == IDENTITY
    before = candidate_times(learnt)
    third = a_round(learnt)
    assert third["bucket"]["days_computed"] == 0
    assert third["summary"] == second["summary"]
    assert candidate_times(learnt) == before


def candidate_times(shop: Workspace) -> dict[str, int]:
    """When each file of the candidate was written, but for the decision, which the gate always writes."""
    files = [path for path in (shop.runs / "candidate").rglob("*") if path.is_file()]
    made_anew = {"decision.json", "report.md", "report.html"}
    return {str(path): path.stat().st_mtime_ns for path in files if path.name not in made_anew}


def test_a_round_while_another_writes_ends_with_whose_turn_it_is(shop: Workspace) -> None:
    with shop.lock(), pytest.raises(WorkspaceLocked, match="is writing to this workspace"):
        a_round(shop)
