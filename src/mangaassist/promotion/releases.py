"""Files in, a write-once release folder out: `releases/embed-adapter-vNN/`, whole or not there at all.

A release is written to a hidden staging folder and renamed into place, so that a reader sees all of it or nothing.
What a kill leaves behind is a staging folder, which the next publisher removes. Numbers grow and are never used twice
while anything of that name remains. A removed release leaves a tombstone, `embed-adapter-v03.deleted`; where there is
one the release is gone, though files of it may still lie there. One publisher at a time.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from pydantic import JsonValue, TypeAdapter, ValidationError

from mangaassist.core.errors import ArtifactError, RegistryError, UnknownRelease
from mangaassist.core.files import canonical_json, sha256_bytes, sha256_of, sync_directory
from mangaassist.promotion.erased_papers import read_erased_paper

IDENTITY = "embed-adapter-v00"
"""The release that changes nothing: always there, and needs no folder."""

MANIFEST = "manifest.json"
PAPERS = frozenset({"README", "manifest", "report", "evidence", "decision", "lineage", "pairs"})
"""Stems of files that speak about a release; all others are served."""

TOMBSTONE = ".deleted"
"""What the name of a removed release ends with."""

_STEM = "embed-adapter-v"
_NAME = re.compile(rf"{_STEM}(\d{{2,}})")
_STAGING = ".staging-"
_REMEDY = "restore the folder from a backup, or roll back to another release"
_FACTS = TypeAdapter(dict[str, JsonValue])


def publish(root: Path, source_files: Mapping[str, bytes]) -> str:
    """The name of the new release that holds these files, under the next free number.

    source_files: relative POSIX path → content. A `manifest.json` among them (an adapter artefact brings one) keeps all
    it says, but for the release's name and the list of files, which is made anew to cover every file.
    Raises RegistryError where it cannot be written; then nothing is visible and the releases there are unharmed.
    """
    files = {path: content for path, content in source_files.items() if path != MANIFEST}
    _check_paths(files)
    manifest = {**_facts(source_files.get(MANIFEST, b"{}"), files), "files": digests_of(files)}
    folder = root / "releases"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _one_publisher(folder):
            name = _next_name(folder)
            _put_in_place(folder, name, {**files, MANIFEST: canonical_json({**manifest, "release": name})})
    except OSError as error:
        raise RegistryError(
            f"{folder}: cannot publish: {error}; nothing was changed and live is whole, so make room and publish again"
        ) from error
    sync_directory(folder)
    return name


def verify(root: Path, name: str) -> Mapping[str, str]:
    """The sha256 of each file of a release, every file held to the manifest.

    A paper may be missing whose tombstone names it with the manifest's digest: it was erased. Otherwise raises
    ArtifactError naming the first file that is missing, added or changed, UnknownRelease where there is no such
    release. The identity release may have no folder, and then has no files.
    """
    if name not in releases(root):
        gone = " any more: it was deleted" if f"{name}{TOMBSTONE}" in _names(root) else ""
        there = ", ".join(releases(root))
        raise UnknownRelease(f"no release {name!r} in {root / 'releases'}{gone}; there are {there}")
    folder = root / "releases" / name
    if name == IDENTITY and not folder.exists():
        return {}
    promised = _promised(folder)
    erased = _erased(root, name)
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()} - {MANIFEST}
    for path in sorted(found | promised.keys()):
        if path not in found and (path, promised[path]) == erased:
            continue
        if path not in found:
            raise ArtifactError(f"{folder / path}: missing, but {MANIFEST} names it; {_REMEDY}")
        if path not in promised:
            raise ArtifactError(f"{folder / path}: not in {MANIFEST}, so it was added later; {_REMEDY}")
        if sha256_of(folder / path) != promised[path]:
            raise ArtifactError(f"{folder / path}: its sha256 differs from {MANIFEST}, so it was changed; {_REMEDY}")
    return promised


def _erased(root: Path, name: str) -> tuple[str, str] | None:
    """The path and the digest of the paper that was erased of a release; what is served cannot be."""
    told = read_erased_paper(root, name)
    is_paper = told is not None and told.release == name and PurePosixPath(told.paper).stem in PAPERS - {"manifest"}
    return (told.paper, told.sha256) if told is not None and is_paper else None


def releases(root: Path) -> tuple[str, ...]:
    """Every release by number, the identity first."""
    names = _names(root)
    numbered = {
        int(match[1]): name
        for name in names
        if (match := _NAME.fullmatch(name))
        and f"{name}{TOMBSTONE}" not in names
        and (root / "releases" / name).is_dir()
    }
    return (IDENTITY, *(numbered[number] for number in sorted(numbered) if number > 0))


def deleted_releases(root: Path) -> tuple[str, ...]:
    """Every release that left a tombstone, by number."""
    gone = {name.removesuffix(TOMBSTONE) for name in _names(root) if name.endswith(TOMBSTONE)}
    return tuple(sorted((name for name in gone if _NAME.fullmatch(name)), key=lambda name: int(name[len(_STEM) :])))


def unpublished(root: Path) -> list[Path]:
    """Staging folders of publishers; all are leftovers of kills where nobody publishes."""
    return sorted((root / "releases").glob(f"{_STAGING}*"))


def _names(root: Path) -> set[str]:
    folder = root / "releases"
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def release_manifest(folder: Path) -> Mapping[str, JsonValue]:
    """The manifest of a release's folder; raises ArtifactError unless it is of this very release."""
    path = folder / MANIFEST
    try:
        manifest = _FACTS.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactError(f"{path}: unreadable: {error}; {_REMEDY}") from error
    if manifest.get("release") != folder.name:
        raise ArtifactError(f"{path}: is of release {manifest.get('release')!r} and not of {folder.name!r}; {_REMEDY}")
    return {"files": None, **manifest}


