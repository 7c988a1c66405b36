from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import SettingsError
from mangaassist.feedback import Vocabulary, WordList, read_word_list
from mangaassist.feedback.slang import is_romanised

DOCUMENTS = ["A cozy story about cooking at home", "dark fantasy with demons", "isekai adventure"]
WORDS = WordList(frozenset({("nakama",), ("isekai",), ("op", "mc")}), frozenset({"banana"}))


def vocabulary(**lexicon: object) -> Vocabulary:
    return Vocabulary(DOCUMENTS, WORDS, lexicon)


def test_slang_that_the_catalogue_does_not_say_is_foreign() -> None:
    found = vocabulary().wording("nakama fantasy with an op mc")

    assert found.slang == ("nakama", "op mc")
    assert found.is_foreign(0.5)


def test_slang_that_the_catalogue_says_itself_is_none() -> None:
    assert not vocabulary().wording("dark isekai").is_foreign(0.5)


def test_a_word_of_the_lexicon_is_understood() -> None:
    assert not vocabulary(nakama=["found family"]).wording("nakama fantasy").is_foreign(0.5)


def test_romanised_japanese_is_told_by_its_syllables() -> None:
    assert vocabulary().wording("tomodachi fantasy story").romanised == ("tomodachi",)
    assert vocabulary().wording("banana fantasy").romanised == ()


@pytest.mark.parametrize("word", ["nakama", "tomodachi", "sagashite", "honobono", "chotto", "shinjitsu", "ryouri"])
def test_japanese_words_are_made_of_syllables(word: str) -> None:
    assert is_romanised(word)


@pytest.mark.parametrize("word", ["rivals", "lovers", "enemies", "burn", "strength", "girl", "ano", "magic"])
def test_other_words_are_not(word: str) -> None:
    assert not is_romanised(word)


def test_a_text_of_mostly_unknown_words_is_foreign_at_the_set_share() -> None:
    wording = vocabulary().wording("quantum cooking")

    assert (wording.unknown, wording.words) == (("quantum",), 2)
    assert wording.is_foreign(0.5)
    assert not wording.is_foreign(0.6)


def test_a_text_of_small_words_says_nothing_foreign() -> None:
    assert not vocabulary().wording("what is it like").is_foreign(0.5)


def test_the_list_can_be_edited_in_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "slang.toml").write_text('slang = ["zorbil"]\nknown = ["isekai"]\n')

    found = read_word_list(tmp_path)

    assert ("zorbil",) in found.slang
    assert ("isekai",) not in found.slang
    assert ("iyashikei",) in found.slang


@pytest.mark.parametrize("content", ["slang = 3", "slangs = []", "slang = ["])
def test_a_list_that_cannot_be_read_names_the_file_and_the_form(tmp_path: Path, content: str) -> None:
    (tmp_path / "slang.toml").write_text(content)

    with pytest.raises(SettingsError, match=r"slang\.toml: .*; write slang = "):
        read_word_list(tmp_path)


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    wording = vocabulary().wording(text)

    assert wording.words >= len(wording.unknown)
