"""Adapted vectors in, ranked documents out."""

from mangaassist.retrieval.exact import search_run

__all__ = ["search_run"]
