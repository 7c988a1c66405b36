"""Index builds on disk: whole or not there, switched in one rename, kept for those who still read them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from vector_worlds import documents, info, of, rows_of

from mangaassist.core.errors import ArtifactError, DataError
from mangaassist.core.types import DocId
from mangaassist.retrieval import DocumentVectors, EmbeddedStore, build_index, compact, open_index
from mangaassist.retrieval.build import read_build

CHILD = """
import importlib, os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from vector_worlds import documents, info
from mangaassist.retrieval import build_index
folder, module, name, fatal_call = sys.argv[2:]
target = importlib.import_module(module)
real, calls = getattr(target, name), 0
def fatal(*args, **kwargs):
    global calls
    calls += 1
    if calls == int(fatal_call):
        os.kill(os.getpid(), 9)
    return real(*args, **kwargs)
setattr(target, name, fatal)
build_index(Path(folder), documents(30, seed=2), info(), exact_up_to=0)
"""

READER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np
from vector_worlds import info
from mangaassist.retrieval import open_index
folder, about = Path(sys.argv[2]), info()
print("ready", flush=True)
seen = set()
while not (folder / "enough").exists():
    store = open_index(folder, encoder_id=about.encoder_id, release=about.release)
    vectors = store.vectors(store.doc_ids)
    assert (vectors == vectors[0]).all(), "half of one build and half of another"
    seen.add(float(vectors[0].argmax()))
print(sorted(seen), flush=True)
"""


def opened(folder: Path) -> EmbeddedStore:
    return open_index(folder, encoder_id="encoder-1", release="embed-adapter-v03")


def builds(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("build-"))


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_build_is_the_same_bytes_whatever_the_order_of_its_documents(tmp_path: Path) -> None:
    held = documents(50)
    turned = DocumentVectors(
        held.doc_ids[::-1], held.vectors[::-1], {name: values[::-1] for name, values in held.facets.items()}
    )

    one = tmp_path / "one" / build_index(tmp_path / "one", held, info(), exact_up_to=10)
    other = tmp_path / "other" / build_index(tmp_path / "other", turned, info(), exact_up_to=10)

    assert files_of(one) == files_of(other)


def test_a_compacted_index_is_the_same_bytes_as_one_built_of_its_documents(tmp_path: Path) -> None:
    model = rows_of(documents(50))
    build_index(tmp_path / "one", of(model), info(), exact_up_to=10)
    changed = rows_of(documents(10, seed=9))
    opened(tmp_path / "one").upsert(of(changed))
    opened(tmp_path / "one").delete([DocId("d00040")])

    compacted = tmp_path / "one" / compact(tmp_path / "one", exact_up_to=10)

    model.update(changed)
    del model[DocId("d00040")]
    built = tmp_path / "other" / build_index(tmp_path / "other", of(model), info(), exact_up_to=10)
    assert files_of(compacted) == files_of(built)
    assert opened(tmp_path / "one").changed_documents == 0


def test_the_manifest_says_what_the_build_is_made_of(tmp_path: Path) -> None:
    name = build_index(tmp_path, documents(50), info(), exact_up_to=10)

    manifest = json.loads((tmp_path / name / "manifest.json").read_bytes())

    assert sorted(manifest.pop("files")) == ["doc_ids.json", "facets.json", "facets.u16", "scan.faiss", "vectors.f32"]
    assert manifest.pop("program")
    assert manifest == {
        "format_version": 1,
        "count": 50,
        "dimension": 16,
        "encoder_id": "encoder-1",
        "release": "embed-adapter-v03",
        "catalogue": "snapshot-1",
        "enrichment": "all",
    }


def test_the_live_build_and_the_one_before_it_remain(tmp_path: Path) -> None:
    for seed in range(4):
        build_index(tmp_path, documents(5, seed=seed), info())
        opened(tmp_path).delete([DocId("d00000")])

    assert builds(tmp_path) == ["build-000003", "build-000003.delta", "build-000004", "build-000004.delta"]
    assert (tmp_path / "CURRENT").read_text() == "build-000004\n"


