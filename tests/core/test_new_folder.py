"""A folder of files is there whole or not at all."""

import os
from pathlib import Path

import pytest

from mangaassist.core.files import write_new_folder

FILES = {"a.txt": b"a", "inside/b.txt": b"b"}


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_every_file_is_there_and_nothing_beside_the_folder(tmp_path: Path) -> None:
    write_new_folder(tmp_path / "out", FILES)

    assert names(tmp_path) == {"out", "out/a.txt", "out/inside", "out/inside/b.txt"}
    assert (tmp_path / "out" / "inside" / "b.txt").read_bytes() == b"b"


def test_its_permissions_are_those_of_any_new_folder(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()

    write_new_folder(tmp_path / "out", FILES)

    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_folder_with_files_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")

    with pytest.raises(OSError, match="not empty"):
        write_new_folder(tmp_path / "out", FILES)

    assert names(tmp_path) == {"out", "out/mine.txt"}


def test_a_disk_that_fails_on_the_last_file_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []

    def failing(handle: int) -> None:
        synced.append(handle)
        if len(synced) == len(FILES):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", failing)

    with pytest.raises(OSError, match="No space left"):
        write_new_folder(tmp_path / "out", FILES)

    assert names(tmp_path) == set()
