"""Any string becomes one that every encoder can take."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.encoders.cleaning import clean_text

ANY_STRING = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("Ｂｅｒｓｅｒｋ\0ｶﾞｯﾂ", "Berserk ガッツ"),
        ("  two \n\t lines ", "two lines"),
        ("a\ud800b", "a b"),
        ("", "."),
        (" \0\n", "."),
        ("abcdef", "abcde"),
        ("abcd ef", "abcd"),
    ],
    ids=repr,
)
def test_texts_are_normalised_printable_cut_and_never_empty(text: str, cleaned: str) -> None:
    assert clean_text(text, limit=5 if text.startswith("abcd") else 100) == cleaned


@given(ANY_STRING, st.integers(1, 40))
def test_cleaning_keeps_its_promises_for_any_string(text: str, limit: int) -> None:
    cleaned = clean_text(text, limit=limit)

    assert 1 <= len(cleaned) <= limit
    assert unicodedata.is_normalized("NFKC", cleaned)
    assert not {unicodedata.category(char) for char in cleaned} & {"Cc", "Cs"}
    assert clean_text(cleaned, limit=limit) == cleaned
    assert cleaned.encode("utf-8")
