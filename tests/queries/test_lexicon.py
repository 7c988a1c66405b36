from pathlib import Path

import pytest

from mangaassist.core.errors import SettingsError
from mangaassist.queries import built_in_lexicon, phrases_of, read_lexicon

FACETS = [("healing",), ("cozy",), ("slice", "of", "life")]


def test_a_phrase_means_those_of_its_facets_that_the_catalogue_has() -> None:
    phrases = phrases_of({"iyashikei": ("healing", "iyashikei"), "癒し": ("healing",), "mecha": ("robots",)}, FACETS)

    assert phrases[("iyashikei",)] == phrases[("癒し",)] == {("healing",)}
    assert ("mecha",) not in phrases


def test_every_facet_is_a_phrase_of_its_own_unless_the_lexicon_takes_it_out() -> None:
    assert phrases_of({}, FACETS)[("slice", "of", "life")] == {("slice", "of", "life")}
    assert ("cozy",) not in phrases_of({"cozy": ()}, FACETS)


def test_a_workspace_s_own_phrases_add_to_the_built_in_ones_and_go_before_them(tmp_path: Path) -> None:
    (tmp_path / "lexicon.toml").write_text('[facets]\n"iyashikei" = ["gentle"]\n"snacky" = ["food"]\n')

    lexicon = read_lexicon(tmp_path)

    assert lexicon["iyashikei"] == ("gentle",)
    assert lexicon["snacky"] == ("food",)
    assert lexicon["癒し"] == built_in_lexicon()["癒し"]


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
