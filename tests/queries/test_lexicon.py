from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import SettingsError
from mangaassist.queries import Lexicon, built_in_lexicon, lexicon_of, phrases_of, read_lexicon

FACETS = [("healing",), ("cozy",), ("slice", "of", "life")]


def test_a_phrase_means_those_of_its_facets_that_the_catalogue_has() -> None:
    lexicon = Lexicon({"iyashikei": ("healing", "iyashikei"), "癒し": ("healing",), "mecha": ("robots",)})

    phrases = phrases_of(lexicon, FACETS)

    assert phrases[("iyashikei",)].asked == phrases[("癒し",)].asked == {("healing",)}
    assert ("mecha",) not in phrases


def test_every_facet_is_a_phrase_of_its_own_unless_the_lexicon_takes_it_out() -> None:
    assert phrases_of(Lexicon(), FACETS)[("slice", "of", "life")].asked == {("slice", "of", "life")}
    assert ("cozy",) not in phrases_of(Lexicon({"cozy": ()}), FACETS)


def test_who_turns_a_facet_down_turns_its_kinds_down_and_theirs() -> None:
    facets = [("fantasy",), ("dark", "fantasy"), ("magic",), ("magic", "school"), ("elve",), ("high", "elve")]
    lexicon = Lexicon({}, {"fantasy": ("magic",), "magic": ("elves", "unicorns")})

    meaning = phrases_of(lexicon, facets)[("fantasy",)]

    assert meaning.turned_down == {("fantasy",)}
    assert meaning.along == {("dark", "fantasy"), ("magic",), ("elve",), ("high", "elve")}


def test_a_phrase_turns_down_what_it_is_listed_for_instead_of_what_it_asks_for() -> None:
    facets = [("sport",), ("soccer",), ("tragedy",)]
    lexicon = Lexicon({"football": ("sports", "soccer")}, {"football": ("soccer",), "nobody lives": ("tragedy",)})

    phrases = phrases_of(lexicon, facets)

    assert phrases[("football",)].asked == {("sport",), ("soccer",)}
    assert phrases[("football",)].turned_down == {("soccer",)}
    assert phrases[("nobody", "live")].asked == set()
    assert phrases[("nobody", "live")].turned_down == {("tragedy",)}


def test_a_japanese_adjective_is_known_in_the_forms_before_a_negation() -> None:
    phrases = phrases_of(Lexicon({"怖い": ("healing",), "ない": ("cozy",)}), FACETS)

    assert {("怖い",), ("怖く",), ("怖す", "すぎ")} <= set(phrases)


def test_what_only_describes_is_told_apart() -> None:
    phrases = phrases_of(Lexicon(), FACETS, tones=[("cozy",)])

    assert phrases[("cozy",)].describes
    assert not phrases[("healing",)].describes


def test_a_workspace_s_own_phrases_add_to_the_built_in_ones_and_go_before_them(tmp_path: Path) -> None:
    own = '[facets]\n"iyashikei" = ["gentle"]\n"snacky" = ["food"]\n[turned_down]\n"snacky" = ["gourmet"]\n'
    (tmp_path / "lexicon.toml").write_text(own)

    lexicon = read_lexicon(tmp_path)

    assert lexicon.facets["iyashikei"] == ("gentle",)
    assert lexicon.facets["snacky"] == ("food",)
    assert lexicon.facets["癒し"] == built_in_lexicon().facets["癒し"]
    assert lexicon.turned_down["snacky"] == ("gourmet",)
    assert lexicon.turned_down["fantasy"] == built_in_lexicon().turned_down["fantasy"]


def test_a_workspace_says_itself_which_words_say_nothing(tmp_path: Path) -> None:
    (tmp_path / "lexicon.toml").write_text('[ignored]\n"words" = ["Novels", "ラノベ"]\n')

    assert built_in_lexicon().ignored_words >= {"manga", "comic", "漫画"}
    assert read_lexicon(tmp_path).ignored_words == {"novel", "ラノ", "ノベ"}


def test_a_lexicon_of_a_release_from_before_there_were_ignored_words_ignores_none() -> None:
    assert lexicon_of({"facets": {"comfy": ["cozy"]}, "turned_down": {}}).ignored_words == frozenset()


@given(st.dictionaries(st.text(max_size=5), st.lists(st.text(max_size=5), max_size=3), max_size=4))
def test_a_lexicon_is_read_back_as_it_was_stored(section: dict[str, list[str]]) -> None:
    stored = {"facets": section, "turned_down": section, "ignored": section}

    assert lexicon_of(stored).as_json() == stored


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("[facets\n", "write"),
        ('[facets]\n"a" = "cozy"\n', "write"),
        ('[words]\n"a" = ["cozy"]\n', "words"),
        (b"\xff\xfe", "write"),
    ],
)
def test_a_file_that_is_no_lexicon_is_refused_with_the_way_to_write_one(
    tmp_path: Path, content: str | bytes, what: str
) -> None:
    path = tmp_path / "lexicon.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(SettingsError, match=what):
        read_lexicon(tmp_path)
