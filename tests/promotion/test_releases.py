import errno
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mangaassist
from mangaassist.core.errors import ArtifactError, RegistryError, UnknownRelease
from mangaassist.core.files import canonical_json, sha256_bytes
from mangaassist.promotion import IDENTITY, digests_of, publish, releases, served_digest, verify

FILES = {"adapter.safetensors": b"tensors", "config.json": b"{}", "lexicon/tones.json": b"[]"}
SOURCES = Path(next(iter(mangaassist.__path__))).parent


def hidden(root: Path) -> list[str]:
    return [path.name for path in (root / "releases").iterdir() if path.name.startswith(".staging")]


def test_releases_are_numbered_from_1_and_hold_what_was_given(tmp_path: Path) -> None:
    assert publish(tmp_path, FILES) == "embed-adapter-v01"
    assert publish(tmp_path, {"config.json": b"{}"}) == "embed-adapter-v02"

    assert releases(tmp_path) == (IDENTITY, "embed-adapter-v01", "embed-adapter-v02")
    folder = tmp_path / "releases" / "embed-adapter-v01"
    assert {path: (folder / path).read_bytes() for path in FILES} == FILES
    assert verify(tmp_path, "embed-adapter-v01") == {path: sha256_bytes(content) for path, content in FILES.items()}


def test_numbers_pass_99_and_are_sorted_as_numbers(tmp_path: Path) -> None:
    for number in ("09", "99"):
        (tmp_path / "releases" / f"embed-adapter-v{number}").mkdir(parents=True)

    assert publish(tmp_path, FILES) == "embed-adapter-v100"
    assert releases(tmp_path)[1:] == ("embed-adapter-v09", "embed-adapter-v99", "embed-adapter-v100")


def test_a_number_whose_release_left_a_tombstone_is_not_used_again(tmp_path: Path) -> None:
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "embed-adapter-v03.deleted").write_text("erased on request")

    assert publish(tmp_path, FILES) == "embed-adapter-v04"
    assert releases(tmp_path) == (IDENTITY, "embed-adapter-v04")


def test_the_manifest_of_an_adapter_artefact_keeps_what_it_says_and_covers_every_file(tmp_path: Path) -> None:
    artefact = {"encoder_id": "use-m3", "dimension": 512, "files": {"config.json": sha256_bytes(b"{}")}}

    name = publish(tmp_path, {**FILES, "manifest.json": canonical_json(artefact)})

    manifest = json.loads((tmp_path / "releases" / name / "manifest.json").read_bytes())
    assert manifest == {"encoder_id": "use-m3", "dimension": 512, "files": digests_of(FILES), "release": name}


@pytest.mark.parametrize("content", [b"{}", b'{"changed": 1}'])
def test_files_that_changed_since_their_manifest_was_written_are_not_published(tmp_path: Path, content: bytes) -> None:
    artefact = canonical_json({"files": {"config.json": sha256_bytes(b"as trained")}})

    with pytest.raises(RegistryError, match=r"config\.json: missing or changed"):
        publish(tmp_path, {"config.json": content, "manifest.json": artefact})


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{"])
def test_a_manifest_that_is_no_object_is_not_published(tmp_path: Path, manifest: bytes) -> None:
    with pytest.raises(RegistryError, match="no JSON object"):
        publish(tmp_path, {**FILES, "manifest.json": manifest})


@pytest.mark.parametrize("path", ["../live", "/etc/x", "a/../../b", "", ".", "a//b", "./a", "a/"])
def test_a_path_that_is_not_plain_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(RegistryError, match="cannot be a file of a release"):
        publish(tmp_path, {path: b"x"})


def test_a_release_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="without files"):
        publish(tmp_path, {"manifest.json": b"{}"})


def test_files_of_a_release_are_read_only(tmp_path: Path) -> None:
    folder = tmp_path / "releases" / publish(tmp_path, FILES)

    assert {path.stat().st_mode & 0o222 for path in folder.rglob("*") if path.is_file()} == {0}


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return tmp_path / "releases" / publish(tmp_path, FILES)


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_changed_file_is_found_and_named(release: Path, path: str) -> None:
    (release / path).chmod(0o644)
    (release / path).write_bytes(b"tampered")

    with pytest.raises(ArtifactError, match=f"{path}: its sha256 differs"):
        verify(release.parents[1], release.name)


