"""The compressed scan finds what exact search finds, filtered or not, and on vectors without any structure too."""

import shutil
from pathlib import Path

import faiss
import numpy as np
import pytest
from vector_worlds import clustered, info, unit

from mangaassist.core.types import DocId, Vectors
from mangaassist.retrieval import DocumentVectors, ExactStore, build_index, open_index
from mangaassist.retrieval.scan import Scan, write_scan
from mangaassist.retrieval.scoring import Mask
from mangaassist.retrieval.store import VectorStore

SHARES = (0.01, 0.1, 0.2, 0.5, 1.0)


def indexed(vectors: Vectors, folder: Path, passing: dict[str, Mask] | None = None) -> VectorStore:
    """The vectors behind a scan, with a facet for each of the masks."""
    facets = {name: ["yes" if passes else "no" for passes in mask] for name, mask in (passing or {}).items()}
    held = DocumentVectors([DocId(f"d{row:06d}") for row in range(len(vectors))], vectors, facets)
    about = info(vectors.shape[1])
    build_index(folder, held, about, exact_up_to=1_000)
    return open_index(folder, encoder_id=about.encoder_id, release=about.release)


def recalls(vectors: Vectors, queries: Vectors, folder: Path) -> dict[str, float]:
    """By share of documents that pass a filter: how many results score at least the exact tenth score."""
    rng = np.random.default_rng(5)
    passing = {str(share): rng.random(len(vectors)) < share for share in SHARES}
    store = indexed(vectors, folder, passing)
    measured = {}
    for name, mask in passing.items():
        tenth = np.sort(queries @ vectors[mask].T, axis=1)[:, -10]
        found = store.search(queries, 10, where=None if name == "1.0" else {name: ["yes"]})
        good = [(hits.scores >= score - 1e-6).sum() / 10 for hits, score in zip(found, tenth, strict=True)]
        measured[name] = float(np.mean(good))
    return measured


@pytest.mark.parametrize("noise", [0.3, 0.7, 5.0], ids=["tight clusters", "clusters", "no structure"])
def test_recall_holds_with_and_without_filters(tmp_path: Path, noise: float) -> None:
    vectors, queries = clustered(8_000, 64, seed=1, noise=noise)

    assert min(recalls(vectors, queries, tmp_path).values()) >= 0.99


@pytest.mark.slow
@pytest.mark.parametrize("dimension", [512, 1024])
def test_recall_holds_at_100_000_documents(tmp_path: Path, dimension: int) -> None:
    vectors, queries = clustered(100_000, dimension, seed=2, queries=20)

    measured = recalls(vectors, queries, tmp_path / "index")

    assert min(measured.values()) >= 0.99
    shutil.rmtree(tmp_path / "index")  # half a gigabyte


def test_the_scan_is_used_and_narrows_the_documents_down(tmp_path: Path) -> None:
    vectors, queries = clustered(8_000, 64, seed=1)
    write_scan(vectors, tmp_path / "scan.faiss")
    scan = Scan(tmp_path / "scan.faiss", vectors)

    sizes = [len(rows) for query in queries if (rows := scan.candidates(query, 10, None)) is not None]

    assert len(sizes) > 50
    assert max(sizes) < 1_000


def test_where_few_documents_pass_a_filter_they_are_scored_and_none_is_scanned(tmp_path: Path) -> None:
    vectors, queries = clustered(24_000, 64, seed=1)
    write_scan(vectors, tmp_path / "scan.faiss")
    scan, rows = Scan(tmp_path / "scan.faiss", vectors), np.arange(24_000)

    assert scan.candidates(queries[0], 10, rows % 10 == 0) is None
    assert scan.near(queries[0], 200, rows % 5 == 0) is not None


def test_candidates_are_only_ever_allowed_ones(tmp_path: Path) -> None:
    vectors, queries = clustered(8_000, 64, seed=1)
    write_scan(vectors, tmp_path / "scan.faiss")
    allowed = np.random.default_rng(3).random(8_000) < 0.5

    found = [Scan(tmp_path / "scan.faiss", vectors).candidates(query, 10, allowed) for query in queries]

    assert all(allowed[rows].all() and (np.diff(rows) > 0).all() for rows in found if rows is not None)
    assert any(rows is not None for rows in found)


def test_a_crowd_of_equal_documents_is_scored_in_full_so_that_ties_go_by_id(tmp_path: Path) -> None:
    """Estimates cannot tell equal vectors apart: the scan must say so rather than pick some of them."""
    vectors = np.repeat(unit(np.random.default_rng(0).normal(size=(4, 64))), 1_000, axis=0)
    store = indexed(vectors, tmp_path)

    assert store.search(vectors[1_500:1_501], 3)[0].doc_ids == ("d001000", "d001001", "d001002")


@pytest.mark.parametrize("dimension", [13, 100])
def test_any_dimension_will_do(tmp_path: Path, dimension: int) -> None:
    vectors, queries = clustered(3_000, dimension, seed=4)
    store = indexed(vectors, tmp_path)
    exact = ExactStore(DocumentVectors([DocId(f"d{row:06d}") for row in range(3_000)], vectors), info(dimension))

    same = [
        one.doc_ids == other.doc_ids
        for one, other in zip(store.search(queries, 3), exact.search(queries, 3), strict=True)
    ]

    assert np.mean(same) >= 0.95


def test_the_same_vectors_give_the_same_bytes_and_a_handful_of_them_will_do(tmp_path: Path) -> None:
    vectors, _ = clustered(3_000, 64, seed=6)
    for name in ("one", "other"):
        write_scan(vectors, tmp_path / name)
    write_scan(vectors[:3], tmp_path / "few")

    assert (tmp_path / "one").read_bytes() == (tmp_path / "other").read_bytes()
    near = Scan(tmp_path / "few", np.repeat(vectors[:3], 1_000, axis=0)).near(vectors[0], 2, None)
    assert near is not None
    assert near.rows[0] == 0


def test_a_scan_of_a_build_made_before_is_still_read(tmp_path: Path) -> None:
    """It was compressed in another way, and is as it is until the index is built anew."""
    vectors, queries = clustered(8_000, 64, seed=1)
    turn = faiss.RandomRotationMatrix(64, 64)
    turn.init(1)
    before = faiss.IndexPreTransform(turn, faiss.IndexRaBitQFastScan(64, faiss.METRIC_INNER_PRODUCT))
    before.train(vectors)
    before.add(vectors)
    (tmp_path / "scan.faiss").write_bytes(faiss.serialize_index(before).tobytes())

    found = Scan(tmp_path / "scan.faiss", vectors).candidates(queries[0], 10, None)

    assert found is not None
    assert set(np.argsort(vectors @ queries[0])[-10:]) <= set(found.tolist())
