import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.data import Title
from mangaassist.queries import TitleResolver
from mangaassist.queries.ordinary import LISTED

TITLES = [
    Title(title_id="berserk", title="Berserk", title_japanese="ベルセルク", aliases=("Kenpuu Denki Berserk",)),
    Title(title_id="monster", title="Monster", title_japanese="モンスター"),
    Title(title_id="given", title="Given", title_japanese="ギヴン"),
    Title(title_id="dragon-ball", title="Dragon Ball", title_japanese="ドラゴンボール", aliases=("DB",)),
    Title(title_id="dragon-ball-super", title="Dragon Ball Super", title_japanese="ドラゴンボール超"),
    Title(title_id="20th-century-boys", title="20th Century Boys", title_japanese="20世紀少年", aliases=("20CB",)),
    Title(title_id="girls-last-tour", title="Girls' Last Tour", title_japanese="少女終末旅行"),
    Title(title_id="yotsuba", title="Yotsuba&!", title_romaji="Yotsubato!", title_japanese="よつばと!"),
    Title(title_id="ubel-blatt", title="Übel Blatt"),
    Title(title_id="nana", title="Nana", title_japanese="ナナ"),
    Title(title_id="gyo", title="Gyo", title_japanese="ギョ"),
    Title(title_id="hokuto", title="Fist of the North Star", aliases=("HnK",)),
    Title(title_id="houseki", title="Land of the Lustrous", aliases=("HnK",)),
    Title(title_id="kyo", title="巨", aliases=("F4",)),
    Title(title_id="number", title="1984"),
]
RESOLVER = TitleResolver(TITLES)


def named(text: str) -> set[str]:
    return set(RESOLVER.named(text))


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("dark fantasy like Berserk but less brutal", "berserk"),
        ("kenpuu denki berserk", "berserk"),
        ("BERSERK!!", "berserk"),
        ("Berserk's art and nothing else", "berserk"),
        ("Ｂｅｒｓｅｒｋ みたいな", "berserk"),
        ("ﾍﾞﾙｾﾙｸみたいなダークファンタジー", "berserk"),
        ("ベルセルクみたいなダークファンタジー", "berserk"),
        ("girls last tour but warmer", "girls-last-tour"),
        ("Girls’ Last Tour", "girls-last-tour"),
        ("anything like yotsubato?", "yotsuba"),
        ("yotsuba & friends", "yotsuba"),
        ("よつばとのような日常", "yotsuba"),
        ("ubel blatt vibes", "ubel-blatt"),
        ("20th century boys", "20th-century-boys"),
        ("20世紀少年が好き", "20th-century-boys"),
    ],
)
def test_a_title_is_named_by_any_of_its_names_however_they_are_typed(text: str, title: str) -> None:
    assert named(text) == {title}


@pytest.mark.parametrize(
    "text", ["berserker armour", "goberserk", "bers erk", "century boys", "cozy slice of life", ""]
)
def test_half_a_word_or_half_a_name_names_nothing(text: str) -> None:
    assert named(text) == set()


def test_of_overlapping_names_only_the_longest_counts() -> None:
    assert named("like dragon ball super") == {"dragon-ball-super"}
    assert named("ドラゴンボール超") == {"dragon-ball-super"}
    assert named("dragon ball, super strong heroes") == {"dragon-ball-super"}
    assert named("a super dragon ball") == {"dragon-ball"}


def test_a_text_may_name_several_titles() -> None:
    assert named("dragon ball or Berserk, then dragon ball super") == {"dragon-ball", "berserk", "dragon-ball-super"}


def test_a_name_that_titles_share_names_them_all() -> None:
    assert named("hnk vibes") == {"hokuto", "houseki"}


@pytest.mark.parametrize("text", ["db when", "f4", "巨"])
def test_latin_names_under_three_letters_and_japanese_ones_under_two_are_not_looked_for(text: str) -> None:
    assert named(text) == set()


def test_latin_names_of_three_letters_and_japanese_ones_of_two_are_looked_for() -> None:
    assert named("gyo") == named("ギョが怖い") == {"gyo"}


@pytest.mark.parametrize("text", ["a monster under the bed", "given up on love", "unlike monster movies", "in 1984"])
def test_an_ordinary_word_names_no_title(text: str) -> None:
    assert named(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "something like monster, the one in germany",
        "similar to Monster",
        'like "Monster" please',
        'is "Monster." any good',
        "「monster」を読んだ",
        "モンスターみたいなサスペンス",
        "モンスターに似た漫画",
    ],
)
def test_an_ordinary_word_names_a_title_after_like_or_in_quotes(text: str) -> None:
    assert named(text) == {"monster"}


def test_a_japanese_name_in_a_long_text_names_a_title_only_after_like_or_in_quotes() -> None:
    told = "静かな町で暮らす少女が、ある夜ふしぎな手紙を受けとり、遠い国から来た{}に会いに行く長い旅の物語です"
    assert named(told.format("ナナ")) == set()
    assert named(told.format("「ナナ」")) == named(told.format("ナナみたいな人")) == {"nana"}
    assert named(told.format("ドラゴンボール超")) == {"dragon-ball-super"}


def test_a_number_names_a_title_only_like_an_ordinary_word() -> None:
    assert named("like 1984") == {"number"}


def test_a_katakana_name_is_not_found_inside_a_longer_katakana_word() -> None:
    assert named("バナナが出てくる") == named("ギョーザの漫画") == set()
    assert named("大好きなナナの漫画") == {"nana"}


def test_ordinary_words_are_written_as_they_are_compared() -> None:
    for word in LISTED:
        assert RESOLVER.named(f'"{word}"') <= {"monster", "given", "nana"}
        assert TitleResolver([Title(title_id="t", title=word)]).named(f"like {word}") == {"t"}
        assert TitleResolver([Title(title_id="t", title=word)]).named(word) == set()


def test_no_titles_name_nothing() -> None:
    assert TitleResolver([]).named("like Berserk") == frozenset()


@given(st.text(max_size=40), st.sampled_from(["Berserk", "Dragon Ball", "20th Century Boys"]), st.text(max_size=40))
def test_a_name_set_apart_by_spaces_is_always_found(before: str, name: str, after: str) -> None:
    [title] = RESOLVER.named(name)
    longer = "Dragon Ball" in name and after.lstrip().casefold().startswith("super")

    assert longer or title in RESOLVER.named(f"{before} | {name} | {after}")


@given(st.text(max_size=60))
def test_any_text_is_read_and_names_only_known_titles(text: str) -> None:
    assert RESOLVER.named(text) <= {title.title_id for title in TITLES}
