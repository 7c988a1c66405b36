"""A training set in, an adapter out without gradients: mean-centring and ridge regression towards the identity."""

import numpy as np

from mangaassist.adapter.examples import TrainingSet
from mangaassist.adapter.ladder import Adapter, SideMap
from mangaassist.core.types import Vectors


def fit_centring(data: TrainingSet, *, strength: float, per_side: bool) -> Adapter:
    """Takes `strength` times the mean vector off each side; one shared mean unless `per_side`.

    Embedding spaces have a large common direction that says nothing about relevance; taking it off spreads the rest.
    Source: Mu & Viswanath 2018, "All-but-the-Top", without the removal of further components.
    """
    of_documents, of_queries = data.documents.mean(0), data.queries.mean(0)
    if not per_side:
        both = SideMap(is_residual=False, shift=_float32(strength * (of_documents + of_queries) / 2))
        return Adapter("centring", data.dimension, both, both)
    return Adapter(
        "centring",
        data.dimension,
        SideMap(is_residual=False, shift=_float32(strength * of_queries)),
        SideMap(is_residual=False, shift=_float32(strength * of_documents)),
    )


def fit_ridge(data: TrainingSet, *, pull: float) -> Adapter:
    """The query-side linear map that brings queries to their positives, pulled towards the identity.

    Solves min over M of Σ w ‖q + (q - c) M - p‖² + λ ‖M‖² with w the example weights, c the queries' mean and p the
    positive (a query with several is drawn to their mean). λ = pull x the mean eigenvalue of the weighted Gram
    matrix of the centred queries: `pull` has no unit, 0 is least squares, ∞ the identity.
    """
    centre = data.queries.mean(0)
    queries, documents = data.queries.astype(np.float64), data.documents.astype(np.float64)
    # Examples of one query share its vector: added up by query, thirty answers cost as much as one.
    weights = data.weight.astype(np.float64)
    answers = data.answers @ documents
    of_query = np.bincount(data.query, weights, minlength=len(queries))[:, None]
    inputs = queries - centre
    gram = inputs.T @ (of_query * inputs)
    penalty = pull * np.trace(gram) / data.dimension
    moves = inputs.T @ (answers - of_query * queries)
    matrix = np.linalg.solve(gram + max(penalty, 1e-9) * np.eye(data.dimension), moves)
    query_map = SideMap(is_residual=True, shift=_float32(centre), matrix=_float32(matrix))
    return Adapter("ridge", data.dimension, query_map=query_map)


def _float32(values: Vectors) -> Vectors:
    return np.ascontiguousarray(values, dtype=np.float32)
