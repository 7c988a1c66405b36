"""A set's name in, everything that is compared on it out: base vectors, pairs, the split that is reported."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.nudged_shop import shop_vectors
from benchmarks.peers.exchange import Rows, Task
from benchmarks.real_sets import SETS as REAL_SETS
from mangaassist.adapter import TuningData
from mangaassist.commands.bench import cache_directory
from mangaassist.commands.bench_run import choose_splits, tuning_data
from mangaassist.core.types import (
    DocId,
    Document,
    GroupId,
    Pair,
    Progress,
    Qrels,
    Query,
    QueryId,
    RetrievalSet,
    Vectors,
)
from mangaassist.data import catalogue_titles, load_beir
from mangaassist.encoders import CachedEncoder, Encoder, load_encoder
from mangaassist.evaluation import Exposure
from mangaassist.loop import DEV_SHARE
from mangaassist.pairs import split_by_group
from mangaassist.queries import Composer

SHOP = "shop"
SETS = (*[name for name in REAL_SETS if name != "manga"], SHOP, "manga")
"""In the order in which they run: the dearest last."""


@dataclass(frozen=True, slots=True)
class ComparedSet:
    """One set, ready for every method.

    data: what ours tunes on; its pairs are everybody's.  split: the name of the reported one.
    reported: the queries by which methods are compared, in the order of the task's test queries.
    task: the same as vectors, for peers.  composer: reads titles that queries name, where there is a catalogue.
    """

    name: str
    split: str
    data: TuningData
    encoder: Encoder
    reported: Sequence[Query]
    qrels: Qrels
    groups: Mapping[QueryId, GroupId]
    task: Task
    composer: Composer | None = None

    @property
    def doc_ids(self) -> list[DocId]:
        """Of the rows of the task's documents."""
        return [document.doc_id for document in self.data.documents]

    @property
    def exposure(self) -> Exposure:
        """Warm is what any pair has as its positive, for every method alike."""
        return Exposure(frozenset(pair.positive for pair in self.data.pairs))

    @property
    def fingerprint(self) -> str:
        """Changes with the vectors, the pairs and the reported queries."""
        digest = hashlib.sha256(" ".join(query.query_id for query in self.reported).encode())
        for part in (self.task.documents, self.task.test_queries, self.task.everything):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()


def load_set(name: str, data: Path, *, final: bool, seed: int, progress: Progress) -> ComparedSet:
    """A real set of the folder `data`, or the simulated shop. seed: of what is carved out."""
    if name == SHOP:
        return simulated_shop()
    folder = data / name
    dataset = load_beir(folder, qrels_folder=REAL_SETS[name])
    encoder = CachedEncoder(load_encoder("local"), cache_directory(Path()), progress=progress)
    found = real_set(dataset, encoder, final=final, seed=seed)
    titles = catalogue_titles(folder)
    return replace(found, composer=Composer(dataset.documents, titles)) if titles else found


def real_set(dataset: RetrievalSet, encoder: Encoder, *, final: bool, seed: int) -> ComparedSet:
    """As `mangaassist bench` splits it. Peers validate on dev, or where there is none on a part carved out of train."""
    splits = choose_splits(dataset, final=final, seed=seed)
    data, _ = tuning_data(dataset, splits)
    if final and "dev" in dataset.qrels:
        validating = set(dataset.qrels["dev"])
    else:
        shares = {"train": 1 - DEV_SHARE, "dev": DEV_SHARE}
        validating = set(split_by_group(splits.training, splits.groups, shares, seed)["dev"])
    reported = [dataset.queries[query_id] for query_id in sorted(splits.reported)]
    task = _task(data.pairs, validating, data.documents, reported, encoder)
    return ComparedSet(dataset.name, splits.name, data, encoder, reported, splits.reported, splits.groups, task)


def simulated_shop() -> ComparedSet:
    """The shop of nudged_shop.py: 27,500 queries of 9,000 products train, half of the test wants one of the others.

    Always the same one, so that seeds differ in the methods alone.
    """
    shop = shop_vectors(seed=0)
    documents = [Document(DocId(f"p{row:05}"), f"p{row:05}") for row in range(len(shop.products))]
    asked = {"t": (shop.training, shop.training_wants), "v": (shop.validation, shop.validation_wants)}
    vectors = {document.text: row for document, row in zip(documents, shop.products, strict=True)}
    pairs = []
    for kind, (rows, wants) in asked.items():
        for number, (vector, wanted) in enumerate(zip(rows, wants, strict=True)):
            vectors[f"{kind}{number}"] = vector
            pairs.append(
                Pair(f"{kind}{number}", documents[wanted].doc_id, "judgement", query_id=QueryId(f"{kind}{number}"))
            )
    reported = [Query(QueryId(f"q{number:04}"), f"q{number:04}") for number in range(len(shop.test))]
    vectors |= {query.text: row for query, row in zip(reported, shop.test, strict=True)}
    encoder = KnownVectors("simulated", vectors)
    data = TuningData(
        pairs=pairs,
        documents=documents,
        judged={pair.query_text: {pair.positive: 1} for pair in pairs},
        groups={pair.query_text: GroupId(pair.positive) for pair in pairs},
    )
    qrels = {query.query_id: {documents[row].doc_id: 1} for query, row in zip(reported, shop.test_wants, strict=True)}
    groups = {query_id: GroupId(next(iter(grades))) for query_id, grades in qrels.items()}
    validating = {pair.query_id for pair in pairs if pair.query_text.startswith("v")}
    task = _task(pairs, validating, documents, reported, encoder)
    return ComparedSet(SHOP, "test", data, encoder, reported, qrels, groups, task)


@dataclass(frozen=True, slots=True)
class KnownVectors:
    """An encoder of texts whose vectors are known beforehand."""

    encoder_id: str
    vectors: Mapping[str, Vectors]

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return len(next(iter(self.vectors.values())))

    def encode(self, texts: Sequence[str]) -> Vectors:
        """The known vectors, (n, dimension)."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return np.stack([self.vectors[text] for text in texts])


def _task(
    pairs: Sequence[Pair],
    validating: set[QueryId] | set[QueryId | None],
    documents: Sequence[Document],
    reported: Sequence[Query],
    encoder: Encoder,
) -> Task:
    """Pairs as rows; equal texts are one query, and validate if any of theirs does."""
    texts = sorted({pair.query_text for pair in pairs})
    query_row = {text: row for row, text in enumerate(texts)}
    document_row = {document.doc_id: row for row, document in enumerate(documents)}
    held = {pair.query_text for pair in pairs if pair.query_id in validating}

    def rows(is_held: bool) -> Rows:
        kept = [pair for pair in pairs if (pair.query_text in held) is is_held]
        found = [(query_row[pair.query_text], document_row[pair.positive]) for pair in kept]
        return np.unique(np.array(found, dtype=np.int64).reshape(-1, 2), axis=0)

    return Task(
        documents=encoder.encode([document.text for document in documents]),
        queries=encoder.encode(texts),
        test_queries=encoder.encode([query.text for query in reported]),
        training=rows(False),
        validation=rows(True),
    )
