import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from command_line import refused, run
from loop_child import killed_at

from mangaassist.core.files import sha256_of
from mangaassist.data import Workspace, all_entries, forget_file
from mangaassist.loop import candidate_folder

FIRST, SECOND = "embed-adapter-v01", "embed-adapter-v02"
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)

TO_VERSION_1 = """
CREATE TABLE version_1 (
    sequence INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    sha256 VARCHAR NOT NULL,
    file VARCHAR NOT NULL,
    rows INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    quarantined INTEGER NOT NULL,
    repeated INTEGER NOT NULL,
    key_fingerprint VARCHAR NOT NULL,
    PRIMARY KEY (sequence),
    UNIQUE (kind, sha256)
);
INSERT INTO version_1
SELECT sequence, kind, sha256, file, rows, accepted, quarantined, repeated, key_fingerprint FROM ingested_files;
DROP TABLE ingested_files;
ALTER TABLE version_1 RENAME TO ingested_files;
"""


def result(*words: object) -> Any:
    done = run(*words, "--json", "-")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def said(*words: object) -> str:
    done = run(*words)
    assert done.exit_code == 0, done.stderr
    return " ".join(done.stdout.split())


def promoted(shop: Workspace, *words: str) -> str:
    signed = ("--override", "a test", "--actor", "mina")
    release: str = result("promote", "--workspace", shop.root, *signed, *words)["release"]
    return release


# backup


