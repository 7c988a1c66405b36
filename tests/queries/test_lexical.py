import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.queries import LexicalIndex, columns


def test_the_score_is_bm25_over_the_best() -> None:
    index = LexicalIndex(["dragon dragon knight", "knight", "cooking", *["baking"] * 5])

    found = index.scores("dragon knight")

    mean = 10 / 8
    idf = {word: math.log(1 + (8 - held + 0.5) / (held + 0.5)) for word, held in (("dragon", 1), ("knight", 2))}
    first = idf["dragon"] * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / mean))
    first += idf["knight"] * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 3 / mean))
    second = idf["knight"] * 2.2 / (1 + 1.2 * (0.25 + 0.75 / mean))
    assert found.tolist() == pytest.approx([1, second / first, *[0] * 6], abs=1e-6)


def test_what_is_left_of_a_message_speaks_by_its_share_of_the_idf_of_all_its_words() -> None:
    texts = ["ramen and a cat", *["a dog and a cat"] * 20, "a ramen shop"]
    index = LexicalIndex(texts)
    idf = {word: math.log(1 + (22 - held + 0.5) / (held + 0.5)) for word, held in (("ramen", 2), ("shop", 1))}

    found = index.scores("ramen it", of="ramen shop")

    assert found.max() == pytest.approx(idf["ramen"] / (idf["ramen"] + idf["shop"]))
    assert found / found.max() == pytest.approx(index.scores("ramen"))
    assert index.scores("ramen shop", of="ramen shop").tolist() == index.scores("ramen shop").tolist()


def test_a_word_that_nobody_knows_tells_the_most() -> None:
    """Of "ramen like blorptide" the misspelt name is what was meant, not the word that is left."""
    index = LexicalIndex(["ramen and a cat", *["a dog and a cat"] * 20])

    assert index.scores("ramen", of="ramen blorptide").max() < 0.5
    assert not index.scores("", of="ramen").any()
    assert not index.scores("it", of="").any()


def test_a_word_that_stands_for_a_name_is_not_matched() -> None:
    index = LexicalIndex(["it is about ramen", "a cat", "a dog"])

    assert not index.scores("like it", of="like berserk").any()
    assert index.scores("like it", of="do they like it").any()


def test_words_of_most_documents_are_matched_only_where_there_are_no_rarer_ones() -> None:
    index = LexicalIndex(["ramen and a cat", *["a dog and a cat"] * 20, "a ramen shop"])

    assert index.scores("a ramen cat").tolist() == index.scores("ramen").tolist()
    assert index.scores("cat").astype(bool).tolist() == [True] * 21 + [False]


def test_unknown_words_match_nothing_and_no_documents_are_no_error() -> None:
    assert not LexicalIndex(["a dragon"]).scores("zebra").any()
    assert LexicalIndex([]).scores("zebra").shape == (0,)
    assert LexicalIndex([""]).scores("zebra").tolist() == [0]


def test_japanese_is_matched_by_pairs_of_letters() -> None:
    found = LexicalIndex(["異世界で料理", "学園の恋愛"]).scores("異世界もの")

    assert found.tolist() == [1, 0]


@given(
    st.lists(st.text(alphabet="ab 漫画", max_size=12), min_size=1, max_size=6), st.text(alphabet="ab 漫画", max_size=8)
)
def test_scores_lie_between_0_and_1_and_the_best_is_1_where_a_word_is_known(texts: list[str], query: str) -> None:
    found = LexicalIndex(texts).scores(query)

    assert found.shape == (len(texts),)
    assert np.all((found >= 0) & (found <= 1))
    assert found.max() in (0, 1)


def test_telling_words_are_those_that_a_document_holds_and_few_others_do() -> None:
    index = LexicalIndex(["ramen and a cat", *["a dog and a cat"] * 20, "a ramen shop"])

    assert index.telling_words(["cat", "ramen", "zebra", "dog"], 0) == ["ramen"]
    assert index.telling_words(["ramen", "shop", "dog", "ramen"], 21) == ["shop", "ramen"]


@given(
    st.lists(st.text(alphabet="ab 漫画", max_size=12), min_size=1, max_size=6), st.text(alphabet="ab 漫画", max_size=8)
)
def test_words_of_many_documents_count_just_as_others_do(texts: list[str], query: str) -> None:
    """Their weights are kept in another shape, for speed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "MANY", 1.0)
        plain = LexicalIndex(texts).scores(query)
        patch.setattr(columns, "MANY", 0.0)

        assert LexicalIndex(texts).scores(query).tolist() == plain.tolist()


def test_telling_words_of_several_documents_are_those_of_each() -> None:
    index = LexicalIndex(["ramen and a cat", *["a dog and a cat"] * 20, "a ramen shop"])
    typed = ["cat", "ramen", "zebra", "shop"]

    found = index.telling_words_of(typed, [21, 3, 0, 21])

    assert found == [index.telling_words(typed, row) for row in (21, 3, 0, 21)]
    assert found == [["shop", "ramen"], [], ["ramen"], ["shop", "ramen"]]


def test_no_document_is_found_by_an_ignored_word_nor_is_it_a_reason() -> None:
    index = LexicalIndex(["a manga artist draws manga", "a ramen shop"], ignored=frozenset({"manga"}))

    assert not index.scores("manga").any()
    assert index.scores("manga about ramen").tolist() == [0, 1]
    assert index.telling_words(["manga", "artist"], 0) == ["artist"]
    assert LexicalIndex(["a manga artist", "a ramen shop"]).scores("manga").tolist() == [1, 0]
