import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from loop_fixtures import NOON
from loop_world import WordsEncoder, write_rows

from mangaassist.core.errors import RegistryError
from mangaassist.data import Workspace, all_entries, forget_file, ingest, ingested_files, titles
from mangaassist.encoders import CachedEncoder
from mangaassist.loop import (
    Garbage,
    candidate_folder,
    collect_garbage,
    collect_releases,
    read_settings,
    read_tuning,
    registry_of,
    release_candidate,
)
from mangaassist.promotion import IDENTITY, deleted_releases, publish, read_tombstones, releases, verify

LEFTOVERS: dict[str, bytes] = {
    ".scratch/titles-f00/accepted/000000.parquet": b"12345",
    ".workspace.json.x1y2.tmp": b"123",
    "runs/candidate/.report.json.x1y2.tmp": b"1",
    "pairs/pairs.tmp": b"12",
    "tables/titles/f00.parquet": b"1234",
    "quarantine/titles-f00.parquet": b"1",
    "releases/.staging-embed-adapter-v09/config.json": b"123456",
}
GARBAGE = {
    ".scratch",
    ".workspace.json.x1y2.tmp",
    "runs/candidate/.report.json.x1y2.tmp",
    "pairs/pairs.tmp",
    "tables/titles/f00.parquet",
    "quarantine/titles-f00.parquet",
    "releases/.staging-embed-adapter-v09",
}


def plant(root: Path) -> None:
    for name, content in LEFTOVERS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def collected(workspace: Workspace, *, with_vectors: bool = False, dry_run: bool = False) -> list[Garbage]:
    with workspace.lock():
        return collect_garbage(workspace, read_settings(workspace.root), with_vectors=with_vectors, dry_run=dry_run)


def collected_releases(workspace: Workspace, *, keep: int = 0, dry_run: bool = False) -> list[str]:
    with workspace.lock():
        found = collect_releases(
            workspace, registry_of(workspace), keep=keep, dry_run=dry_run, at=NOON, actor="mina", why="room"
        )
    return [each.path.name for each in found]


def names(workspace: Workspace, found: list[Garbage]) -> set[str]:
    return {each.path.relative_to(workspace.root).as_posix() for each in found}


def everything(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and path.name != "workspace.lock"
    }


def test_in_a_workspace_that_nothing_disturbed_there_is_nothing_to_remove(shop: Workspace) -> None:
    release_candidate(shop, actor="mina", why="a test", override="a test")
    before = everything(shop.root)

    assert collected(shop, with_vectors=True) == []
    assert collected_releases(shop) == []

    assert everything(shop.root) == before


def test_what_kills_leave_is_removed_and_nothing_else(shop: Workspace) -> None:
    before = everything(shop.root)
    plant(shop.root)

    found = collected(shop)

    assert names(shop, found) == GARBAGE
    assert sum(each.bytes for each in found) == sum(map(len, LEFTOVERS.values()))
    assert everything(shop.root) == before


def test_a_dry_run_finds_the_same_and_removes_nothing(shop: Workspace) -> None:
    plant(shop.root)
    before = everything(shop.root)

    found = collected(shop, dry_run=True)

    assert everything(shop.root) == before
    assert collected(shop) == found


def test_rows_of_a_forgotten_file_that_a_kill_left_are_removed(shop: Workspace) -> None:
    (entry,) = [each for each in all_entries(shop.engine) if each.kind == "events"]
    rows = shop.part("events", entry.sha256).read_bytes()
    forget_file(shop, "events", entry.sha256, "erased", at=NOON)
    shop.part("events", entry.sha256).write_bytes(rows)

    assert [(each.path.name, each.why) for each in collected(shop)] == [
        (f"{entry.sha256}.parquet", "rows of a file that does not count")
    ]


def test_of_a_training_that_did_not_finish_everything_goes(shop: Workspace) -> None:
    rungs = set(read_tuning(shop)["rungs"])
    (candidate_folder(shop) / "tuning.json").unlink()

    found = collected(shop)

    assert {each.path.name for each in found} == {*rungs, "trained_on.json", "pairs.parquet"}
    assert (shop.pairs / "pairs.parquet").is_file()


def test_other_files_in_the_directory_are_not_touched(shop: Workspace) -> None:
    mine = [shop.root / "mine" / ".x.tmp", shop.root / "mine.parquet", shop.pairs / "synthetic.jsonl"]
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")

    assert collected(shop, with_vectors=True) == []
    assert all(path.read_text() == "mine" for path in mine)


class OtherEncoder(WordsEncoder):
    encoder_id = "other@1"


def test_vectors_go_only_when_asked_for_and_only_those_of_an_encoder_that_nothing_names(shop: Workspace) -> None:
    CachedEncoder(OtherEncoder(), shop.vectors).encode(["text"])

    assert collected(shop) == []

    assert names(shop, collected(shop, with_vectors=True)) == {"vectors/other@1.sqlite"}
    assert [path.name for path in shop.vectors.iterdir()] == ["words@1.sqlite"]


def test_vectors_of_a_releases_encoder_stay(shop: Workspace) -> None:
    CachedEncoder(OtherEncoder(), shop.vectors)
    publish(shop.root, {"config.json": b"{}", "manifest.json": json.dumps({"encoder_id": "other@1"}).encode()})

    assert collected(shop, with_vectors=True) == []


@pytest.fixture
def empty(tmp_path: Path) -> Workspace:
    return Workspace.create(tmp_path / "empty")


