"""Adapted vectors in, ranked documents out.

`search_run` ranks for training and evaluation, `ComposedSearch` with composed queries. A `VectorStore` ranks for
serving: `build_index` makes the files, `open_index` searches them, changes go to a delta beside them until `compact`.
"""

from mangaassist.retrieval.build import EXACT_UP_TO
from mangaassist.retrieval.building import build_index, compact
from mangaassist.retrieval.composed import Adapts, ComposedSearch, adapted_run
from mangaassist.retrieval.embedded import EmbeddedStore, open_index
from mangaassist.retrieval.exact import adjusted_scores, best_documents, search_run
from mangaassist.retrieval.exact_store import ExactStore
from mangaassist.retrieval.reading import VectorReader
from mangaassist.retrieval.store import DocumentVectors, Hits, IndexInfo, VectorStore, Where

__all__ = [
    "EXACT_UP_TO",
    "Adapts",
    "ComposedSearch",
    "DocumentVectors",
    "EmbeddedStore",
    "ExactStore",
    "Hits",
    "IndexInfo",
    "VectorReader",
    "VectorStore",
    "Where",
    "adapted_run",
    "adjusted_scores",
    "best_documents",
    "build_index",
    "compact",
    "open_index",
    "search_run",
]
