from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from loop_world import write_rows

from mangaassist.core.errors import DataError
from mangaassist.core.files import sha256_of
from mangaassist.core.types import DocId, Vectors, no_progress
from mangaassist.data import Workspace, forget_file, ingest
from mangaassist.loop import IndexUpdate, collect_garbage, decide, index_folder, read_settings, release_candidate
from mangaassist.loop.indexing import update_index
from mangaassist.loop.release_index import MADE_OF, index_stamp
from mangaassist.promotion import IDENTITY
from mangaassist.retrieval import EmbeddedStore, open_index

ALL = 54
"""Fifty titles and four help articles."""


def updated(workspace: Workspace, release: str = IDENTITY) -> IndexUpdate:
    return update_index(workspace, read_settings(workspace.root), release, progress=no_progress)


def index_of(workspace: Workspace, release: str = IDENTITY) -> EmbeddedStore:
    return open_index(index_folder(workspace, release), encoder_id="words@1", release=release)


def take_in(workspace: Workspace, name: str, *titles: dict[str, Any]) -> str:
    """The digest of the catalogue file that was taken in."""
    path = write_rows(workspace.root / "more" / name / "catalogue.jsonl", titles)
    ingest(workspace, "titles", path)
    return sha256_of(path)


def moon(description: str = "a base on the moon") -> dict[str, Any]:
    return {"title_id": "moon", "title": "Moon", "description": description, "age_rating": "Older Teen"}


def vector(workspace: Workspace, doc_id: str, release: str = IDENTITY) -> Vectors:
    return index_of(workspace, release).vectors([DocId(doc_id)])


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_index_holds_every_document_with_its_facets(shop: Workspace) -> None:
    assert updated(shop) == IndexUpdate(IDENTITY, "built", ALL, written=ALL)

    index = index_of(shop)
    assert len(index) == ALL
    assert set(index.info.catalogue) <= set("0123456789abcdef")
    assert len(index.search(vector(shop, "help-refund"), ALL, where={"kind": ["article"]})[0].doc_ids) == 4


def test_the_same_again_writes_nothing(shop: Workspace) -> None:
    updated(shop)
    before = content(index_folder(shop, IDENTITY))

    assert updated(shop) == IndexUpdate(IDENTITY, "up to date", ALL)
    assert content(index_folder(shop, IDENTITY)) == before


def test_new_changed_and_removed_titles_become_a_delta(shop: Workspace) -> None:
    updated(shop)
    builds = sorted(path.name for path in index_folder(shop, IDENTITY).glob("build-??????"))
    stamp = index_stamp(index_folder(shop, IDENTITY))

    sha256 = take_in(shop, "new", moon())
    assert updated(shop) == IndexUpdate(IDENTITY, "changed", ALL + 1, written=1)
    index = index_of(shop)
    assert index.changed_documents == 1
    assert index.search(vector(shop, "moon"), 1, where={"age_rating": ["olderteen"]})[0].doc_ids == ("moon",)
    assert index_stamp(index_folder(shop, IDENTITY)) != stamp

    before = vector(shop, "moon")
    newer = take_in(shop, "changed", moon("a ship on the sea"))
    assert updated(shop) == IndexUpdate(IDENTITY, "changed", ALL + 1, written=1)
    assert (vector(shop, "moon") != before).any()

    for each in (sha256, newer):
        forget_file(shop, "titles", each, "a test", at=datetime(2026, 11, 3, tzinfo=UTC))
    assert updated(shop) == IndexUpdate(IDENTITY, "changed", ALL, removed=1)
    assert "moon" not in index_of(shop).doc_ids
    assert sorted(path.name for path in index_folder(shop, IDENTITY).glob("build-??????")) == builds


def test_a_fact_that_is_not_encoded_counts_as_a_change_too(shop: Workspace) -> None:
    take_in(shop, "new", moon())
    updated(shop)

    take_in(shop, "linked", {**moon(), "url": "https://shop.example/moon"})

    assert updated(shop).action == "changed"


def test_many_changes_make_a_new_build(shop: Workspace) -> None:
    updated(shop)
    take_in(shop, "many", *({**moon(), "title_id": f"moon-{number}"} for number in range(20)))

    assert updated(shop) == IndexUpdate(IDENTITY, "built", ALL + 20, written=ALL + 20)
    assert index_of(shop).changed_documents == 0


@pytest.mark.parametrize("fatal", ["upsert", "delete"])
def test_a_change_that_was_killed_is_made_good_by_the_next(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch, fatal: str
) -> None:
    updated(shop)
    take_in(shop, "new", moon())

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EmbeddedStore, fatal, killed)
        with pytest.raises(KeyboardInterrupt):
            updated(shop)

    assert not (index_folder(shop, IDENTITY) / MADE_OF).exists()
    assert index_stamp(index_folder(shop, IDENTITY)) is None
    assert updated(shop).action == "built"
    assert len(index_of(shop)) == ALL + 1


def test_a_damaged_index_is_built_anew(shop: Workspace) -> None:
    updated(shop)
    next(index_folder(shop, IDENTITY).glob("build-*/vectors.f32")).write_bytes(b"damaged")

    assert updated(shop).action == "built"
    assert len(index_of(shop)) == ALL


def test_each_release_has_an_index_of_its_own_adapted_by_it(shop: Workspace) -> None:
    updated(shop)
    decide(shop, read_settings(shop.root))
    release = release_candidate(shop, actor="mina", why="a test", override="to index it")

    assert updated(shop, release).action == "built"
    assert updated(shop).action == "up to date"
    assert (vector(shop, "pirates-0", release) != vector(shop, "pirates-0")).any()


def test_an_empty_shop_has_nothing_to_index(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no title and no article yet; take them in: `mangaassist ingest`"):
        updated(Workspace.create(tmp_path / "empty"))


def test_the_index_of_a_release_that_is_gone_is_garbage(shop: Workspace) -> None:
    updated(shop)
    gone = index_folder(shop, "embed-adapter-v07")
    gone.mkdir()

    with shop.lock():
        found = collect_garbage(shop, read_settings(shop.root), with_vectors=False, dry_run=False)

    assert [each.path for each in found] == [gone]
    assert index_folder(shop, IDENTITY).is_dir()
    assert not gone.exists()