def test_a_backup_says_what_it_holds(shop: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "backup"

    told = result("backup", target, "--workspace", shop.root)

    listed = json.loads((target / "backup.json").read_bytes())
    assert told["files"] == len(listed["files"])
    assert told["bytes"] == sum((target / name).stat().st_size for name in listed["files"])
    assert told["sha256"] == sha256_of(target / "backup.json")
    assert (told["backup"], told["made_from"], told["with_vectors"]) == (str(target), str(shop.root), True)
    assert (told["format_version"], told["made_at"]) == (3, listed["made_at"])


def test_every_command_reads_a_restored_backup_as_it_read_the_workspace(shop: Workspace, tmp_path: Path) -> None:
    promoted(shop)
    promoted(shop)
    result("backup", tmp_path / "backup", "--workspace", shop.root)
    commands = (
        ("releases",),
        ("releases", "--lineage", SECOND),
        ("pairs",),
        ("train",),
        ("evaluate",),
        ("gate",),
        ("embed",),
        ("migrate",),
        ("gc", "--dry-run", "--keep", "0", "--vectors"),
        ("ingest", shop.root / "files"),
        ("rollback",),
    )

    for words in commands:
        there, here = (run(*words, "--workspace", root, "--json", "-") for root in (tmp_path / "backup", shop.root))
        assert there.exit_code == here.exit_code != 1, there.stderr
        stated, expected = json.loads(there.stdout), json.loads(here.stdout)
        assert {**stated, "workspace": ""} == {**expected, "workspace": ""}, words


def test_a_backup_without_vectors_works_and_encodes_again(shop: Workspace, tmp_path: Path) -> None:
    result("backup", tmp_path / "backup", "--without-vectors", "--workspace", shop.root)

    told = result("embed", "--workspace", tmp_path / "backup")

    assert told["encoded_now"] == told["documents"] > 0


def test_a_backup_is_checked_without_a_workspace(shop: Workspace, tmp_path: Path) -> None:
    made = result("backup", tmp_path / "backup", "--workspace", shop.root)

    assert result("backup", "--check", tmp_path / "backup", "--workspace", tmp_path / "nowhere") == made
    assert "is what was written: " in said("backup", "--check", tmp_path / "backup")


def test_a_tampered_backup_is_found(shop: Workspace, tmp_path: Path) -> None:
    result("backup", tmp_path / "backup", "--workspace", shop.root)
    path = tmp_path / "backup" / "pairs" / "report.json"
    path.write_bytes(path.read_bytes() + b" ")

    told = refused("backup", "--check", tmp_path / "backup")

    assert told == f"BackupError: {path}: was changed since the backup was made; use another one"


def test_a_backup_over_something_is_refused(shop: Workspace, tmp_path: Path) -> None:
    (tmp_path / "backup").write_text("mine")

    assert refused("backup", tmp_path / "backup", "--workspace", shop.root).endswith("choose a new name")


def test_a_backup_killed_in_the_middle_leaves_none_and_can_be_made_again(shop: Workspace, tmp_path: Path) -> None:
    words = ["backup", str(tmp_path / "backup"), "--workspace", str(shop.root)]
    killed_at(("mangaassist.data.backup._copy", 9), words, tmp_path / "log")
    assert not (tmp_path / "backup").exists()

    result(*words)

    assert result("backup", "--check", tmp_path / "backup")["files"] > 9


# migrate


@pytest.fixture
def old(shop: Workspace) -> Workspace:
    """The evaluated shop, with a release, as version 1 of the format kept it."""
    promoted(shop)
    shop.engine.dispose()
    with closing(sqlite3.connect(shop.root / "workspace.sqlite")) as database:
        database.executescript(TO_VERSION_1)
    (shop.root / "workspace.json").write_text('{"format": "mangaassist-workspace", "format_version": 1}')
    return shop


@pytest.mark.parametrize("command", ["embed", "pairs", "train", "evaluate", "gate", "promote", "rollback", "gc"])
def test_on_an_old_workspace_every_command_names_the_one_that_brings_it_up_to_date(
    old: Workspace, command: str
) -> None:
    told = refused(command, "--workspace", old.root)

    assert told == (
        f"WorkspaceError: {old.root}: has format version 1, this program works on 3; "
        f"bring it up to date: `mangaassist migrate --workspace {old.root}`"
    )


def test_migrated_it_is_what_it_was(old: Workspace) -> None:
    assert result("migrate", "--workspace", old.root) == {"workspace": str(old.root), "from": 1, "to": 3}

    told = result("releases", "--lineage", FIRST, "--workspace", old.root)
    assert {each["state"] for each in told["lineage"]["files"]} == {"kept"}
    assert result("releases", "--workspace", old.root)["live"] == FIRST
    assert result("evaluate", "--workspace", old.root)["live"] == FIRST


def test_migrating_again_says_that_there_is_nothing_to_do(old: Workspace) -> None:
    assert f"{old.root} was of format 1 and is of format 3 now." in said("migrate", "--workspace", old.root)
    assert f"{old.root} is of format 3 already." in said("migrate", "--workspace", old.root)


def test_a_migration_killed_half_way_is_run_again(old: Workspace, tmp_path: Path) -> None:
    killed_at(("mangaassist.data.migrations.describe", 1), ["migrate", "--workspace", str(old.root)], tmp_path / "log")
    assert "mangaassist migrate" in refused("gate", "--workspace", old.root)

    assert result("migrate", "--workspace", old.root)["from"] == 1
    assert result("releases", "--workspace", old.root)["live"] == FIRST


# gc


def test_gc_says_what_it_removes_and_why(shop: Workspace) -> None:
    (shop.pairs / "pairs.tmp").write_bytes(b"x" * 2_000)

    assert result("gc", "--dry-run", "--workspace", shop.root) == {
        "dry_run": True,
        "removed": [{"path": "pairs/pairs.tmp", "bytes": 2_000, "why": "left by a killed writer"}],
        "bytes": 2_000,
        "erased": None,
        "unfinished_erasure": False,
    }
    assert "Would free 2.0 kB; nothing was removed." in said("gc", "--dry-run", "--workspace", shop.root)
    assert "pairs/pairs.tmp 2.0 kB left by a killed writer" in said("gc", "--workspace", shop.root).replace(" │", "")
    assert said("gc", "--workspace", shop.root) == "Nothing to remove: everything is referred to."


def test_gc_after_a_killed_training_leaves_room_and_training_begins_anew(shop: Workspace, tmp_path: Path) -> None:
    (candidate_folder(shop) / "tuning.json").unlink()
    words = ["train", "--workspace", str(shop.root)]
    killed_at(("mangaassist.loop.training.save_artifact", 3), words, tmp_path / "log")

    assert result("gc", "--workspace", shop.root)["bytes"] > 0
    assert not [path for path in candidate_folder(shop).iterdir() if path.is_dir()]

    assert result(*words)["chosen"]


def test_a_release_removed_by_gc_is_listed_with_who_when_and_why_and_keeps_its_lineage(shop: Workspace) -> None:
    promoted(shop)
    result("rollback", "--workspace", shop.root)
    signed = ("--actor", "noa", "--why", "withdrawn [in May]")

    told = result("gc", "--keep", "0", *signed, "--workspace", shop.root)

    assert [each["path"] for each in told["removed"]] == [f"releases/{FIRST}"]
    (gone,) = result("releases", "--workspace", shop.root)["deleted"]
    assert (gone["release"], gone["actor"], gone["why"]) == (FIRST, "noa", "withdrawn [in May]")
    assert f"noa deleted {FIRST}: withdrawn [in May]" in said("releases", "--workspace", shop.root)
    lineage = result("releases", "--lineage", FIRST, "--workspace", shop.root)
    assert (lineage["deleted"]["actor"], lineage["lineage"]["pairs"]["file"]) == ("noa", None)
    assert promoted(shop) == SECOND


def test_gc_keeps_as_many_as_it_is_told(shop: Workspace) -> None:
    promoted(shop)
    result("rollback", "--workspace", shop.root)

    assert result("gc", "--keep", "1", "--workspace", shop.root)["removed"] == []


# lineage


def test_people_read_lineage_from_the_release_down_to_its_files(shop: Workspace) -> None:
    promoted(shop, "--why", "it finds [more]")
    (events,) = [entry for entry in all_entries(shop.engine) if entry.kind == "events"]
    forget_file(shop, "events", events.sha256, "older than [a year]", at=NOON)

    told = said("releases", "--lineage", FIRST, "--workspace", shop.root)

    assert "by mina: it finds [more] (without a decision, past it because: a test)" in told
    assert "after embed-adapter-v00" in told
    assert f"releases/{FIRST}/pairs.parquet" in told
    assert "deleted 2026-11-03T12:00:00+00:00: older than [a year]" in told
    assert "catalogue.jsonl" in told


def test_people_read_that_a_release_was_deleted_and_that_the_identity_has_no_lineage(shop: Workspace) -> None:
    promoted(shop)
    result("rollback", "--workspace", shop.root)
    result("gc", "--keep", "0", "--actor", "noa", "--workspace", shop.root)

    told = said("releases", "--lineage", FIRST, "--workspace", shop.root)

    assert "by noa: out of reach of every rollback" in told
    assert "deleted with the release" in told
    assert "No lineage" in said("releases", "--lineage", "embed-adapter-v00", "--workspace", shop.root)


def test_people_read_the_log_lines_of_a_pair(shop: Workspace) -> None:
    promoted(shop)
    pair = (
        pl.read_parquet(shop.releases / FIRST / "pairs.parquet").filter(pl.col("source") == "click").row(0, named=True)
    )
    words = ("releases", "--lineage", FIRST, "--query", pair["query_text"], "--workspace", shop.root)

    told = said(*words)

    assert f"{pair['query_text']} → {pair['positive']} (click, weight" in told
    (line, *_) = [line for each in result(*words)["pairs_of_query"] for line in each["lines"]]
    assert f"{line['file']}, line {line['line']:,}: {line['id']}" in told


def test_a_query_alone_is_wrong_usage(shop: Workspace) -> None:
    done = run("releases", "--query", "text", "--workspace", shop.root)

    assert (done.exit_code, done.stdout) == (2, "")
    assert "--query needs --lineage RELEASE" in done.stderr
