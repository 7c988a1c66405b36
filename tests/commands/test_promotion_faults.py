"""Whatever goes wrong at a promotion, the live release stays whole and the error says what to do."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from command_line import refused, run
from loop_child import killed_at, start

from mangaassist.data import Workspace
from mangaassist.promotion import IDENTITY, releases, verify

FIRST, SECOND = "embed-adapter-v01", "embed-adapter-v02"
SWITCH = ("mangaassist.promotion.registry.append", 1)
"""The first statement that changes an alias: the release is published by then."""


def promote_words(shop: Workspace) -> list[str]:
    return ["promote", "--actor", "mina", "--workspace", str(shop.root)]


def listed(shop: Workspace) -> Any:
    return json.loads(run("releases", "--workspace", shop.root, "--json", "-").stdout)


def promoted_again(shop: Workspace) -> str:
    """A second release: the same adapter with another paper."""
    words = [*promote_words(shop), "--override", "to have a second one"]
    assert run(*words).exit_code == 0
    live: str = listed(shop)["live"]
    return live


@pytest.fixture
def decided(shop: Workspace, easy_gate: None) -> Workspace:
    """The small shop with a candidate that the gate lets through."""
    assert run("gate", "--workspace", shop.root).exit_code == 0
    return shop


@pytest.fixture
def live(decided: Workspace) -> Workspace:
    """… and which is live."""
    assert run(*promote_words(decided)).exit_code == 0
    return decided


def tamper(shop: Workspace, release: str) -> Path:
    path = shop.releases / release / "adapter.safetensors"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"\0\0")
    return path


@contextmanager
def no_room(largest: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: what a full disk does to larger ones."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


# a crash


def test_killed_between_publishing_and_switching_nothing_is_live_and_promoting_again_gives_one_release(
    decided: Workspace, tmp_path: Path
) -> None:
    killed_at(SWITCH, promote_words(decided), tmp_path / "log")

    assert (listed(decided)["live"], listed(decided)["history"]) == (IDENTITY, [])
    assert releases(decided.root) == (IDENTITY, FIRST)

    assert run(*promote_words(decided)).exit_code == 0

    assert (listed(decided)["live"], len(listed(decided)["history"])) == (FIRST, 1)
    assert releases(decided.root) == (IDENTITY, FIRST)
    verify(decided.root, FIRST)


def test_killed_while_it_publishes_nothing_is_there_and_promoting_again_gives_one_release(
    decided: Workspace, tmp_path: Path
) -> None:
    killed_at(("os.rename", 1), promote_words(decided), tmp_path / "log")

    assert (listed(decided)["live"], releases(decided.root)) == (IDENTITY, (IDENTITY,))

    assert run(*promote_words(decided)).exit_code == 0

    assert (listed(decided)["live"], releases(decided.root)) == (FIRST, (IDENTITY, FIRST))


def test_killed_after_the_switch_the_release_is_live_and_promoting_again_is_refused(
    decided: Workspace, tmp_path: Path
) -> None:
    killed_at(("mangaassist.commands.releasing.emit", 1), promote_words(decided), tmp_path / "log")

    assert listed(decided)["live"] == FIRST
    assert f"but {FIRST} is live; evaluate again" in refused(*promote_words(decided))
    assert releases(decided.root) == (IDENTITY, FIRST)


def test_a_release_left_by_a_kill_is_not_taken_for_one_with_another_decision(
    decided: Workspace, tmp_path: Path
) -> None:
    """Its papers and its lineage would tell of a decision that was never the one."""
    killed_at(SWITCH, promote_words(decided), tmp_path / "log")
    (decided.runs / "candidate" / "decision.json").unlink()
    words = [*promote_words(decided), "--override", "nobody waits for the gate"]

    assert run(*words).exit_code == 0

    assert listed(decided)["live"] == SECOND
    assert not (decided.releases / SECOND / "decision.json").exists()
    removed = json.loads(run("gc", "--keep", "0", "--workspace", decided.root, "--json", "-").stdout)["removed"]
    assert [each["path"] for each in removed] == [f"releases/{FIRST}"]


# two people


def test_of_two_people_who_promote_at_once_one_does_and_the_other_is_told_why_not(
    decided: Workspace, tmp_path: Path
) -> None:
    logs = [tmp_path / "one", tmp_path / "other"]
    people = [start(promote_words(decided), log) for log in logs]
    for person in people:
        person.join()

    assert sorted(person.exitcode or 0 for person in people) == [0, 1]
    (told,) = [log.read_text() for person, log in zip(people, logs, strict=True) if person.exitcode]
    assert told.startswith(("error: WorkspaceLocked: ", "error: NotPromotable: "))
    assert releases(decided.root) == (IDENTITY, FIRST)
    assert (listed(decided)["live"], len(listed(decided)["history"])) == (FIRST, 1)


# a tampered artefact


def test_a_changed_live_release_is_no_baseline_and_the_error_says_what_to_do(live: Workspace) -> None:
    path = tamper(live, FIRST)

    said = refused("evaluate", "--workspace", live.root)

    assert said.startswith(f"ArtifactError: {path}: its sha256 differs from manifest.json, so it was changed; ")
    assert said.endswith("restore the folder from a backup, or roll back to another release")
    assert listed(live)["live"] == FIRST


@pytest.mark.parametrize("override", [(), ("--override", "urgent")])
def test_nothing_is_promoted_over_a_changed_live_release(live: Workspace, override: tuple[str, ...]) -> None:
    tamper(live, FIRST)

    said = refused(*promote_words(live), *override)

    assert said.startswith(f"ArtifactError: {live.releases / FIRST}")
    assert said.endswith("restore the folder from a backup, or roll back to another release")
    assert (listed(live)["live"], releases(live.root)) == (FIRST, (IDENTITY, FIRST))


def test_the_lineage_of_a_changed_release_is_not_shown(live: Workspace) -> None:
    tamper(live, FIRST)

    assert "so it was changed; restore" in refused("releases", "--lineage", FIRST, "--workspace", live.root)


def test_from_a_changed_live_release_one_rolls_back(live: Workspace) -> None:
    tamper(live, FIRST)

    assert run("rollback", "--workspace", live.root).exit_code == 0

    assert listed(live)["live"] == IDENTITY


def test_to_a_changed_release_one_does_not_roll_back(live: Workspace) -> None:
    assert promoted_again(live) == SECOND
    path = tamper(live, FIRST)

    said = refused("rollback", "--workspace", live.root)

    assert said.startswith(f"ArtifactError: {path}: its sha256 differs")
    assert listed(live)["live"] == SECOND
    verify(live.root, SECOND)


def test_a_changed_candidate_is_not_published(decided: Workspace) -> None:
    chosen = json.loads((decided.runs / "candidate" / "tuning.json").read_bytes())["chosen"]
    path = decided.runs / "candidate" / chosen / "adapter.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")

    said = refused(*promote_words(decided), "--override", "urgent")

    assert (
        said
        == "RegistryError: adapter.safetensors: missing or changed since its manifest.json was written; train again"
    )
    assert (listed(decided)["live"], releases(decided.root)) == (IDENTITY, (IDENTITY,))


# a full disk


def test_a_disk_that_fills_while_publishing_leaves_live_whole_and_no_release(live: Workspace) -> None:
    words = [*promote_words(live), "--override", "to have a second one"]

    with no_room(2_000):
        said = refused(*words)

    assert said.startswith(f"RegistryError: {live.releases}: cannot publish: ")
    assert said.endswith("nothing was changed and live is whole, so make room and publish again")
    assert (listed(live)["live"], releases(live.root)) == (FIRST, (IDENTITY, FIRST))
    verify(live.root, FIRST)
    assert run(*words).exit_code == 0
    assert listed(live)["live"] == SECOND


def test_a_disk_that_fills_at_the_switch_leaves_the_alias_and_with_room_again_the_switch_is_made(
    decided: Workspace, tmp_path: Path
) -> None:
    killed_at(SWITCH, promote_words(decided), tmp_path / "log")

    with no_room(2_000):
        said = refused(*promote_words(decided))
        assert listed(decided)["live"] == IDENTITY

    assert said.startswith(f"RegistryError: {decided.root / 'workspace.sqlite'}: ")
    assert "no alias was changed, so see to the file (room, permission, another writer) and try again" in said
    assert listed(decided)["history"] == []
    assert run(*promote_words(decided)).exit_code == 0
    assert (listed(decided)["live"], releases(decided.root)) == (FIRST, (IDENTITY, FIRST))


def test_a_disk_that_fills_at_a_rollback_leaves_live_as_it_was(live: Workspace) -> None:
    with no_room(2_000):
        assert "no alias was changed" in refused("rollback", "--workspace", live.root)

    assert listed(live)["live"] == FIRST
    assert run("rollback", "--workspace", live.root).exit_code == 0
