from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import DataError
from mangaassist.core.types import DocId, GroupId, Pair, PairSource, Query, QueryId
from mangaassist.pairs import split_by_group, split_groups

WORDS = ["berserk", "vagabond", "yotsuba", "monster", "planetes", "mushishi", "claymore", "nana", "pluto", "barakamon"]


def query(query_id: str, text: str, group: str | None = None) -> Query:
    return Query(QueryId(query_id), text, group=None if group is None else GroupId(group))


def pair(text: str, positive: str, source: PairSource = "click", query_id: str | None = None) -> Pair:
    return Pair(text, DocId(positive), source, query_id=None if query_id is None else QueryId(query_id))


def test_near_duplicates_and_declared_groups_are_joined_into_one() -> None:
    queries = [
        query("q1", "cosy slice of life", "g1"),
        query("q2", "cosy slice of lif"),
        query("q3", "space pirates", "g1"),
        query("q4", "giant robots"),
    ]

    assert split_groups(queries) == {"q1": "q1", "q2": "q1", "q3": "q1", "q4": "q4"}


@given(
    groups=st.lists(st.integers(0, 9), min_size=12, max_size=60).filter(lambda groups: len(set(groups)) > 3),
    seed=st.integers(0, 5),
)
def test_groups_stay_whole_and_the_order_of_queries_does_not_matter(groups: list[int], seed: int) -> None:
    of_query = {QueryId(f"q{number}"): GroupId(f"g{group}") for number, group in enumerate(groups)}
    ids = list(of_query)

    parts = split_by_group(ids, of_query, {"train": 0.7, "dev": 0.3}, seed)

    assert sorted(parts["train"] + parts["dev"]) == sorted(of_query)
    assert not {of_query[each] for each in parts["train"]} & {of_query[each] for each in parts["dev"]}
    assert parts == split_by_group(ids[::-1], of_query, {"train": 0.7, "dev": 0.3}, seed)


def test_parts_come_as_near_their_fractions_as_single_queries_allow_and_depend_on_the_seed() -> None:
    ids = [QueryId(f"q{number}") for number in range(1000)]
    fractions = {"train": 0.7, "dev": 0.15, "test": 0.15}

    parts = split_by_group(ids, {}, fractions, 1)

    assert {name: len(part) for name, part in parts.items()} == {"train": 700, "dev": 150, "test": 150}
    assert parts != split_by_group(ids, {}, fractions, 2)


def test_a_part_that_would_stay_empty_is_an_error() -> None:
    one_group = {QueryId(f"q{number}"): GroupId("all") for number in range(9)}

    with pytest.raises(DataError, match="1 groups, the largest of 9, leave dev empty"):
        split_by_group(one_group, one_group, {"train": 0.8, "dev": 0.2}, 0)


@pytest.mark.parametrize("fractions", [{"train": 0.8, "dev": 0.3}, {"train": 1.0, "dev": 0.0}])
def test_fractions_that_are_no_fractions_are_refused(fractions: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        split_by_group([QueryId("q")], {}, fractions, 0)


def log_pairs() -> list[Pair]:
    """A hundred texts, each also with a typo, on ten documents."""
    texts = [f"{left} meets {right}" for left, right in combinations(WORDS, 2)]
    typed = [each for text in texts for each in (text, text.replace(" meets", "  meets"))]
    return [pair(text, f"d{number % 10}") for number, text in enumerate(typed)]
