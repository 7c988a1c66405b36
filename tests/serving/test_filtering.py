import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import DataError
from mangaassist.data import Article, Title
from mangaassist.serving import Filters
from mangaassist.serving.filtering import RATINGS, FilterMasks, rating_level, where_of

RECORDS: list[Title | Article] = [
    Title(title_id="a", title="A", age_rating="all", availability="In Print", demographic="seinen", language="en"),
    Title(title_id="b", title="B", age_rating="older_teen", availability="out_of_print", language="ja"),
    Title(title_id="c", title="C", age_rating="Mature", availability="preorder"),
    Title(title_id="d", title="D"),
    Article(article_id="e", title="E"),
]


def passing(filters: Filters, shop: str | None = None) -> str:
    mask = FilterMasks(RECORDS).allowed(where_of(filters, shop_max_age_rating=shop))
    return "".join("abcde"[row] for row in range(len(RECORDS)) if mask[row])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), "abcde"),
        (Filters(kinds=("title",)), "abcd"),
        (Filters(kinds=("article",)), "e"),
        (Filters(availability=("in print",)), "ae"),
        (Filters(availability=("IN-PRINT", "pre order")), "ace"),
        (Filters(age_rating=("mature",)), "ce"),
        (Filters(language=("ja",), kinds=("title",)), "b"),
        (Filters(demographic=("seinen", "josei")), "ae"),
        (Filters(language=("fr",)), "e"),
        (Filters(max_age_rating="teen"), "ae"),
        (Filters(max_age_rating="older teen"), "abe"),
        (Filters(max_age_rating="adult"), "abce"),
        (Filters(max_age_rating="older teen", age_rating=("mature",)), "e"),
    ],
)
def test_only_what_passes_every_filter_may_be_returned(filters: Filters, expected: str) -> None:
    assert passing(filters) == expected


def test_the_stricter_of_the_shops_and_the_requests_rating_holds() -> None:
    assert passing(Filters(max_age_rating="adult"), shop="all") == "ae"
    assert passing(Filters(max_age_rating="all"), shop="adult") == "ae"
    assert passing(Filters(), shop="older_teen") == "abe"


def test_a_title_without_a_known_rating_is_above_every_limit() -> None:
    assert "d" not in passing(Filters(max_age_rating="explicit"))


def test_an_unknown_rating_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match="there is no rating 'pg-13'; use all, teen, older teen, mature or adult"):
        rating_level("pg-13")


@given(st.sampled_from(sorted(RATINGS)), st.sampled_from(sorted(RATINGS)))
def test_a_milder_limit_never_lets_more_through(one: str, other: str) -> None:
    milder, stronger = sorted((one, other), key=rating_level)

    assert set(passing(Filters(max_age_rating=milder))) <= set(passing(Filters(max_age_rating=stronger)))