def test_a_missing_and_an_added_file_are_found_and_named(release: Path) -> None:
    (release / "config.json").rename(release / "renamed.json")
    with pytest.raises(ArtifactError, match=r"config\.json: missing"):
        verify(release.parents[1], release.name)

    (release / "renamed.json").rename(release / "config.json")
    (release / "extra.json").write_bytes(b"")
    with pytest.raises(ArtifactError, match=r"extra\.json: not in manifest"):
        verify(release.parents[1], release.name)


def test_a_release_under_another_name_is_found(release: Path) -> None:
    release.rename(release.with_name("embed-adapter-v09"))

    with pytest.raises(ArtifactError, match="is of release 'embed-adapter-v01' and not of 'embed-adapter-v09'"):
        verify(release.parents[1], "embed-adapter-v09")


def test_a_manifest_that_is_gone_is_found(release: Path) -> None:
    (release / "manifest.json").unlink()

    with pytest.raises(ArtifactError, match=r"manifest\.json: unreadable"):
        verify(release.parents[1], release.name)


@pytest.mark.parametrize("name", ["embed-adapter-v07", "..", "", "embed-adapter-v1"])
def test_an_unknown_release_is_told_with_those_there_are(release: Path, name: str) -> None:
    with pytest.raises(UnknownRelease, match="embed-adapter-v00, embed-adapter-v01"):
        verify(release.parents[1], name)


def test_the_identity_is_there_before_anything_else(tmp_path: Path) -> None:
    assert releases(tmp_path) == (IDENTITY,)
    assert verify(tmp_path, IDENTITY) == {}


def test_the_served_digest_ignores_papers_and_sees_every_other_change() -> None:
    digest = served_digest(digests_of(FILES))

    assert (
        served_digest(
            digests_of({**FILES, "report.json": b"1", "report.md": b"1", "README.md": b"2", "decision.json": b"3"})
        )
        == digest
    )
    assert served_digest(digests_of({**FILES, "config.json": b'{"weight": 2}'})) != digest
    assert served_digest(digests_of({**FILES, "lexicon.json": b""})) != digest


@pytest.mark.parametrize("call", ["fsync", "mkdir", "rename"])
def test_a_full_disk_leaves_the_releases_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    live = publish(tmp_path, FILES)

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, call, full)
        with pytest.raises(RegistryError, match="No space left on device; nothing was changed and live is whole"):
            publish(tmp_path, {"config.json": b"new"})

    assert releases(tmp_path) == (IDENTITY, live)
    assert hidden(tmp_path) == []
    assert verify(tmp_path, live) == digests_of(FILES)
    assert publish(tmp_path, FILES) == "embed-adapter-v02"


KILLED_BEFORE = """
import os, signal, sys
from pathlib import Path
from mangaassist.promotion import publish
os.rename = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
publish(Path(sys.argv[1]), {"config.json": b"half"})
"""


def test_what_a_kill_leaves_behind_is_invisible_and_the_next_publisher_removes_it(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    killed = subprocess.run([sys.executable, "-c", KILLED_BEFORE, str(tmp_path)], env=environment, check=False)

    assert killed.returncode == -signal.SIGKILL
    assert hidden(tmp_path) == [".staging-embed-adapter-v01"]
    assert releases(tmp_path) == (IDENTITY,)

    assert publish(tmp_path, FILES) == "embed-adapter-v01"
    assert hidden(tmp_path) == []
    assert verify(tmp_path, "embed-adapter-v01") == digests_of(FILES)


def test_publishers_at_the_same_time_get_a_number_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        names = list(pool.map(lambda _: publish(tmp_path, FILES), range(8)))

    assert sorted(names) == [f"embed-adapter-v{number:02d}" for number in range(1, 9)]
    assert [verify(tmp_path, name) for name in names] == [digests_of(FILES)] * 8
