"""How much two rankings have in common: numbers by hand, and what holds for any two lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.experiments.overlap import overlap, rank_biased_overlap

RANKINGS = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=10)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("abc", "abc", 1.0), ("abc", "cba", 1.0), ("abcx", "abdx", 2 / 3), ("abc", "xyz", 0.0), ("", "", 1.0),
     ("a", "ab", 0.5), ("", "ab", 0.0)],
)  # fmt: skip
def test_overlap_of_the_first_three(one: str, other: str, expected: float) -> None:
    assert overlap(one, other, k=3) == pytest.approx(expected)


def test_rank_biased_overlap_by_hand() -> None:
    """Of (a, b) and (b, a), p = .5: agreement 0 at depth 1, 1 at depth 2; .5/.5 · (0 + 1·.25) + 1 · .25 = .5."""
    assert rank_biased_overlap("ab", "ba", persistence=0.5) == pytest.approx(0.5)


def test_rank_biased_overlap_of_lists_of_two_lengths_by_hand() -> None:
    """(a) and (b, a), p = .5: X₁ = 0, X₂ = 1; Σ = 0 + ½ · .25 = .125, and beyond ((1 − 0)/2 + 0) · .25 = .125.

    Of (a) and (a, b): X₁ = X₂ = 1; Σ = .5 + ½ · .25 + 1·(2 − 1)/(1·2) · .25 = .75, and beyond (0/2 + 1/1) · .25 = .25.
    """
    assert rank_biased_overlap("a", "ba", persistence=0.5) == pytest.approx(0.25)
    assert rank_biased_overlap("a", "ab", persistence=0.5) == pytest.approx(1.0)


def test_a_change_at_the_top_weighs_more_than_one_at_the_bottom() -> None:
    assert rank_biased_overlap("abcdefghij", "bacdefghij") < rank_biased_overlap("abcdefghij", "abcdefghji")


def test_nothing_in_common() -> None:
    assert rank_biased_overlap("abc", "xyz") == 0
    assert rank_biased_overlap("", "xyz") == 0
    assert rank_biased_overlap("", "") == 1


@given(RANKINGS, RANKINGS)
def test_any_two_rankings(one: list[str], other: list[str]) -> None:
    found = rank_biased_overlap(one, other)

    assert 0 <= found <= 1
    assert found == pytest.approx(rank_biased_overlap(other, one))
    assert rank_biased_overlap(one, one) == pytest.approx(1)
    assert 0 <= overlap(one, other, k=3) == overlap(other, one, k=3) <= 1
