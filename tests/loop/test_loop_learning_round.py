"""One round of the feedback loop on the small shop, on a timer."""

from datetime import UTC, datetime
from typing import Any

import pytest
from failing_searches import NEW_WORD, TEXTS, log_failures

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


def test_a_round_finds_failures_trains_what_was_approved_and_promotes_nothing(shop: Workspace) -> None:
    log_failures(shop)
    stages: list[str] = []

    first = a_round(shop, stages)

    assert stages == ["ingest", "bucket", "cluster", "propose", "pairs", "train", "evaluate", "gate"]
    assert first["proposals"]["new"]["positive"] >= 1
    assert registry_of(shop).aliases().live == IDENTITY
    store, ada, ben = review_store(shop), Reviewer("ada", "admin"), Reviewer("ben", "admin")
    wanted = [item for item in store.items(kinds=["positive"], with_private=True) if set(item.texts) <= set(TEXTS)]
    item = next(item for item in wanted if item.doc_id == "pirates-0")
    store.decide(item.id, ada, "accept")
    if store.item(item.id, ada).state == "half":
        store.decide(item.id, ben, "accept")

    second = a_round(shop)

    assert second["pairs"]["sources"]["feedback"]["trained"] == len(TEXTS)
    assert f"{len(TEXTS)} approved pairs train." in second["summary"]
    assert second["proposals"]["new"] == {}
    assert registry_of(shop).aliases().live == IDENTITY
    assert third_is_the_same(shop, second)


def third_is_the_same(shop: Workspace, second: dict[str, Any]) -> bool:
    """Without news a round writes nothing anew and says the same."""
    candidate = shop.runs / "candidate"
    before = {
        path: path.stat().st_mtime_ns for path in candidate.rglob("*") if path.is_file() and "decision" not in path.name
    }
    third = a_round(shop)
    after = {path: path.stat().st_mtime_ns for path in before}
    rewritten = {path.name for path in before if after[path] != before[path]}
    assert third["bucket"]["days_computed"] == 0
    assert third["summary"] == second["summary"]
    return rewritten <= {"report.md"}


def test_the_summary_names_no_private_need(shop: Workspace) -> None:
    log_failures(shop, [f"grumfo {number}x" for number in range(6)], clients=1, name="g")

    assert "grumfo" not in a_round(shop)["summary"]


def test_a_round_while_another_writes_ends_with_whose_turn_it_is(shop: Workspace) -> None:
    with shop.lock(), pytest.raises(WorkspaceLocked, match="is writing to this workspace"):
        a_round(shop)


def test_the_summary_is_readable_in_a_chat_message(shop: Workspace) -> None:
    log_failures(shop, TEXTS[:5], clients=60)

    lines = a_round(shop)["summary"].splitlines()

    assert lines[0].startswith("Learning round of 2026-11-27: ")
    assert any(NEW_WORD in line for line in lines)
    assert "wait for a reviewer" in lines[-2]
    assert "Gate: " in lines[-1]
    assert max(map(len, lines)) < 400
