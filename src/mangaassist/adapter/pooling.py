"""Folds in, one set of observations out: a query that several folds hold out is another observation in each."""

from collections.abc import Collection, Iterable, Mapping
from typing import TypeVar

from mangaassist.core.types import QueryId
from mangaassist.evaluation import MIN_CELL_QUERIES

T = TypeVar("T")


def pooled(folds: Iterable[Mapping[QueryId, T]]) -> dict[QueryId, T]:
    """What the folds hold of their queries, as of one."""
    return {
        QueryId(f"{number}:{query_id}"): value
        for number, of_fold in enumerate(folds)
        for query_id, value in of_fold.items()
    }


def eligible_cells(observations: Mapping[str, Collection[QueryId]]) -> list[str]:
    """The cells whose pooled queries are enough to choose by, or `all` where neither has enough.

    A query that several folds hold out counts once.
    """
    distinct = {cell: {each.split(":", 1)[1] for each in observations[cell]} for cell in ("warm", "cold")}
    return [cell for cell, queries in distinct.items() if len(queries) >= MIN_CELL_QUERIES] or ["all"]
