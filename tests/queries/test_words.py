import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.queries import folded, words
from mangaassist.queries.words import first_word


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Found-family stories", ["found", "family", "story"]),
        ("Ｂｅｒｓｅｒｋ's vampires", ["berserk", "vampire"]),
        ("癒し系の漫画", ["癒し", "し系", "系の", "の漫", "漫画"]),
        ("巨", ["巨"]),
        ("ﾍﾞﾙｾﾙｸ", ["ベル", "ルセ", "セル", "ルク"]),
        ("bus glass this", ["bus", "glass", "this"]),
        ("", []),
    ],
)
def test_latin_words_lose_case_accent_and_plural_and_japanese_ones_come_as_pairs(
    text: str, expected: list[str]
) -> None:
    assert words(text) == expected


def test_accents_fall_off_latin_letters_and_voicing_stays_on_kana() -> None:
    assert folded("Übel ガ") == "ubel ガ"


@given(st.text(max_size=80))
def test_folding_twice_changes_nothing_more_and_words_are_never_empty(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert all(words(text))


@given(st.text(st.sampled_from("aBéSsiuyガカァ漫画1 "), max_size=12))
def test_the_first_word_of_a_run_of_letters_is_that_of_its_words(text: str) -> None:
    for run in re.findall("[ァ-ン漫画]+|[a-z1]+", folded(text)):
        assert first_word(run) == words(run)[0]
