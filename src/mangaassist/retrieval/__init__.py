"""Adapted vectors in, ranked documents out."""

from mangaassist.retrieval.composed import Adapts, ComposedSearch
from mangaassist.retrieval.exact import search_run

__all__ = ["Adapts", "ComposedSearch", "search_run"]
