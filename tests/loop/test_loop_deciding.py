import json
from pathlib import Path
from typing import Any

import pytest
from loop_fixtures import NOON
from loop_world import log_a_click, same_service_latency, write_rows

from mangaassist.core.errors import ArtifactError, DataError, NotPromotable
from mangaassist.core.types import no_progress
from mangaassist.data import Workspace, ingest
from mangaassist.loop import (
    candidate_folder,
    decide,
    evaluate_candidate,
    read_settings,
    read_tuning,
    registry_of,
    release_candidate,
)
from mangaassist.promotion import IDENTITY, Decision, verify
from mangaassist.promotion import releases as published


def decided(workspace: Workspace) -> Decision:
    return decide(workspace, read_settings(workspace.root))


def evaluated(workspace: Workspace, *, live: str) -> dict[str, Any]:
    return evaluate_candidate(
        workspace,
        read_settings(workspace.root),
        live=live,
        seed=0,
        now=NOON,
        progress=no_progress,
        time_service=same_service_latency,
    )


def released(workspace: Workspace, *, override: str | None = None) -> str:
    return release_candidate(workspace, actor="mina", why="a test", override=override)


def live(workspace: Workspace) -> str:
    return registry_of(workspace).aliases().live


def rejected(workspace: Workspace) -> Decision:
    """The default floors are far above what the small shop reaches."""
    decision = decided(workspace)
    assert decision.outcome == "reject"
    return decision


def test_the_decision_is_stored_and_names_candidate_live_and_data(shop: Workspace) -> None:
    decision = rejected(shop)

    stored = json.loads((candidate_folder(shop) / "decision.json").read_bytes())
    assert stored["outcome"] == "reject"
    assert stored["candidate"] == decision.candidate
    assert (decision.live, decision.data_fingerprint) == (IDENTITY, read_tuning(shop)["data_fingerprint"])


def test_without_evidence_there_is_nothing_to_judge(shop: Workspace) -> None:
    (candidate_folder(shop) / "evidence.json").unlink()

    with pytest.raises(DataError, match="has no evaluated candidate; evaluate it: `mangaassist evaluate`"):
        decided(shop)


@pytest.mark.usefixtures("easy_gate")
def test_a_promoted_candidate_is_released_with_its_papers_and_live(shop: Workspace) -> None:
    assert decided(shop).outcome == "promote"

    release = released(shop)

    assert release == live(shop) == "embed-adapter-v01"
    folder, chosen = shop.releases / release, candidate_folder(shop) / read_tuning(shop)["chosen"]
    assert (folder / "adapter.safetensors").read_bytes() == (chosen / "adapter.safetensors").read_bytes()
    assert {path.name for path in folder.iterdir()} == {
        "adapter.safetensors",
        "config.json",
        "README.md",
        "composition.json",
        "manifest.json",
        "report.json",
        "report.md",
        "report.html",
        "evidence.json",
        "decision.json",
        "lineage.json",
        "pairs.parquet",
    }
    verify(shop.root, release)
    entry = registry_of(shop).history()[-1]
    assert (entry.actor, entry.action, entry.release, entry.why) == ("mina", "promote", release, "a test")


@pytest.mark.usefixtures("easy_gate")
def test_a_release_can_be_the_baseline_of_the_next_candidate(shop: Workspace) -> None:
    decided(shop)
    release = released(shop)

    report = evaluate_candidate(
        shop,
        read_settings(shop.root),
        live=release,
        seed=0,
        now=NOON,
        progress=no_progress,
        time_service=same_service_latency,
    )

    assert report["live"] == release
    assert report["systems"]["baseline"]["ndcg@10"] == report["systems"]["candidate"]["ndcg@10"]
    assert report["delta"]["recall@3"] == [0, 0, 0]


def test_a_rejected_candidate_stays_off_and_nothing_is_published(shop: Workspace) -> None:
    rejected(shop)

    with pytest.raises(NotPromotable, match="the candidate stays off: the gate said reject"):
        released(shop)

    assert live(shop) == IDENTITY
    assert published(shop.root) == (IDENTITY,)


def test_a_candidate_that_was_never_judged_stays_off(shop: Workspace) -> None:
    with pytest.raises(NotPromotable, match="there is no decision on it; run the gate"):
        released(shop)


def test_an_override_releases_a_rejected_candidate_and_the_audit_says_who_and_why(shop: Workspace) -> None:
    rejected(shop)

    release = released(shop, override="the floors are for real shops")

    assert live(shop) == release
    entry = registry_of(shop).history()[-1]
    assert (entry.actor, entry.override) == ("mina", "the floors are for real shops")
    assert entry.decision is not None
    assert entry.decision.outcome == "reject"


@pytest.mark.usefixtures("easy_gate")
@pytest.mark.parametrize("kind", ["titles", "log"])
def test_new_data_since_the_decision_keep_the_candidate_off(shop: Workspace, kind: str) -> None:
    decided(shop)
    if kind == "titles":
        ingest(shop, "titles", write_rows(shop.root / "new.jsonl", [{"title_id": "new", "title": "New"}]))
    else:
        log_a_click(shop, "new-1", "new text", "pirates-1")

    with pytest.raises(NotPromotable, match="the data have changed since the decision; evaluate again"):
        released(shop)
    assert live(shop) == IDENTITY

    assert released(shop, override="the new rows are harmless") == live(shop) == "embed-adapter-v01"