def promote(workspace: Workspace, name: str) -> None:
    registry = registry_of(workspace)
    registry.promote(
        name,
        None,
        expected_live=registry.aliases().live,
        data_fingerprint="d",
        actor="mina",
        why="a test",
        override="a test",
    )


def roll_back(workspace: Workspace) -> None:
    registry = registry_of(workspace)
    registry.rollback(expected_live=registry.aliases().live, actor="mina", why="a test")


@pytest.fixture
def five(empty: Workspace) -> list[str]:
    """v01 and v03 were promoted and v03 withdrawn, v04 is nominated; v02 and v05 were never anything."""
    found = [publish(empty.root, {"config.json": b"%d" % number}) for number in range(5)]
    promote(empty, found[0])
    promote(empty, found[2])
    roll_back(empty)
    registry_of(empty).nominate(found[3], expected_candidate=None, actor="mina", why="a test")
    return found


@pytest.mark.parametrize(("keep", "gone"), [(0, [1, 2, 4]), (1, [1, 2]), (2, [1]), (3, []), (9, [])])
def test_only_releases_out_of_reach_go_the_oldest_first(
    empty: Workspace, five: list[str], keep: int, gone: list[int]
) -> None:
    assert collected_releases(empty, keep=keep, dry_run=True) == [five[number] for number in gone]
    assert releases(empty.root) == (IDENTITY, *five)

    assert collected_releases(empty, keep=keep) == [five[number] for number in gone]

    assert deleted_releases(empty.root) == tuple(five[number] for number in gone)
    assert {(each.actor, each.why) for each in read_tombstones(empty.root)} <= {("mina", "room")}


def test_without_being_asked_no_release_goes(empty: Workspace, five: list[str]) -> None:
    assert collected(empty) == []

    assert releases(empty.root) == (IDENTITY, *five)


KILLED = """
import os, shutil, sys
from datetime import UTC, datetime
from pathlib import Path
from mangaassist.data import Workspace
from mangaassist.loop import collect_releases, registry_of
shop = Workspace.open(Path(sys.argv[1]))
shutil.rmtree = lambda *_: os.kill(os.getpid(), 9)
with shop.lock():
    collect_releases(
        shop, registry_of(shop), keep=0, dry_run=False, at=datetime(2026, 1, 1, tzinfo=UTC), actor="mina", why="old"
    )
"""


def test_a_gc_killed_half_way_is_finished_by_the_next(empty: Workspace, five: list[str]) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(empty.root)], env=os.environ, check=False)

    assert killed.returncode == -9
    assert deleted_releases(empty.root) == (five[1],)
    assert [(each.path.name, each.why) for each in collected(empty)] == [(five[1], "left of a deleted release")]
    assert collected_releases(empty) == [five[2], five[4]]


def test_whatever_was_removed_a_new_release_gets_a_new_number(empty: Workspace, five: list[str]) -> None:
    collected_releases(empty)

    assert publish(empty.root, {"config.json": b"new"}) == "embed-adapter-v06"


Step = Callable[[Workspace, int], object]


def _take_in(workspace: Workspace, number: int) -> None:
    row = {"title_id": f"m{number}", "title": f"Title {number}"}
    with tempfile.TemporaryDirectory() as folder:
        ingest(workspace, "titles", write_rows(Path(folder) / "titles.jsonl", [row, {}]))


def _forget(workspace: Workspace, _number: int) -> None:
    for kind, sha256 in ingested_files(workspace)[:1]:
        forget_file(workspace, kind, sha256, "erased", at=NOON)


def _publish(workspace: Workspace, number: int) -> None:
    publish(workspace.root, {"config.json": b"%d" % number})


def _promote(workspace: Workspace, number: int) -> None:
    names = releases(workspace.root)
    with suppress(RegistryError):
        promote(workspace, names[number % len(names)])


def _nominate(workspace: Workspace, number: int) -> None:
    names, registry = releases(workspace.root), registry_of(workspace)
    registry.nominate(
        names[number % len(names)], expected_candidate=registry.aliases().candidate, actor="mina", why="a test"
    )


def _roll_back(workspace: Workspace, _number: int) -> None:
    with suppress(RegistryError):
        roll_back(workspace)


def _collect(workspace: Workspace, number: int) -> None:
    collected(workspace, with_vectors=True)
    collected_releases(workspace, keep=number % 3)


STEPS: list[Step] = [_take_in, _forget, _publish, _publish, _promote, _nominate, _roll_back, _collect]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(STEPS), max_size=12), keep=st.integers(0, 3))
def test_whatever_happened_before_after_gc_everything_verifies_and_every_reference_resolves(
    steps: list[Step], keep: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "shop")
        published = 0
        for number, step in enumerate(steps):
            step(workspace, number)
            published += step is _publish
        plant(workspace.root)
        found = titles(workspace)

        collected(workspace, with_vectors=True)
        collected_releases(workspace, keep=keep)

        assert not [name for name in GARBAGE if (workspace.root / name).exists()]
        aliases, line = registry_of(workspace).aliases(), registry_of(workspace).rollback_line()
        for name in {*releases(workspace.root), aliases.live, *filter(None, (aliases.candidate, aliases.previous))}:
            verify(workspace.root, name)
        for name in line:
            verify(workspace.root, name)
        assert len(releases(workspace.root)) - 1 + len(deleted_releases(workspace.root)) == published
        assert titles(workspace) == found
        for entry in all_entries(workspace.engine):
            assert workspace.part(entry.kind, entry.sha256).exists() == (entry.deleted_at is None)
        assert collected(workspace, with_vectors=True) == []
