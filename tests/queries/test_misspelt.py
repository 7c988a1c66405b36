import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from mangaassist.data import Title
from mangaassist.queries import TitleResolver
from mangaassist.queries.misspelt import FEWEST_LETTERS, SIMILARITY, MisspeltNames
from mangaassist.queries.ordinary import OrdinaryWords

TITLES = [
    Title(title_id="death-note", title="Death Note", popularity=90),
    Title(title_id="tokyo-ghoul", title="Tokyo Ghoul", title_japanese="東京喰種", popularity=80),
    Title(title_id="frieren", title="Frieren: Beyond Journey's End", aliases=("Frieren",), popularity=70),
    Title(title_id="berserk", title="Berserk", popularity=60),
    Title(title_id="naruto", title="Naruto", popularity=95),
    Title(title_id="kenshin", title="Rurouni Kenshin", aliases=("Kenshin",), popularity=50),
    Title(title_id="hokuto", title="Fist of the North Star", aliases=("HnK",), popularity=20),
    Title(title_id="houseki", title="Land of the Lustrous", aliases=("HnK",), popularity=40),
]
RESOLVER = TitleResolver(TITLES)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("deathnote without the death gods", "death-note"),
        ("tokyo goul what comes after", "tokyo-ghoul"),
        ("freiren", "frieren"),
        ("something like berserck", "berserk"),
        ("death note", "death-note"),
    ],
)
def test_a_reference_is_found_run_together_or_misspelt(text: str, title: str) -> None:
    assert RESOLVER.references(text) == (title,)


@pytest.mark.parametrize("text", ["henshin suru mahou shoujo", "a note on death", "fresh", "north star", ""])
def test_what_is_only_somewhat_alike_names_nothing(text: str) -> None:
    assert RESOLVER.references(text) == ()


def test_names_as_they_are_written_are_all_that_named_finds() -> None:
    assert RESOLVER.named("tokyo goul") == frozenset()


def test_what_the_text_compares_with_goes_before_what_it_mentions() -> None:
    assert RESOLVER.references("manga like Berserk: better than Naruto, darker than Death Note") == ("berserk",)
    assert RESOLVER.references("Naruto and Death Note") == ("naruto", "death-note")


def test_a_name_that_titles_share_stands_for_the_most_popular_of_them() -> None:
    assert RESOLVER.references("like hnk") == ("houseki",)


def test_a_word_of_many_descriptions_is_no_name_unless_the_text_compares_with_it() -> None:
    common = [Title(title_id=f"t{n}", title=f"Story {n} Xq", description="she finds another girl") for n in range(3)]
    resolver = TitleResolver([*common, Title(title_id="another", title="Another")])

    assert resolver.named("yet another girl") == frozenset()
    assert resolver.references("like Another") == ("another",)


def test_only_lower_case_words_of_descriptions_count_as_ordinary() -> None:
    ordinary = OrdinaryWords([Title(title_id=f"t{n}", title="x", description="Naruto finds a girl") for n in range(9)])

    assert ("girl",) in ordinary
    assert ("naruto",) not in ordinary
    assert ("a", "girl", "finds", "love") not in ordinary


NEARLY = st.text(alphabet="abc", min_size=1, max_size=12)


@given(st.lists(NEARLY, max_size=12), NEARLY)
def test_the_closest_name_is_the_one_that_measuring_every_name_finds(names: list[str], typed: str) -> None:
    """The index only leaves out names of another first letter or length, or with too few letter pairs in common."""
    found = MisspeltNames((name,) for name in names).closest((typed,))

    measured = [
        (-OSA.normalized_similarity(typed, name), name)
        for name in names
        if len(name) >= FEWEST_LETTERS and name[0] == typed[0] and shares_half_the_pairs(typed, name)
    ]
    near = sorted(each for each in measured if -each[0] >= SIMILARITY)
    assert found == ((near[0][1],) if near and len(typed) >= FEWEST_LETTERS else None)


def shares_half_the_pairs(typed: str, name: str) -> bool:
    own, theirs = ({text[place : place + 2] for place in range(len(text) - 1)} for text in (typed, name))
    return len(own & theirs) >= len(own) / 2