def served_digest(digests: Mapping[str, str]) -> str:
    """One digest of all that is served of a release: its papers are left out, so that adding a report changes nothing.

    digests: path → sha256, as `verify` gives them, or as `digests_of` makes them before the release has a name.
    """
    served = {path: digest for path, digest in digests.items() if PurePosixPath(path).stem not in PAPERS}
    return sha256_bytes(canonical_json(served))


def digests_of(files: Mapping[str, bytes]) -> dict[str, str]:
    """The sha256 of each file."""
    return {path: sha256_bytes(content) for path, content in files.items()}


def _facts(manifest: bytes, files: Mapping[str, bytes]) -> Mapping[str, JsonValue]:
    """What the sources' own manifest says; RegistryError where a file is no longer the one it names."""
    try:
        facts = _FACTS.validate_json(manifest)
    except ValidationError as error:
        raise RegistryError(f"{MANIFEST} of the files to publish is no JSON object: {error}; train again") from error
    promised = facts.get("files", {})
    for path, digest in promised.items() if isinstance(promised, dict) else ():
        if path not in files or sha256_bytes(files[path]) != digest:
            raise RegistryError(f"{path}: missing or changed since its {MANIFEST} was written; train again")
    return facts


def _check_paths(files: Mapping[str, bytes]) -> None:
    """Raise RegistryError for an empty release and for a path that leaves its folder."""
    if not files:
        raise RegistryError("a release without files; give at least the adapter and its config")
    for path in files:
        parts = PurePosixPath(path).parts
        if not parts or "/".join(parts) != path or ".." in parts:
            raise RegistryError(f"{path!r} cannot be a file of a release; give a plain relative path: `config.json`")


@contextmanager
def _one_publisher(folder: Path) -> Iterator[None]:
    """Wait for other publishers, then clear up after killed ones: the lock ends with its process."""
    with (folder / ".publishing").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for leftover in unpublished(folder.parent):
            shutil.rmtree(leftover)
        yield


def _next_name(folder: Path) -> str:
    taken = [int(match[1]) for path in folder.iterdir() if (match := _NAME.match(path.name))]
    return f"{_STEM}{max(taken, default=0) + 1:02d}"


def _put_in_place(folder: Path, name: str, files: Mapping[str, bytes]) -> None:
    """Write the files beside the releases and rename them in, durable before visible."""
    staging = folder / f"{_STAGING}{name}"
    try:
        for path, content in files.items():
            _write_read_only(staging / path, content)
        for directory in (staging, *(path for path in staging.rglob("*") if path.is_dir())):
            sync_directory(directory)
        os.rename(staging, folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_read_only(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _promised(folder: Path) -> Mapping[str, str]:
    """What the manifest says of the files."""
    files = release_manifest(folder)["files"]
    if not isinstance(files, dict):
        raise ArtifactError(f"{folder / MANIFEST}: lists no files; {_REMEDY}")
    return {file: str(digest) for file, digest in files.items()}