def test_a_reader_keeps_the_build_that_it_has_open_however_often_it_is_replaced(tmp_path: Path) -> None:
    held = documents(4_000, coarse=False)
    build_index(tmp_path, held, info(), exact_up_to=0)
    store = opened(tmp_path)
    before = [hits.doc_ids for hits in store.search(held.vectors[:5], 10)]

    for seed in range(3):
        build_index(tmp_path, documents(4, seed=seed), info())

    assert not (tmp_path / "build-000001").exists()
    assert [hits.doc_ids for hits in store.search(held.vectors[:5], 10)] == before
    assert len(store.search(held.vectors[:1], 10, where={"kind": ["title"]})[0].doc_ids) == 10
    assert len(opened(tmp_path)) == 4


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(("mangaassist.retrieval.build", "write_scan", "1"), id="writing-the-files"),
        pytest.param(("mangaassist.retrieval.build", "sync_directory", "1"), id="before-they-are-durable"),
        pytest.param(("mangaassist.retrieval.index_folder", "sync_directory", "1"), id="after-the-rename"),
        pytest.param(("mangaassist.retrieval.index_folder", "write_atomic", "1"), id="before-the-switch"),
        pytest.param(("os", "replace", "1"), id="while-switching"),
    ],
)
def test_a_build_killed_anywhere_leaves_the_old_one_live_and_nothing_that_the_next_does_not_remove(
    tmp_path: Path, fault: tuple[str, str, str]
) -> None:
    folder = tmp_path / "index"
    build_index(folder, documents(20, seed=1), info())
    killed = subprocess.run([sys.executable, "-c", CHILD, str(Path(__file__).parent), str(folder), *fault], check=False)
    assert killed.returncode == -9
    assert len(list(folder.iterdir())) > 3

    assert len(opened(folder)) == 20
    assert opened(folder).info == info()
    build_index(folder, documents(30, seed=2), info())

    assert sorted(path.name for path in folder.iterdir()) == [".lock", "CURRENT", "build-000001", "build-000002"]
    assert len(opened(folder)) == 30


def test_readers_that_open_while_builds_are_switched_see_one_or_the_other_whole(tmp_path: Path) -> None:
    folder, ids = tmp_path / "index", [DocId(f"d{row}") for row in range(50)]

    def build_of(axis: int) -> None:
        vectors = np.zeros((50, 16), dtype=np.float32)
        vectors[:, axis] = 1
        build_index(folder, DocumentVectors(ids, vectors), info())

    build_of(0)
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(Path(__file__).parent), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "ready\n"
    for number in range(60):
        build_of(number % 16)
    (folder / "enough").touch()
    out, _ = reader.communicate()

    assert reader.returncode == 0
    assert len(json.loads(out)) > 1


def test_where_no_index_is_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"no index in .* `mangaassist index --workspace DIR`"):
        opened(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["vectors.f32", "doc_ids.json", "facets.u16", "facets.json", "scan.faiss"])
def test_a_file_that_was_changed_or_removed_is_named(tmp_path: Path, name: str) -> None:
    build = tmp_path / build_index(tmp_path, documents(30), info(), exact_up_to=0)
    content = bytearray((build / name).read_bytes())
    content[-1] ^= 1
    (build / name).write_bytes(content)

    with pytest.raises(ArtifactError, match=f"{name} was changed.*`mangaassist index"):
        opened(tmp_path)
    (build / name).unlink()
    with pytest.raises(ArtifactError, match=f"lacks .*{name}.*`mangaassist index"):
        opened(tmp_path)


def test_a_manifest_or_pointer_that_makes_no_sense_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    build = tmp_path / build_index(tmp_path, documents(3), info())
    for content, said in ((b"{", "cannot be read"), (b'{"format_version": 99}', "format version 99")):
        (build / "manifest.json").write_bytes(content)
        with pytest.raises(ArtifactError, match=said):
            read_build(build)
    (tmp_path / "CURRENT").write_text("../../etc")
    with pytest.raises(ArtifactError, match="is no build; remove it"):
        opened(tmp_path)


def test_a_build_that_the_disk_refuses_leaves_the_old_one_live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_index(tmp_path, documents(20), info())

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArtifactError, match=r"cannot be written: .*No space left.*make room"):
        build_index(tmp_path, documents(30), info())

    assert len(opened(tmp_path)) == 20


def test_attachments_stay_with_the_build_through_changes_and_compaction(tmp_path: Path) -> None:
    build_index(tmp_path, documents(30), info(), attachments={"shelves.json": b"{}"})
    store = opened(tmp_path)
    store.delete([DocId("d00003")])

    assert store.attachments == {"shelves.json": b"{}"}
    compact(tmp_path)
    assert opened(tmp_path).attachments == {"shelves.json": b"{}"}
    build_index(tmp_path, documents(30), info())
    assert opened(tmp_path).attachments == {}


def test_a_damaged_attachment_is_refused_and_one_named_like_a_file_of_the_build_too(tmp_path: Path) -> None:
    name = build_index(tmp_path, documents(30), info(), attachments={"shelves.json": b"{}"})
    (tmp_path / name / "shelves.json").write_bytes(b"[]")

    with pytest.raises(ArtifactError, match=r"shelves\.json was changed since"):
        opened(tmp_path)
    with pytest.raises(DataError, match=r"cannot be called 'manifest\.json'"):
        build_index(tmp_path, documents(30), info(), attachments={"manifest.json": b"{}"})
