"""An index that several processes and threads search while it changes, and that refuses to serve the wrong release."""

import threading
from pathlib import Path

import pytest
from vector_worlds import documents, info

from mangaassist.core.errors import ArtifactError, EncoderMismatch, IndexOutOfDate
from mangaassist.core.types import DocId
from mangaassist.retrieval import EmbeddedStore, build_index, compact, open_index
from mangaassist.retrieval.index_folder import read_current
from mangaassist.retrieval.snapshot import fresh, with_news


def opened(folder: Path, release: str = "embed-adapter-v03") -> EmbeddedStore:
    return open_index(folder, encoder_id="encoder-1", release=release)


def test_an_index_of_another_encoder_or_release_is_refused_with_the_command_that_mends_it(tmp_path: Path) -> None:
    build_index(tmp_path, documents(3), info())

    with pytest.raises(EncoderMismatch, match=r"'encoder-1', not 'encoder-2'.*`mangaassist index --workspace DIR`"):
        open_index(tmp_path, encoder_id="encoder-2", release="embed-adapter-v03")
    with pytest.raises(
        IndexOutOfDate, match=r"'embed-adapter-v03', not 'embed-adapter-v04'.*`mangaassist index --workspace DIR`"
    ):
        opened(tmp_path, "embed-adapter-v04")


def test_a_change_made_elsewhere_shows_after_a_refresh_and_only_then(tmp_path: Path) -> None:
    build_index(tmp_path, documents(20), info())
    reader, writer = opened(tmp_path), opened(tmp_path)

    writer.delete([DocId("d00007")])
    assert len(writer) == 19
    assert len(reader) == 20
    assert reader.refresh() is True
    assert reader.refresh() is False
    assert len(reader) == 19


def test_changes_of_several_writers_add_up(tmp_path: Path) -> None:
    build_index(tmp_path, documents(20), info())
    one, other = opened(tmp_path), opened(tmp_path)

    one.delete([DocId("d00001")])
    other.delete([DocId("d00002")])
    one.upsert(documents(1, seed=5))

    assert len(opened(tmp_path)) == 18
    assert opened(tmp_path).changed_documents == 1


def test_no_change_writes_nothing(tmp_path: Path) -> None:
    name = build_index(tmp_path, documents(20), info())

    opened(tmp_path).upsert(documents(0))
    opened(tmp_path).delete([])

    assert not (tmp_path / f"{name}.delta").exists()


def test_a_refresh_goes_over_to_a_new_build_of_the_same_release(tmp_path: Path) -> None:
    build_index(tmp_path, documents(20), info())
    reader = opened(tmp_path)
    build_index(tmp_path, documents(30), info())

    assert reader.refresh() is True
    assert len(reader) == 30
    assert reader.refresh() is False


def test_a_refresh_stays_with_its_release_when_the_folder_goes_on_to_another(tmp_path: Path) -> None:
    """The adapter in memory is still the old one: its queries must not meet vectors of the new one."""
    build_index(tmp_path, documents(20), info())
    reader = opened(tmp_path)
    build_index(tmp_path, documents(30), info(release="embed-adapter-v04"))

    assert reader.refresh() is False
    assert len(reader) == 20
    with pytest.raises(IndexOutOfDate, match=r"gone on to build-000002.*open the index again"):
        reader.delete([DocId("d00001")])
    assert len(opened(tmp_path, "embed-adapter-v04")) == 30


def test_a_writer_with_an_old_build_open_writes_to_the_new_one(tmp_path: Path) -> None:
    build_index(tmp_path, documents(20), info())
    writer = opened(tmp_path)
    compact(tmp_path)

    writer.delete([DocId("d00001")])

    assert len(opened(tmp_path)) == 19


def test_a_torn_end_is_ignored_by_readers_and_cut_off_by_the_next_writer(tmp_path: Path) -> None:
    name = build_index(tmp_path, documents(20), info())
    opened(tmp_path).delete([DocId("d00001")])
    delta = tmp_path / f"{name}.delta"
    whole = delta.read_bytes()
    delta.write_bytes(whole + whole[: len(whole) // 2])

    assert len(opened(tmp_path)) == 19
    opened(tmp_path).delete([DocId("d00002")])
    assert len(opened(tmp_path)) == 18


def test_damage_found_by_a_refresh_leaves_what_was_read_before(tmp_path: Path) -> None:
    name = build_index(tmp_path, documents(20), info())
    reader, writer = opened(tmp_path), opened(tmp_path)
    writer.delete([DocId("d00001")])
    writer.delete([DocId("d00002")])
    delta = tmp_path / f"{name}.delta"
    content = bytearray(delta.read_bytes())
    content[12] ^= 1
    delta.write_bytes(content)

    with pytest.raises(ArtifactError, match="damaged"):
        reader.refresh()
    assert len(reader) == 20


def test_threads_may_search_while_others_refresh_and_write(tmp_path: Path) -> None:
    held = documents(300)
    build_index(tmp_path, held, info())
    store, writer = opened(tmp_path), opened(tmp_path)
    done, problems = threading.Event(), []

    def search() -> None:
        while not done.is_set():
            try:
                store.refresh()
                hits = store.search(held.vectors[:1], 300, where={"kind": ["title", "article"]})[0]
                assert len(set(hits.doc_ids)) == len(hits.doc_ids) >= 250
            except Exception as error:
                problems.append(error)
                return

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for row in range(50):
        writer.delete([DocId(f"d{row:05d}")])
        if row % 20 == 10:
            compact(tmp_path)
    done.set()
    for thread in threads:
        thread.join()

    assert problems == []
    store.refresh()
    assert len(store) == 250


def test_a_search_under_way_keeps_seeing_what_it_saw_at_its_beginning(tmp_path: Path) -> None:
    build_index(tmp_path, documents(20), info())
    writer = opened(tmp_path)
    writer.delete([DocId("d00001")])
    begun = with_news(fresh(tmp_path, read_current(tmp_path)))
    before = begun.doc_ids()

    writer.delete([DocId("d00002")])
    writer.upsert(documents(1, seed=5))
    after = with_news(begun)

    assert len(after) == 18
    assert begun.doc_ids() == before
    assert len(begun) == 19
