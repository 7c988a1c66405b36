import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.queries import Lexicon, Wishes, facet_of, phrases_of, wishes_of, words

FACETS = [
    *("brutal", "dark", "fantasy", "romance", "funny", "action", "healing", "slow-burn", "isekai", "revenge", "war"),
    *("zombies", "gangs", "sad", "love triangle", "horror", "tragedy"),
]
LEXICON = Lexicon(
    {
        "gory": ("brutal",),
        "gore": ("brutal",),
        "ギャグ": ("funny",),
        "恋愛": ("romance",),
        "異世界": ("isekai",),
        "復讐": ("revenge",),
        "戦争": ("war",),
        "怖い": ("horror",),
        "gag": ("funny",),
    },
    {"fantasy": ("isekai",), "dies": ("tragedy",)},
)
PHRASES = phrases_of(LEXICON, map(facet_of, FACETS), [("brutal",), ("dark",), ("sad",)])


def wishes(text: str) -> tuple[set[str], set[str]]:
    found = wishes_of(text, PHRASES, longest=2)
    return {" ".join(each) for each in found.wanted}, {" ".join(each) for each in found.rejected}


@pytest.mark.parametrize(
    ("text", "wanted", "rejected"),
    [
        ("dark fantasy like Berserk but less brutal", {"dark", "fantasy"}, {"brutal"}),
        ("fantasy without romance", {"fantasy"}, {"romance"}),
        ("slow burn manga but not war", {"slow burn"}, {"war"}),
        ("slow-burn, no gory stuff", {"slow burn"}, {"brutal"}),
        ("not funny but dark", {"dark"}, {"funny"}),
        ("nothing too gory please, more romance", {"romance"}, {"brutal"}),
        ("it isn't a romance", set(), {"romance"}),
        ("i'm not sure. romance", {"romance"}, set()),
        ("no one in it ever finds any true romance", {"romance"}, set()),
        ("fantasy w/o romance", {"fantasy"}, {"romance"}),
        ("no 'romance' please", set(), {"romance"}),
        ("action that isn't drowning in gore", {"action"}, {"brutal"}),
        ("the last one was too dark for me", set(), {"dark"}),
        ("too much romance in that one", set(), {"romance"}),
        ("that 'dark' one", {"dark"}, set()),
        ("", set(), set()),
    ],
)
def test_a_cue_near_a_facet_turns_it_down(text: str, wanted: set[str], rejected: set[str]) -> None:
    assert wishes(text) == (wanted, rejected)


@pytest.mark.parametrize(
    "cue",
    [
        *(
            "tired of",
            "sick of",
            "fed up with",
            "i'm so over",
            "anything but",
            "other than",
            "rather than",
            "instead of",
        ),
        *(
            "minus the",
            "hold the",
            "skip the",
            "leave out the",
            "go easy on the",
            "light on",
            "nothing with",
            "free of",
        ),
        *("i don't want", "she hates", "not a fan of", "not into", "no need for", "steer clear of", "w/out", "zero"),
        *("nothing that is full of", "doesn't have any", "please avoid", "hardly any", "spare me the", "non"),
    ],
)
def test_shoppers_turn_down_in_many_words(cue: str) -> None:
    assert wishes(f"funny manga, {cue} romance") == ({"funny"}, {"romance"})


@pytest.mark.parametrize(
    "text",
    [
        "gore-free",
        "gore free please",
        "gore isn't my thing",
        "gore is not for me",
        "gore puts me off",
        "gore need not apply",
    ],
)
def test_the_cue_may_come_after_what_is_turned_down(text: str) -> None:
    assert wishes(text) == (set(), {"brutal"})


@pytest.mark.parametrize(
    "text",
    [
        "i don't mind romance",
        "not just romance",
        "nothing but romance",
        "i've never read romance before",
        "it doesn't have to be romance",
        "can't get enough romance",
        "nothing beats a good romance",
        "i'm not afraid of romance",
    ],
)
def test_what_only_begins_like_a_cue_turns_nothing_down(text: str) -> None:
    assert wishes(text) == ({"romance"}, set())


