"""What proposals are made of: texts that a shopper could have typed."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.data import Article, Title
from mangaassist.pairs.article_texts import heading_text, rules_of
from mangaassist.pairs.title_texts import alias_text, author_text, clauses_of, facets_text

Write = Callable[[Title, np.random.Generator], str | None]

WORDS = st.text(alphabet="abcs'{}_- \u3042\u30a2&!.", min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
FACETS = st.lists(WORDS, max_size=3)


def all_texts(write: Write, title: Title, draws: int = 300) -> set[str]:
    """Everything that so many draws write for the title."""
    rng = np.random.default_rng(0)
    return {text for _ in range(draws) if (text := write(title, rng)) is not None}


def title(**details: object) -> Title:
    return Title.model_validate({"title_id": "t", "title": "The Title", **details})


def test_only_plural_themes_are_what_a_manga_is_about() -> None:
    texts = all_texts(
        facets_text, title(genres=["horror"], tones=["bleak"], themes=["demons", "world war ii", "battle of wits"])
    )

    assert {text.split("about ")[1] for text in texts if "about" in text} == {"demons"}
    assert "bleak world war ii manga" in texts


def test_no_text_says_a_word_twice_or_in_two_forms() -> None:
    romance = title(genres=["romance", "slice_of_life"], tones=["romantic"], themes=["school life"])

    texts = all_texts(facets_text, romance)

    assert "school life romance manga" in texts
    assert not [text for text in texts if "romantic" in text and "romance" in text]
    assert not [text for text in texts if text.count("life") > 1]


def test_a_title_without_themes_is_asked_for_by_tone_and_genre() -> None:
    assert "dark horror manga" in all_texts(facets_text, title(genres=["horror"], tones=["dark"]))


@pytest.mark.parametrize("missing", ["genres", "tones"])
def test_without_genres_or_tones_there_are_no_facets_to_ask_for(missing: str) -> None:
    known = {"genres": ["horror"], "tones": ["dark"], "themes": ["demons"]}

    assert all_texts(facets_text, title(**{**known, missing: []})) == set()


def test_names_are_asked_for_in_their_own_language_and_never_the_usual_one() -> None:
    known = title(aliases=["The Title", "Other Name"], title_japanese="題名")

    texts = all_texts(alias_text, known)

    assert {"do you have other name", "題名はありますか"} <= texts
    assert not [text for text in texts if "the title" in text or ("題名" in text and "do you" in text)]


def test_a_name_that_says_manga_is_not_followed_by_manga() -> None:
    assert "splatoon manga manga" not in all_texts(alias_text, title(aliases=["Splatoon manga"]))


def test_clauses_are_whole_sentences_their_parts_and_what_stands_before_the_first_comma() -> None:
    description = (
        "Haunted? Dr. Mori rows a gondola through the drowned city, sings and hopes. She keeps a cafe on the coast: "
        "hardly anyone comes to drink coffee there. Killy walks. But then one day it all went wrong."
    )

    assert clauses_of(description) == [
        "dr. mori rows a gondola through the drowned city, sings and hopes",
        "dr. mori rows a gondola through the drowned city",
        "she keeps a cafe on the coast",
        "hardly anyone comes to drink coffee there",
    ]


@pytest.mark.parametrize(("words", "is_one"), [(5, False), (6, True), (20, True), (21, False)])
def test_a_clause_has_six_to_twenty_words(words: int, is_one: bool) -> None:
    assert bool(clauses_of(" ".join(["word"] * words) + ".")) is is_one


@pytest.mark.parametrize(
    ("statement", "question"),
    [
        ("Preorders can be cancelled at any time.", "can preorders be cancelled at any time"),
        ("You cannot return opened box sets, sorry.", "can i return opened box sets"),
        ("We do not post to the US on Sundays.", "do you post to the us on sundays"),
        ("Your card is charged on the day it leaves us.", "is my card charged on the day it leaves you"),
        ("Points may be sent to you by email.", "can points be sent to me by email"),
        ("A receipt is sent for every parcel and lists all.", "is a receipt sent for every parcel"),
    ],
)
def test_a_rule_is_asked_from_the_shoppers_side(statement: str, question: str) -> None:
    assert rules_of(statement) == [question]


@pytest.mark.parametrize(
    "statement",
    [
        "It can be mistaken about such things.",
        "If the card is declined you can try again later.",
        "Anything that you may keep is yours for good.",
        "We stopped using plastic some years ago.",
        "Cards never expire.",
        "",
    ],
)
def test_what_cannot_be_understood_alone_is_not_asked(statement: str) -> None:
    assert rules_of(statement) == []


def test_a_heading_that_speaks_to_the_shopper_is_turned_round() -> None:
    rng = np.random.default_rng(0)
    texts = {heading_text(Article(article_id="a", title="When your parcel reaches you"), rng) for _ in range(50)}

    assert {"when my parcel reaches i", "help: when my parcel reaches i"} & texts == set()
    assert {"when my parcel reaches me", "help: when my parcel reaches me"} <= texts


@given(names=FACETS, genres=FACETS, tones=FACETS, themes=FACETS, seed=st.integers(0, 99))
def test_whatever_the_metadata_holds_a_text_is_lower_case_and_whole(
    names: list[str], genres: list[str], tones: list[str], themes: list[str], seed: int
) -> None:
    odd = title(aliases=names, authors=names, genres=genres, tones=tones, themes=themes)

    for write in (facets_text, author_text, alias_text):
        text = write(odd, np.random.default_rng(seed))
        assert text is None or (text == text.lower() and text.strip())


@given(st.text(max_size=200))
def test_any_description_or_help_text_is_read(text: str) -> None:
    assert all(clause == clause.lower() for clause in clauses_of(text))
    assert all(question == question.lower() for question in rules_of(text))
