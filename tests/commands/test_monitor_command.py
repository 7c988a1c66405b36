"""`mangaassist monitor` on a released candidate, with logs of the days after its promotion."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from command_line import refused, run
from log_world import Habits, lines_of, write

from mangaassist.data import Workspace
from mangaassist.loop import read_settings
from mangaassist.monitoring import watch

RELEASE = "embed-adapter-v01"


class Tomorrow(datetime):
    """A clock that stands some days after the promotion."""

    days = 0

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + timedelta(days=cls.days)


@pytest.fixture
def released(shop: Workspace, easy_gate: None) -> Workspace:
    assert run("gate", "--workspace", shop.root).exit_code == 0
    assert run("promote", "--workspace", shop.root).exit_code == 0
    return shop


def lived(shop: Workspace, first: int, count: int, **habits: Any) -> None:
    """Logs of `count` days, the first so many days after today."""
    for number in range(first, first + count):
        day = datetime.now(UTC).date() + timedelta(days=number)
        lines, events = lines_of(day, Habits(**{"searches": 60, "release": RELEASE, "seed": number + 1000, **habits}))
        for log, content in (("retrieval_eval", lines), ("ubi_events", events)):
            path = shop.logs / f"{log}-{day:%Y%m%d}-{habits.get('release', RELEASE)}.jsonl"
            write(path, content)
            written_at = datetime(day.year, day.month, day.day, 23, tzinfo=UTC).timestamp()
            os.utime(path, (written_at, written_at))


def monitored(
    shop: Workspace, days: int, monkeypatch: pytest.MonkeyPatch, *words: object
) -> tuple[int, dict[str, Any]]:
    monkeypatch.setattr(Tomorrow, "days", days)
    monkeypatch.setattr("mangaassist.commands.monitoring.datetime", Tomorrow)
    done = run("monitor", "--workspace", shop.root, "--json", "-", *words)
    return done.exit_code, json.loads(done.stdout)


def test_a_quiet_month_exits_0_and_a_bad_week_12(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(released, 1, 21)
    code, found = monitored(released, 22, monkeypatch)
    assert (code, found["status"], found["release"]) == (0, "ok", RELEASE)
    assert found["encoder"]["status"] == "ok"

    lived(released, 22, 7, zero_click=0.95)
    code, found = monitored(released, 29, monkeypatch)

    assert (code, found["exit_code"]) == (12, 12)
    assert "zero_click_rate" in found["alarms"]


def test_days_before_the_promotion_are_another_release_s(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(released, -20, 20, release="embed-adapter-v00", zero_click=0.95)
    lived(released, 1, 20)

    code, found = monitored(released, 21, monkeypatch)

    assert (code, found["other_releases"]) == (0, {})
    assert found["reference"]["since"] == (datetime.now(UTC).date() + timedelta(days=1)).isoformat()


def test_too_young_exits_13(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    code, found = monitored(released, 2, monkeypatch)

    assert (code, found["status"]) == (13, "cannot_tell")


def test_an_encoder_of_another_name_exits_12_before_any_log(
    released: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Another:
        encoder_id, dimension = "another@2", 96

    monkeypatch.setattr("mangaassist.loop.catalogue.load_encoder", lambda *_, **__: Another())

    code, found = monitored(released, 2, monkeypatch)

    assert (code, found["alarms"]) == (12, ["encoder"])
    assert found["encoder"]["because"] == f"{RELEASE} was made with words@1, queries are encoded with another@2"


def test_people_read_a_table_and_where_to_look(released: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(released, 1, 21)
    lived(released, 22, 7, zero_click=0.95)
    monkeypatch.setattr(Tomorrow, "days", 29)
    monkeypatch.setattr("mangaassist.commands.monitoring.datetime", Tomorrow)

    said = " ".join(run("monitor", "--workspace", released.root).stdout.split())

    assert "zero_click_rate" in said
    assert "What to do: docs/runbook.md" in said


def test_two_windows_at_once_and_one_without_a_whole_day_are_wrong_usage(released: Workspace) -> None:
    today = datetime.now(UTC).date()
    for words in (("--since", "2026-01-01", "--window", "3"), ("--since", str(today))):
        assert run("monitor", "--workspace", released.root, *words).exit_code == 2


def test_a_misspelt_bound_stops_the_command(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[monitor]\nleast_zero_clicks = 0.1\n")

    assert "mangaassist.toml" in refused("monitor", "--workspace", shop.root)


def test_the_settings_of_the_watch_leave_the_candidate_as_it_is(shop: Workspace) -> None:
    (shop.root / "mangaassist.toml").write_text("[monitor]\nwindow_days = 3\n")

    assert run("evaluate", "--workspace", shop.root).exit_code == 0
    assert watch(shop, read_settings(shop.root), now=datetime.now(UTC))["status"] == "cannot_tell"