@pytest.mark.usefixtures("easy_gate")
def test_a_decision_against_another_live_release_does_not_count(shop: Workspace) -> None:
    decided(shop)
    released(shop)

    with pytest.raises(NotPromotable, match="the decision is against embed-adapter-v00, but embed-adapter-v01 is live"):
        released(shop)

    assert published(shop.root) == (IDENTITY, "embed-adapter-v01")


@pytest.mark.usefixtures("easy_gate")
def test_a_decision_on_other_files_does_not_count(shop: Workspace) -> None:
    decided(shop)
    tuning = read_tuning(shop)
    other = "centring" if tuning["chosen"] != "centring" else "ridge"
    (candidate_folder(shop) / "tuning.json").write_text(json.dumps({**tuning, "chosen": other}))

    with pytest.raises(NotPromotable, match="the decision is on other files; run the gate on these"):
        released(shop)


@pytest.mark.usefixtures("easy_gate")
def test_rollback_returns_to_the_release_before(shop: Workspace) -> None:
    decided(shop)
    first = released(shop)
    second = released(shop, override="the same again, to have two")
    registry = registry_of(shop)

    assert live(shop) == second
    assert registry.rollback(expected_live=second, actor="mina", why="it was worse") == first == live(shop)
    assert [entry.action for entry in registry.history()] == ["promote", "promote", "rollback"]


@pytest.mark.usefixtures("easy_gate")
def test_a_changed_release_is_no_baseline(shop: Workspace, tmp_path: Path) -> None:
    decided(shop)
    release = released(shop)
    path = shop.releases / release / "adapter.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    settings = read_settings(shop.root)

    with pytest.raises(ArtifactError, match="so it was changed; restore the folder from a backup, or roll back"):
        evaluate_candidate(
            shop, settings, live=release, seed=0, now=NOON, progress=no_progress, time_service=same_service_latency
        )


@pytest.mark.usefixtures("easy_gate")
def test_what_a_killed_writer_left_beside_the_artefact_is_not_released(shop: Workspace) -> None:
    leftover = candidate_folder(shop) / read_tuning(shop)["chosen"] / ".adapter.safetensors.x1y2.tmp"
    leftover.write_bytes(b"half")
    decided(shop)

    release = released(shop)

    assert not (shop.releases / release / leftover.name).exists()


@pytest.mark.usefixtures("easy_gate")
def test_a_release_says_what_it_was_compared_with_and_what_it_reached(shop: Workspace) -> None:
    decided(shop)

    manifest = json.loads((shop.releases / released(shop) / "manifest.json").read_bytes())

    assert manifest["parent"] == IDENTITY
    assert manifest["report"]["systems"]["candidate"]["queries"] == 70
    assert "changes" not in manifest["report"]  # query texts do not belong into a manifest


@pytest.mark.usefixtures("easy_gate")
def test_the_report_in_markdown_holds_the_decision_as_soon_as_there_is_one(shop: Workspace) -> None:
    path = candidate_folder(shop) / "report.md"
    assert "Decision" not in path.read_text()

    decided(shop)

    text, page = path.read_text(), path.with_suffix(".html").read_text()
    assert "## Decision: promote" in text
    assert "Ship it" in page
    release = shop.releases / released(shop)
    assert ((release / "report.md").read_text(), (release / "report.html").read_text()) == (text, page)


@pytest.mark.usefixtures("easy_gate")
def test_the_released_report_holds_the_decision_also_where_a_kill_left_an_older_one(shop: Workspace) -> None:
    path = candidate_folder(shop) / "report.md"
    before = path.read_text()
    decided(shop)
    path.write_text(before)

    assert "## Decision: promote" in (shop.releases / released(shop) / "report.md").read_text()


def test_the_report_in_markdown_does_not_keep_a_decision_on_other_evidence(shop: Workspace) -> None:
    rejected(shop)

    evaluate_candidate(
        shop,
        read_settings(shop.root),
        live=IDENTITY,
        seed=0,
        now=NOON,
        progress=no_progress,
        time_service=same_service_latency,
    )

    assert "Decision" not in (candidate_folder(shop) / "report.md").read_text()
    assert "Not judged yet" in (candidate_folder(shop) / "report.html").read_text()


@pytest.mark.usefixtures("easy_gate")
def test_a_release_that_was_published_but_not_switched_to_is_taken_up_again(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill between publishing and switching must not leave a second release of the same files behind."""
    decided(shop)

    def killed(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("mangaassist.promotion.registry.Registry.promote", killed)
        with pytest.raises(KeyboardInterrupt):
            released(shop)

    assert released(shop) == live(shop) == "embed-adapter-v01"
    assert published(shop.root) == (IDENTITY, "embed-adapter-v01")
