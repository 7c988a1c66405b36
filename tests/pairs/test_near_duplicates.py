from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.pairs import NearDuplicateIndex, jaccard, near_duplicate_groups

TEXTS = st.lists(st.text("abc ", max_size=30), max_size=12)
DISTINCT = "".join(chr(0x4E00 + place) for place in range(102))
"""102 different characters: 100 trigrams, and a prefix of n characters shares n - 2 of them."""


def test_jaccard_is_shared_trigrams_over_all() -> None:
    assert jaccard("abcdefg", "abcde") == 3 / 5
    assert jaccard("abc", "xyz") == 0


def test_width_and_case_make_no_difference() -> None:
    assert jaccard("ＢＥＲＳＥＲＫ like", "berserk LIKE") == 1


@pytest.mark.parametrize(("left", "right", "similarity"), [("ab", "AB", 1), ("ab", "ba", 0), ("", "", 1), ("", "a", 0)])
def test_a_text_too_short_for_a_trigram_is_its_own_only_gram(left: str, right: str, similarity: float) -> None:
    assert jaccard(left, right) == similarity


@pytest.mark.parametrize(("shared", "is_near"), [(59, False), (60, True), (61, True)])
def test_texts_are_near_duplicates_from_six_tenths_on(shared: int, is_near: bool) -> None:
    index = NearDuplicateIndex([DISTINCT])

    assert jaccard(DISTINCT, DISTINCT[: shared + 2]) == shared / 100
    assert index.has_match(DISTINCT[: shared + 2]) is is_near
    assert NearDuplicateIndex([DISTINCT[: shared + 2]]).has_match(DISTINCT) is is_near


@given(indexed=TEXTS, asked=TEXTS, threshold=st.sampled_from([0.3, 0.5, 0.6, 0.75, 1.0]))
def test_the_index_finds_exactly_what_comparing_all_finds(
    indexed: list[str], asked: list[str], threshold: float
) -> None:
    index = NearDuplicateIndex(indexed, threshold=threshold)

    for text in asked + indexed:
        expected = [place for place, other in enumerate(indexed) if jaccard(text, other) >= threshold]
        assert index.matches(text) == expected


@given(texts=TEXTS, threshold=st.sampled_from([0.3, 0.6, 1.0]))
def test_every_pair_of_near_duplicates_is_found_once(texts: list[str], threshold: float) -> None:
    found = [frozenset(pair) for pair in NearDuplicateIndex(texts, threshold=threshold).pairs()]

    expected = {
        frozenset({left, right})
        for left, right in combinations(range(len(texts)), 2)
        if jaccard(texts[left], texts[right]) >= threshold
    }
    assert set(found) == expected
    assert len(found) == len(expected)


@given(st.lists(st.text("abcdefghij", min_size=20, max_size=60), min_size=1, max_size=6), st.data())
def test_the_index_finds_edited_copies_of_longer_texts(texts: list[str], data: st.DataObject) -> None:
    index = NearDuplicateIndex(texts)
    text = data.draw(st.sampled_from(texts))
    place = data.draw(st.integers(0, len(text)))
    edited = text[:place] + data.draw(st.text("abcxyz", max_size=12)) + text[place:]

    assert index.matches(edited) == [n for n, other in enumerate(texts) if jaccard(edited, other) >= 0.6]


def test_groups_join_near_duplicates_of_near_duplicates_under_the_first_of_them() -> None:
    chain = [DISTINCT[start : start + 50] for start in (0, 10, 20)]

    assert jaccard(chain[0], chain[2]) < 0.6
    assert near_duplicate_groups(["apart", chain[2], chain[0], chain[1], "APART"]) == [0, 1, 1, 1, 0]


def test_no_texts_have_no_groups_and_no_matches() -> None:
    assert near_duplicate_groups([]) == []
    assert NearDuplicateIndex([]).matches("anything") == []


@pytest.mark.parametrize("threshold", [0, -0.1, 1.01])
def test_a_threshold_no_similarity_can_reach_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        NearDuplicateIndex([], threshold=threshold)
