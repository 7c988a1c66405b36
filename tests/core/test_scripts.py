"""What a text is written in, as far as five words can tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.scripts import script_of, scripts_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("dark fantasy like Berserk", "latin"),
        ("iyashikei for stress relief", "latin"),
        ("ｂｅｒｓｅｒｋ", "latin"),
        ("Übel Blatt", "latin"),
        ("癒し系の漫画", "japanese"),
        ("学園恋愛", "japanese"),
        ("ﾍﾞﾙｾﾙｸみたいな", "japanese"),
        ("「鬼滅の刃」のvol. 2", "japanese"),
        ("тёмное фэнтези", "cyrillic"),
        ("로맨스 만화", "hangul"),
        ("20, 21 & 22?", None),
        ("", None),
    ],
)
def test_the_script_of_most_letters_counts(text: str, script: str | None) -> None:
    assert script_of(text) == script


@given(st.text(max_size=60))
def test_any_text_has_one_script_or_none_whatever_its_order(text: str) -> None:
    assert script_of(text) == script_of(text[::-1])


def test_a_script_needs_so_many_different_texts() -> None:
    texts = ["one", "two", "two", "初恋", "再会"]
    assert scripts_of(texts, fewest=2) == {"latin", "japanese"}
    assert scripts_of([*texts, "three"], fewest=3) == {"latin"}