@pytest.mark.parametrize(
    ("text", "wanted", "rejected"),
    [
        ("no zombies no gangs", set(), {"zomby", "gang"}),
        ("no zombies, gangs or gore", set(), {"zomby", "gang", "brutal"}),
        ("no zombies, evil clowns or gore", set(), {"zomby", "brutal"}),
        ("no zombies, funny please", {"funny"}, {"zomby"}),
        ("no zombies and no gangs, just romance", {"romance"}, {"zomby", "gang"}),
        ("no romance in a world of action", {"action"}, {"romance"}),
        ("no romance and gore", set(), {"romance", "brutal"}),
    ],
)
def test_a_cue_turns_down_the_first_facet_and_those_listed_with_it(
    text: str, wanted: set[str], rejected: set[str]
) -> None:
    assert wishes(text) == (wanted, rejected)


def test_of_a_mood_and_a_genre_only_the_mood_is_turned_down() -> None:
    assert wishes("no sad romance") == (set(), {"sad"})
    assert wishes("no zombies war") == (set(), {"zomby", "war"})


def test_what_is_turned_down_takes_its_kinds_along_unless_they_are_asked_for() -> None:
    assert wishes("no fantasy") == (set(), {"fantasy", "isekai"})
    assert wishes("isekai but less fantasy") == ({"isekai"}, {"fantasy"})
    assert wishes("dark but less dark than that") == (set(), {"dark"})


def test_a_phrase_that_is_only_turned_down_asks_for_nothing() -> None:
    assert wishes("nobody dies in it") == (set(), {"tragedy"})
    assert wishes("everybody dies in it") == (set(), set())


@pytest.mark.parametrize(
    ("text", "wanted", "rejected"),
    [
        ("異世界で恋愛", {"isekai", "romance"}, set()),
        ("異世界もの、恋愛要素なしで", {"isekai"}, {"romance"}),
        ("戦争とか復讐はいらないです", set(), {"war", "revenge"}),
        ("ギャグ多めは苦手", set(), {"funny"}),
        ("ギャグ多めのは求めてないです", set(), {"funny"}),
        ("恋愛シーンは控えめで、戦争の話", {"war"}, {"romance"}),
        ("恋愛より復讐", {"revenge"}, {"romance"}),
        ("恋愛以外", set(), {"romance"}),
        ("怖すぎるのは無理", set(), {"horror"}),
        ("怖くない異世界", {"isekai"}, {"horror"}),
        ("恋愛要素があまりない異世界", {"isekai"}, {"romance"}),
        ("恋愛はちょっと…", set(), {"romance"}),
        ("恋愛もちょっと欲しい", {"romance"}, set()),
        ("恋愛には興味がない", set(), {"romance"}),
        ("gag wa amari hoshikunai", set(), {"funny"}),
        ("怖い話がいい", {"horror"}, set()),
        ("gory描写なし", set(), {"brutal"}),
        ("fantasy, gag nashi", {"fantasy"}, {"funny"}),
        ("romance ja nakute action", {"action"}, {"romance"}),
        ("gag wa iranai", set(), {"funny"}),
        ("mukashi no gag mitai na no ga ii", {"funny"}, set()),
        ("romance wa ii kedo, no gag", {"romance"}, {"funny"}),
    ],
)
def test_japanese_turns_down_behind_the_facet(text: str, wanted: set[str], rejected: set[str]) -> None:
    assert wishes(text) == (wanted, rejected)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("a dark story, no gag please", ["a", "story", "no", "please"]),
        ("怖い話がいい", ["話が", "がい", "いい"]),
        ("nothing that anybody knows", ["nothing", "that", "anybody", "know"]),
    ],
)
def test_the_rest_is_the_text_without_the_phrases_that_say_a_wish(text: str, rest: list[str]) -> None:
    assert words(wishes_of(text, PHRASES, longest=2).rest) == rest


@given(st.text(max_size=60) | st.text(alphabet="no dark'’\"-, なし恋愛", max_size=30))
def test_any_text_is_read_and_no_facet_is_both_wanted_and_rejected(text: str) -> None:
    found = wishes_of(text, PHRASES, longest=2)

    assert isinstance(found, Wishes)
    assert not found.wanted & found.rejected


@pytest.mark.parametrize("unit", ["ない", "恋愛や", "no ", "no dark, ", "dark or ", "怖い"])
def test_the_longest_queries_are_read_in_a_moment(unit: str) -> None:
    """A run of kana once took time with the cube of its length: 38 s of the service for one query."""
    started = time.process_time()

    wishes_of((unit * 2_000)[:2_000], PHRASES, longest=2)

    assert time.process_time() - started < 1
