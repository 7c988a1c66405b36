"""The delta file: whole changes or none, torn ends cut off, damage found."""

import os
from pathlib import Path

import numpy as np
import pytest
from vector_worlds import documents

from mangaassist.core.errors import ArtifactError
from mangaassist.core.types import DocId
from mangaassist.retrieval.delta import Change, Delta, collapsed
from mangaassist.retrieval.store import no_documents

FIRST = Change(documents(3, seed=1))
SECOND = Change(documents(2, seed=2), [DocId("gone")])


def said(change: Change) -> tuple[object, ...]:
    upserts = change.upserts
    return list(upserts.doc_ids), upserts.vectors.tolist(), dict(upserts.facets), list(change.deletes)


def written(path: Path, *changes: Change) -> None:
    for change in changes:
        delta = Delta(path, 16)
        delta.new_changes()
        delta.append(change)


def read(path: Path) -> list[tuple[object, ...]]:
    return [said(change) for change in Delta(path, 16).new_changes()]


def test_changes_come_back_in_their_order_each_once(tmp_path: Path) -> None:
    reader = Delta(tmp_path / "d", 16)
    assert reader.new_changes() == []

    written(tmp_path / "d", FIRST)
    assert [said(change) for change in reader.new_changes()] == [said(FIRST)]
    written(tmp_path / "d", SECOND)
    assert [said(change) for change in reader.new_changes()] == [said(SECOND)]
    assert reader.new_changes() == []
    assert read(tmp_path / "d") == [said(FIRST), said(SECOND)]


def test_a_change_torn_anywhere_is_ignored_and_cut_off_by_the_next_writer(tmp_path: Path) -> None:
    written(tmp_path / "whole", FIRST, SECOND)
    whole = (tmp_path / "whole").read_bytes()
    written(tmp_path / "first", FIRST)
    start = (tmp_path / "first").stat().st_size

    for length in range(start, len(whole)):
        (tmp_path / "torn").write_bytes(whole[:length])
        assert read(tmp_path / "torn") == [said(FIRST)]
        written(tmp_path / "torn", SECOND)
        assert (tmp_path / "torn").read_bytes() == whole


@pytest.mark.parametrize("length", [1, 8, 100, 5_000])
def test_an_end_of_zeros_is_torn_too(tmp_path: Path, length: int) -> None:
    """After a power cut a file may have its new length but not yet its new content."""
    written(tmp_path / "d", FIRST)
    whole = (tmp_path / "d").read_bytes()
    (tmp_path / "d").write_bytes(whole + bytes(length))

    assert read(tmp_path / "d") == [said(FIRST)]
    written(tmp_path / "d", SECOND)
    assert read(tmp_path / "d") == [said(FIRST), said(SECOND)]


def test_a_last_change_with_a_wrong_byte_is_ignored(tmp_path: Path) -> None:
    written(tmp_path / "d", FIRST, SECOND)
    content = bytearray((tmp_path / "d").read_bytes())
    content[-1] ^= 1
    (tmp_path / "d").write_bytes(content)

    assert read(tmp_path / "d") == [said(FIRST)]


def test_damage_before_the_last_change_is_an_error_that_says_how_to_mend_it(tmp_path: Path) -> None:
    written(tmp_path / "d", FIRST, SECOND)
    content = bytearray((tmp_path / "d").read_bytes())
    content[20] ^= 1
    (tmp_path / "d").write_bytes(content)

    with pytest.raises(ArtifactError, match=r"d is damaged .* `mangaassist index --workspace DIR`"):
        read(tmp_path / "d")


def test_a_write_that_the_disk_refuses_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "d", FIRST)
    before = (tmp_path / "d").read_bytes()

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        written(tmp_path / "d", SECOND)

    assert (tmp_path / "d").read_bytes() == before


def test_changes_collapse_to_the_last_one_of_each_document() -> None:
    kept = documents(4, seed=3)
    added = documents(2, seed=4)
    third = Change(no_documents(16), [DocId("d00001")])

    change = collapsed([Change(kept), Change(added, [DocId("d00003")]), third], ["kind"], 16)

    expected = {DocId("d00000"): (added, "d00000"), DocId("d00002"): (kept, "d00002")}
    assert set(change.upserts.doc_ids) == set(expected)
    assert sorted(change.deletes) == ["d00001", "d00003"]
    for row, doc_id in enumerate(change.upserts.doc_ids):
        source = expected[doc_id][0]
        where = list(source.doc_ids).index(doc_id)
        assert (change.upserts.vectors[row] == source.vectors[where]).all()
        assert change.upserts.facets["kind"][row] == source.facets["kind"][where]
    assert np.isfinite(change.upserts.vectors).all()
