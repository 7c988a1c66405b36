"""Folds as one: each time a query is held out is an observation, and it counts once for the bound."""

from collections.abc import Mapping

import pytest

from mangaassist.adapter.pooling import eligible_cells, pooled
from mangaassist.core.types import QueryId
from mangaassist.evaluation import MIN_CELL_QUERIES


def values(count: int, first: int = 0) -> dict[QueryId, int]:
    return {QueryId(f"q{number}"): number for number in range(first, first + count)}


def cells(warm: list[dict[QueryId, int]], cold: list[dict[QueryId, int]]) -> Mapping[str, dict[QueryId, int]]:
    return {"warm": pooled(warm), "cold": pooled(cold)}


def test_a_query_of_two_folds_is_two_observations() -> None:
    assert list(pooled([values(2), values(2, first=1)]).values()) == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("warm", "cold", "eligible"),
    [
        ([values(MIN_CELL_QUERIES)], [values(MIN_CELL_QUERIES)], ["warm", "cold"]),
        ([values(MIN_CELL_QUERIES - 1)], [values(MIN_CELL_QUERIES)], ["cold"]),
        ([values(MIN_CELL_QUERIES - 1)], [], ["all"]),
        ([values(MIN_CELL_QUERIES // 2)] * 3, [values(MIN_CELL_QUERIES)], ["cold"]),
        ([values(30), values(30, first=30)], [], ["warm"]),
    ],
)
def test_a_cell_takes_part_once_enough_different_queries_are_in_it(
    warm: list[dict[QueryId, int]], cold: list[dict[QueryId, int]], eligible: list[str]
) -> None:
    assert eligible_cells(cells(warm, cold)) == eligible
