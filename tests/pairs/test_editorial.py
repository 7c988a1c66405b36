import numpy as np
import pytest

from mangaassist.core.types import DocId
from mangaassist.data import CuratedPair, Title
from mangaassist.pairs import editorial_pairs


def title(
    title_id: str, genres: str = "fantasy", tones: str = "dark", *, series: str | None = None, name: str = ""
) -> Title:
    return Title(
        title_id=title_id,
        title=name or title_id.title(),
        genres=tuple(genres.split()),
        tones=tuple(tones.split()),
        series_id=series,
    )


TITLES = [
    title("berserk", "fantasy action", "dark brutal", series="berserk"),
    title("claymore", "fantasy", "dark", series="claymore"),
    title("slime", "Fantasy", "funny"),
    title("frieren", "fantasy", "gentle bittersweet"),
    title("aria", "slice_of_life", "gentle"),
    title("toneless", "fantasy", ""),
    title("guide", "fantasy", "funny", series="berserk"),
    title("claymore-gag", "fantasy", "funny", series="claymore"),
]
ROW = CuratedPair(title_id="berserk", similar_id="claymore", shared="dark medieval swords")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_query_is_manga_like_the_title_with_the_editors_words() -> None:
    [pair] = editorial_pairs([ROW], TITLES, rng=rng()).pairs

    assert (pair.query_text, pair.positive, pair.source, pair.weight, pair.client) == (
        "manga like Berserk: dark medieval swords",
        "claymore",
        "editorial",
        1.0,
        "",
    )
    assert pair.evidence == ("curated:berserk:claymore",)


def test_without_words_the_query_is_only_the_title() -> None:
    [pair] = editorial_pairs([CuratedPair(title_id="berserk", similar_id="claymore")], TITLES, rng=rng()).pairs

    assert pair.query_text == "manga like Berserk"


def test_negatives_share_a_genre_and_no_tone_and_belong_to_neither_series() -> None:
    [pair] = editorial_pairs([ROW], TITLES, rng=rng()).pairs

    assert set(pair.negatives) == {"slime", "frieren"}


@pytest.mark.parametrize(
    ("genres", "tones", "is_negative"),
    [
        ("fantasy", "funny", True),
        ("horror ACTION", "funny cozy", True),
        ("fantasy action", "funny DARK", False),
        ("fantasy", "brutal", False),
        ("horror", "funny", False),
        ("", "funny", False),
        ("fantasy", "", False),
    ],
)
def test_one_genre_in_common_is_enough_and_one_tone_too_much(genres: str, tones: str, is_negative: bool) -> None:
    shelf = [*TITLES[:2], title("other", genres, tones)]

    [pair] = editorial_pairs([ROW], shelf, rng=rng()).pairs

    assert (pair.negatives == ("other",)) is is_negative


@pytest.mark.parametrize(("one", "other"), [("berserk", "slime"), ("slime", "berserk")])
def test_a_title_curated_as_similar_in_either_direction_is_no_negative(one: str, other: str) -> None:
    pairs = editorial_pairs([ROW, CuratedPair(title_id=one, similar_id=other)], TITLES, rng=rng()).pairs

    assert [pair.negatives for pair in pairs if pair.positive == "claymore"] == [("frieren",)]


def test_a_title_without_tones_has_no_negatives() -> None:
    [pair] = editorial_pairs([CuratedPair(title_id="toneless", similar_id="slime")], TITLES, rng=rng()).pairs

    assert pair.negatives == ()


@pytest.mark.parametrize(("count", "drawn"), [(0, 0), (3, 3), (4, 4), (9, 6)])
def test_a_fixed_number_of_negatives_is_drawn_if_there_are_so_many(count: int, drawn: int) -> None:
    many = [title("berserk"), title("claymore"), *(title(f"t{number}", tones="funny") for number in range(6))]

    [pair] = editorial_pairs([ROW], many, rng=rng(), negatives=count).pairs

    assert len(set(pair.negatives)) == len(pair.negatives) == drawn


def test_a_seed_decides_the_draw_and_the_order_of_rows_and_titles_does_not() -> None:
    many = [title("berserk"), title("claymore"), *(title(f"t{number:02d}", tones="funny") for number in range(40))]
    rows = [ROW, CuratedPair(title_id="claymore", similar_id="berserk")]

    pairs = editorial_pairs(rows, many, rng=rng(1)).pairs

    assert editorial_pairs(rows[::-1], many[::-1], rng=rng(1)).pairs == pairs
    assert editorial_pairs(rows, many, rng=rng(2)).pairs != pairs


@pytest.mark.parametrize("row", [("berserk", "gone"), ("gone", "berserk")])
def test_a_row_about_a_title_outside_the_catalogue_is_dropped_and_counted(row: tuple[str, str]) -> None:
    report = editorial_pairs([ROW, CuratedPair(title_id=row[0], similar_id=row[1])], TITLES, rng=rng())

    assert [pair.positive for pair in report.pairs] == [DocId("claymore")]
    assert (report.raw_events, report.dropped) == (2, {"unknown_document": 1})


def test_no_rows_make_no_pairs() -> None:
    report = editorial_pairs([], TITLES, rng=rng())

    assert (report.pairs, report.raw_events, report.dropped) == ([], 0, {})
