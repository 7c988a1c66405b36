"""Every fault is planted in the last week of four, and the check that should find it does."""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from log_world import FIRST_DAY, ShopLog, noon

from mangaassist.core.errors import DataError
from mangaassist.data import Workspace
from mangaassist.loop import read_settings
from mangaassist.monitoring import reference_file, watch

Log = Callable[..., ShopLog]
TODAY = 28
FAULTS = {
    "zero_click_rate": {"zero_click": 0.75},
    "reformulation_rate": {"reformulated": 0.5},
    "score_distribution:recommendation": {"score": 0.45},
    "score_distribution:faq": {"score": 0.45},
    "intent_mix": {"faq": 0.6},
    "head_share": {"head": 0.33},
    "unknown_vocabulary_share": {"unknown": 0.2},
    "degraded_share": {"degraded": 0.3},
    "latency_p99": {"latency_ms": 12.0},
}


def watched(workspace: Workspace, day: int = TODAY, **others: Any) -> dict[str, Any]:
    return watch(workspace, read_settings(workspace.root), now=noon(day), **others)


def test_nothing_is_said_where_nothing_has_changed(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)

    found = watched(workspace)

    assert (found["status"], found["exit_code"], found["alarms"]) == ("ok", 0, [])
    assert {check["name"] for check in found["checks"]} == set(FAULTS)
    assert (found["exchanged"], found["reference"]["days"], found["window"]["days"]) == ("days", 14, 7)
    assert found["false_alarms"]["per_look"] == pytest.approx(0.05 / 30)


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_alarms_by_its_name(name: str, workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY - 7).days(TODAY - 7, 7, **FAULTS[name])

    found = watched(workspace)

    assert (found["status"], found["exit_code"]) == ("alarm", 12)
    assert name in found["alarms"]
    (check,) = [check for check in found["checks"] if check["name"] == name]
    assert check["change"] >= check["least"]
    assert check["p"] <= found["false_alarms"]["per_look"]


@pytest.mark.parametrize("name", ["zero_click_rate", "degraded_share", "latency_p99"])
def test_a_release_of_a_few_days_is_watched_by_its_sessions(name: str, workspace: Workspace, log: Log) -> None:
    log(searches=250).days(0, 4).days(4, 1, **FAULTS[name])

    found = watched(workspace, day=5)

    assert (found["exchanged"], found["reference"]["days"], found["window"]["days"]) == ("sessions", 4, 1)
    assert name in found["alarms"]


def test_few_days_without_a_fault_are_ok(workspace: Workspace, log: Log) -> None:
    log(searches=250).days(0, 5)

    assert watched(workspace, day=5)["status"] == "ok"


