import errno
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import mangaassist
from mangaassist.core.errors import ArtifactError, RegistryError, UnknownRelease
from mangaassist.promotion import (
    IDENTITY,
    LINEAGE,
    Lineage,
    SourceFile,
    TrainedOn,
    deleted_releases,
    half_removed,
    lineage_of,
    publish,
    read_lineage,
    read_tombstones,
    releases,
    remove_release,
    to_json,
    verify,
)

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
SOURCES = Path(next(iter(mangaassist.__path__))).parent
V1, V2 = "embed-adapter-v01", "embed-adapter-v02"
ORIGIN = TrainedOn(
    data_fingerprint="data-1",
    files=(SourceFile("events", "events.jsonl", "aaa", 5, 4),),
    pairs_sha256="ppp",
    pairs_by_source={"click": 3},
    encoder_id="words@1",
    settings_sha256="sss",
    seed=0,
    program_version="0.1.0",
)
COMES_FROM = lineage_of(ORIGIN, parent=IDENTITY, papers={"decision.json": b"{}"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two releases, the first of which says where it comes from."""
    publish(tmp_path, {"config.json": b"{}", LINEAGE: to_json(COMES_FROM)})
    publish(tmp_path, {"config.json": b"2"})
    return tmp_path


def remove(root: Path, name: str) -> None:
    remove_release(root, name, at=NOON, actor="mina", why="withdrawn long ago")


def test_a_removed_release_leaves_who_when_why_its_manifest_and_its_lineage(root: Path) -> None:
    digests = verify(root, V1)

    remove(root, V1)

    assert not (root / "releases" / V1).exists()
    (tombstone,) = read_tombstones(root)
    assert (tombstone.release, tombstone.at) == (V1, "2026-11-03T12:00:00+00:00")
    assert (tombstone.actor, tombstone.why) == ("mina", "withdrawn long ago")
    assert tombstone.manifest["files"] == digests
    assert tombstone.lineage == read_lineage(root, V1) == COMES_FROM


def test_what_is_removed_is_no_release_but_its_number_stays_used(root: Path) -> None:
    remove(root, V2)

    assert releases(root) == (IDENTITY, V1)
    assert deleted_releases(root) == (V2,)
    with pytest.raises(UnknownRelease, match=f"no release '{V2}' .* any more: it was deleted; there are"):
        verify(root, V2)
    assert publish(root, {"config.json": b"3"}) == "embed-adapter-v03"


def test_a_release_that_is_older_than_lineage_has_none(root: Path) -> None:
    assert read_lineage(root, V2) is None
    assert read_lineage(root, IDENTITY) is None

    remove(root, V2)

    assert read_lineage(root, V2) is None


def test_lineage_names_the_digest_of_each_paper_that_there_is() -> None:
    assert (
        Lineage(
            parent=IDENTITY,
            trained_on=ORIGIN,
            report_sha256=None,
            evidence_sha256=None,
            decision_sha256="44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        )
        == COMES_FROM
    )


@pytest.mark.parametrize(("actor", "why"), [("", "old"), ("mina", " ")])
def test_who_and_why_must_be_said(root: Path, actor: str, why: str) -> None:
    with pytest.raises(RegistryError, match="say who does it and for what reason"):
        remove_release(root, V1, at=NOON, actor=actor, why=why)

    verify(root, V1)


def test_a_release_whose_manifest_is_gone_is_not_removed_because_nothing_would_say_what_it_was(root: Path) -> None:
    (root / "releases" / V1 / "manifest.json").unlink()

    with pytest.raises(ArtifactError, match=r"manifest\.json: unreadable"):
        remove(root, V1)

    assert (root / "releases" / V1 / "config.json").exists()
    assert deleted_releases(root) == ()


def test_a_full_disk_leaves_the_release_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            remove(root, V1)

    verify(root, V1)
    assert deleted_releases(root) == ()


KILLED = """
import os, shutil, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from mangaassist.promotion import remove_release
shutil.rmtree = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
remove_release(Path(sys.argv[1]), sys.argv[2], at=datetime(2026, 1, 1, tzinfo=UTC), actor="mina", why="old")
"""


def test_a_kill_after_the_tombstone_leaves_files_that_are_no_release(root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    killed = subprocess.run([sys.executable, "-c", KILLED, str(root), V1], env=environment, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert releases(root) == (IDENTITY, V2)
    assert half_removed(root) == [root / "releases" / V1]

    shutil.rmtree(root / "releases" / V1)
    assert half_removed(root) == []
    assert read_lineage(root, V1) == COMES_FROM
