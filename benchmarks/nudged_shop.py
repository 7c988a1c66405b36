"""A seed in, a shop of 20,000 products out whose documents were moved towards their training queries, ready to judge.

The size is that of the shop in which published methods were compared: 20,000 products, 27,000 training queries of
1,024 dimensions, and a test half of whose queries want a product that nobody ever clicked. Queries say a product in
part, and share a way of speaking that products lack: the frozen encoder finds about half of what is asked for.

Moving: document + step · (sum of its training queries, unit length), unit length again, as in Zeighami et al. 2024,
"NUDGE: Lightweight Non-Parametric Fine-Tuning of Embeddings for Retrieval", whose NUDGE-M bounds every move alike. The
step is chosen, as there, on held-out queries of known products.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mangaassist.core.types import DocId, GroupId, Query, QueryId, Vectors
from mangaassist.evaluation import DocumentFacts, Material, Probes, run_depth
from mangaassist.loop import JudgedSplit
from mangaassist.retrieval import search_run

PRODUCTS, KNOWN, PER_PRODUCT, DIMENSION, CLUSTERS = 20_000, 9_000, 3, 1024, 400
TEST, VALIDATION = 1_000, 500
STEPS = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6)
SAYS, STYLE = 0.08, 0.3
"""How much of a query is its product, and how much the way all queries are spoken; the rest is its own."""


@dataclass(frozen=True, slots=True)
class ShopVectors:
    """A shop as vectors, (n, DIMENSION) each; `*_wants` (n,) is the row of the product that a query wants.

    Training and validation want known products, the first `KNOWN`; the second half of the test wants unknown ones.
    """

    products: Vectors
    training: Vectors
    training_wants: npt.NDArray[np.intp]
    validation: Vectors
    validation_wants: npt.NDArray[np.intp]
    test: Vectors
    test_wants: npt.NDArray[np.intp]


def shop_vectors(*, seed: int) -> ShopVectors:
    """The same shop for the same seed."""
    rng = np.random.default_rng(seed)
    centres = _unit(rng.normal(size=(CLUSTERS, DIMENSION)))
    products = _unit(centres[rng.integers(CLUSTERS, size=PRODUCTS)] + _unit(rng.normal(size=(PRODUCTS, DIMENSION))))
    style = _unit(rng.normal(size=(1, DIMENSION)))

    def asked(rows: np.ndarray) -> Vectors:
        own = _unit(rng.normal(size=(len(rows), DIMENSION)))
        return _unit(SAYS * products[rows] + STYLE * style + (1 - SAYS - STYLE) * own)

    known = np.repeat(np.arange(KNOWN), PER_PRODUCT)
    training = asked(known)
    held_out = rng.integers(KNOWN, size=VALIDATION)
    validation = asked(held_out)
    wanted = np.concatenate([rng.integers(KNOWN, size=TEST // 2), rng.integers(KNOWN, PRODUCTS, size=TEST // 2)])
    return ShopVectors(products, training, known, validation, held_out, asked(wanted), wanted)


def nudged_shop(*, seed: int) -> tuple[JudgedSplit, Material, float]:
    """(test split, material, add-on in milliseconds); the documents moved beforehand, so a query costs nothing more."""
    shop = shop_vectors(seed=seed)
    pull = np.zeros_like(shop.products)
    np.add.at(pull, shop.training_wants, shop.training)
    pull[:KNOWN] = _unit(pull[:KNOWN])
    step = max(
        STEPS, key=lambda each: _success(_unit(shop.products + each * pull), shop.validation, shop.validation_wants)
    )
    split, test = _test(shop.test_wants, shop.test, shop.products, _unit(shop.products + step * pull))
    warm = frozenset(_doc_id(row) for row in range(KNOWN))
    facts = DocumentFacts(headings={_doc_id(row): f"Product {row}" for row in range(PRODUCTS)})
    return split, Material(test, facts, warm=warm), 0.0


def _test(wanted: np.ndarray, vectors: Vectors, base: Vectors, moved: Vectors) -> tuple[JudgedSplit, Probes]:
    """The test queries as both catalogues answer them."""
    queries = [Query(QueryId(f"q{number:04}"), f"query {number}") for number in range(len(wanted))]
    ids = [query.query_id for query in queries]
    qrels = {query_id: {_doc_id(row): 1} for query_id, row in zip(ids, wanted, strict=True)}
    groups = {query_id: GroupId(query_id) for query_id in ids}
    doc_ids = [_doc_id(row) for row in range(PRODUCTS)]
    runs = [search_run(ids, vectors, doc_ids, documents, depth=run_depth(qrels)) for documents in (base, moved)]
    texts = {query.query_id: query.text for query in queries}
    return JudgedSplit(queries, qrels, groups), Probes(texts, qrels, groups, runs[0], runs[1])


def _success(documents: Vectors, queries: Vectors, wanted: np.ndarray) -> float:
    """The share of queries whose product is among the first three."""
    best = np.argpartition(-(queries @ documents.T), 3, axis=1)[:, :3]
    return float((best == wanted[:, None]).any(axis=1).mean())


def _doc_id(row: int) -> DocId:
    return DocId(f"p{row:05}")


def _unit(vectors: np.ndarray) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