def test_a_change_that_does_not_matter_is_no_alarm_however_certain(
    workspace: Workspace, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MANGAASSIST_MONITOR__LEAST_ZERO_CLICK", "0.9")
    log().days(0, TODAY - 7).days(TODAY - 7, 7, zero_click=0.75)

    found = watched(workspace)

    assert found["status"] == "ok"
    (check,) = [check for check in found["checks"] if check["name"] == "zero_click_rate"]
    assert check["p"] <= found["false_alarms"]["per_look"]


def test_a_fall_of_what_should_fall_is_no_alarm(workspace: Workspace, log: Log) -> None:
    log(zero_click=0.7).days(0, TODAY - 7).days(TODAY - 7, 7, zero_click=0.2)

    assert watched(workspace)["status"] == "ok"


# What cannot be told


def test_without_any_log_it_cannot_tell(workspace: Workspace) -> None:
    found = watched(workspace)

    assert (found["status"], found["exit_code"]) == ("cannot_tell", 13)
    assert found["because"] == "no search of it is in the logs"


def test_a_window_without_traffic_cannot_tell_and_says_what_there_is(workspace: Workspace, log: Log) -> None:
    log().days(0, 20)

    found = watched(workspace, day=40)

    assert (found["status"], found["exit_code"]) == ("cannot_tell", 13)
    assert found["because"] == "the reference has 1680 searches and the window 0; each needs 200"


def test_a_release_of_three_days_is_too_young(workspace: Workspace, log: Log) -> None:
    log().days(0, 3)

    assert watched(workspace, day=3)["because"] == "the release is younger than four whole days"


def test_a_check_with_too_few_counts_is_left_out(workspace: Workspace, log: Log) -> None:
    log(faq=0.0).days(0, TODAY)

    names = {check["name"] for check in watched(workspace)["checks"]}

    assert "score_distribution:recommendation" in names
    assert "score_distribution:faq" not in names


# Two releases


def test_searches_of_another_release_are_counted_and_not_compared(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)
    log(release="embed-adapter-v07").days(TODAY - 4, 4, zero_click=1.0, degraded=1.0)

    found = watched(workspace)

    assert found["status"] == "ok"
    assert found["other_releases"] == {"embed-adapter-v07": 4 * 120}


def test_answers_that_an_experiment_interleaved_are_neither_releases(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)
    before = watched(workspace)
    log(zero_click=1.0, degraded=1.0, served="interleaved").days(TODAY - 4, 4)

    assert watched(workspace) == before


def test_the_window_begins_after_the_launch(workspace: Workspace, log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old release answered badly: that is no drift of the new one."""
    log(release="embed-adapter-v07").days(0, 14, zero_click=1.0)
    log().days(14, 10, searches=250)

    found = watched(workspace, day=24)

    assert found["status"] == "ok"
    assert (found["reference"]["days"], found["window"]["days"]) == (8, 2)
    assert found["other_releases"] == {}


# Logs that were rotated


def test_gzipped_numbered_and_open_files_are_read_and_a_line_in_two_counts_once(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)
    before = watched(workspace)
    for number, path in enumerate(sorted(workspace.logs.glob("*.jsonl"))):
        if number % 4 == 0:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
        elif number % 4 == 1:
            path.rename(path.with_name(path.name + ".1"))
        elif number % 4 == 2:
            path.with_name(path.name.replace(".jsonl", "-again.jsonl")).write_bytes(path.read_bytes())
        else:
            path.rename(path.with_name(path.name + ".open"))
    reference_file(workspace, before["release"]).unlink()

    assert watched(workspace) == before


def test_a_half_line_of_a_file_being_written_is_not_counted_but_one_elsewhere_is(
    workspace: Workspace, log: Log
) -> None:
    log().days(0, TODAY)
    (workspace.logs / "retrieval_eval-now.jsonl.open").write_text('{"event": "retrieval_ev')
    (workspace.logs / "retrieval_eval-cut.jsonl").write_text(
        '{"event": "retrieval_ev\n{"query_id": "q", "timestamp": "x"}\n'
    )

    assert watched(workspace)["unreadable_lines"] == 2


def test_a_broken_gzip_is_an_error_that_names_it(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)
    path = sorted(workspace.logs.glob("retrieval_eval-*.jsonl"))[-1]
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes())[:-20])
    path.unlink()

    with pytest.raises(DataError, match=rf"{path.name}\.gz: line \d+: the gzip stream is broken"):
        watched(workspace)


def test_the_reference_is_stored_without_texts_and_outlives_its_logs(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)
    first = watched(workspace)
    stored = reference_file(workspace, first["release"])
    assert "fantasy" not in stored.read_text()
    assert len(json.loads(stored.read_text())["days"]) == 14
    last = FIRST_DAY + timedelta(days=20)
    for path in workspace.logs.glob("*.jsonl"):
        if path.name.split("-")[1] <= f"{last:%Y%m%d}":
            path.unlink()

    again = watched(workspace)

    assert again["checks"] == first["checks"]
    assert "logs of the reference's days are gone" in watched(workspace, days=3)["because"]


def test_a_stored_reference_does_not_change_with_later_days(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)
    stored = reference_file(workspace, watched(workspace)["release"])
    before = stored.read_bytes()
    log().days(TODAY, 20, zero_click=0.9)

    assert "zero_click_rate" in watched(workspace, day=TODAY + 20)["alarms"]
    assert stored.read_bytes() == before


def test_a_damaged_reference_is_named_with_the_way_out(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)
    path = reference_file(workspace, watched(workspace)["release"])
    path.write_text('{"days": [1]}')

    with pytest.raises(DataError, match="is damaged; restore it from a backup, or delete it"):
        watched(workspace)


# The encoder


def test_another_encoder_under_the_same_name_alarms_at_once(workspace: Workspace, encoder: Any) -> None:
    """There is no log at all."""
    from mangaassist.core.types import no_progress
    from mangaassist.loop import load_catalogue, workspace_encoder

    settings = read_settings(workspace.root)
    texts = [document.text for document in load_catalogue(workspace, settings).documents]
    workspace_encoder(workspace, settings, no_progress).encode(texts)
    assert watched(workspace)["encoder"]["status"] == "ok"

    encoder.broken = True
    found = watched(workspace)

    assert (found["status"], found["exit_code"], found["alarms"]) == ("alarm", 12, ["encoder"])
    assert found["encoder"]["least_cosine"] < 0.9


def test_an_encoder_whose_vectors_are_not_stored_is_left_unchecked(workspace: Workspace) -> None:
    assert watched(workspace)["encoder"]["because"] == "no document's base vector is stored"


def test_the_same_logs_and_seed_give_the_same_answer(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)

    assert watched(workspace, seed=3) == watched(workspace, seed=3)


def test_judged_queries_that_evaluate_logged_are_no_traffic(workspace: Workspace, log: Log) -> None:
    log().days(0, TODAY)
    before = watched(workspace)
    line = {"event": "retrieval_eval", "query": "x", "hit_source": "judgement", "recall_at_3_hit": False}
    Path(workspace.logs / "retrieval_eval-candidate-1.jsonl").write_text(json.dumps(line) + "\n")

    assert watched(workspace) == before


def test_a_reference_may_begin_anew_after_a_change_that_was_wanted(
    workspace: Workspace, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    log().days(0, TODAY - 7).days(TODAY - 7, 28, zero_click=0.75)
    assert "zero_click_rate" in watched(workspace, day=TODAY + 21)["alarms"]

    monkeypatch.setenv("MANGAASSIST_MONITOR__REFERENCE_SINCE", str(FIRST_DAY + timedelta(days=TODAY - 7)))
    found = watched(workspace, day=TODAY + 21)

    assert found["status"] == "ok"
    assert (found["reference"]["since"], found["reference"]["days"]) == (str(FIRST_DAY + timedelta(days=TODAY - 7)), 14)
