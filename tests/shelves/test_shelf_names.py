from hypothesis import given, settings
from hypothesis import strategies as st

from mangaassist.data import Title
from mangaassist.shelves.naming import names_of, telling_facets

WORDS = ("dark", "cozy", "drama", "romance", "ghosts", "cooking", "slice_of_life", "Slice of Life", "seinen", "癒し")


def title(number: int, **facets: object) -> Title:
    return Title(title_id=f"t{number}", title=f"Title {number}", **facets)


def named(*shelves: list[Title]) -> list[str]:
    return names_of(shelves, telling_facets(shelves))


def test_a_name_is_the_tone_and_genre_that_set_a_shelf_apart_and_the_theme_that_most_share() -> None:
    cozy = [title(n, genres=("slice_of_life", "drama"), tones=("healing",)) for n in range(3)]
    mystery = [title(n, genres=("mystery", "drama"), tones=("dark",), themes=("detectives",)) for n in range(3, 6)]

    assert named(cozy, mystery) == ["Healing slice of life", "Dark mystery: detectives"]


def test_what_every_shelf_has_is_in_no_name_and_sets_none_apart() -> None:
    first = [title(n, genres=("drama", "music")) for n in range(3)]
    second = [title(n, genres=("drama", "sports")) for n in range(3, 6)]

    assert [[each.name for each in told] for told in telling_facets([first, second])] == [["music"], ["sports"]]


def test_the_weight_of_a_facet_is_its_share_times_the_log_of_how_much_more_often_it_is_than_everywhere() -> None:
    held = [title(1, genres=("music",)), title(2, genres=("music",)), title(3), title(4)]
    others = [title(n) for n in range(5, 9)]

    (told,) = telling_facets([held, others])[0]

    assert (told.name, told.share) == ("music", 0.5)
    assert round(told.weight, 4) == 0.3466  # 0.5 · ln(0.5 / 0.25)


def test_a_tone_that_says_what_the_genre_does_is_not_in_the_name() -> None:
    loves = [title(n, genres=("romance",), tones=("romantic", "gentle")) for n in range(3)]
    others = [title(n, genres=("sports",)) for n in range(3, 6)]

    assert named(loves, others)[0] == "Gentle romance"


def test_shelves_that_differ_in_nothing_still_have_names_of_their_own() -> None:
    alike = [[title(10 * shelf + n, genres=("drama",)) for n in range(3)] for shelf in range(4)]

    assert named(*alike) == ["Like Title 0", "Like Title 10", "Like Title 20", "Like Title 30"]


def test_a_shop_without_facets_names_its_shelves_after_titles_even_if_all_have_one_title() -> None:
    same = [[Title(title_id=f"{shelf}-{n}", title="Vol. 1") for n in range(2)] for shelf in range(3)]

    assert named(*same) == ["Like Vol. 1", "Like Vol. 1 (2)", "Like Vol. 1 (3)"]


facets = st.lists(st.sampled_from(WORDS), max_size=3, unique=True)
titles = st.builds(
    lambda genres, tones, themes: {"genres": genres, "tones": tones, "themes": themes}, facets, facets, facets
)


@settings(deadline=None)
@given(st.lists(st.lists(titles, min_size=1, max_size=4), min_size=1, max_size=8))
def test_no_two_shelves_have_one_name_and_none_has_an_empty_one(shelves: list[list[dict[str, object]]]) -> None:
    numbered = [[title(10 * place + n, **each) for n, each in enumerate(shelf)] for place, shelf in enumerate(shelves)]

    names = named(*numbered)

    assert len({name.casefold() for name in names}) == len(names)
    assert all(name.strip() == name and name for name in names)
