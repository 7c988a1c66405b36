from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.shop_settings import ShopSettings
from mangaassist.core.types import DocId
from mangaassist.serving.shop_rules import IN_PRINT_BONUS, Placed, placed

FOUND = {DocId("a"): 0.9, DocId("b"): 0.8, DocId("c"): 0.7, DocId("d"): 0.6}


def rules(found: dict[DocId, float], k: int = 10, gone: str = "", **shop: object) -> list[Placed]:
    return placed(found, ShopSettings(**shop), k, out_of_print={*map(DocId, gone)})  # type: ignore[arg-type]


def ids(results: list[Placed]) -> str:
    return "".join(each.doc_id for each in results)


def test_without_rules_the_ranking_stays_and_nothing_is_said() -> None:
    results = rules(FOUND, k=3)

    assert ids(results) == "abc"
    assert [each.said for each in results] == [(), (), ()]
    assert results[0].score == 0.9


def test_pinned_ones_come_first_in_the_order_of_the_settings_where_they_were_found() -> None:
    results = rules(FOUND, pin=("d", "x", "b"))

    assert ids(results) == "dbac"
    assert results[0].said == ("pinned by the shop",)
    assert results[0].score == 0.6


def test_buried_ones_come_last() -> None:
    results = rules(FOUND, bury=("a",))

    assert ids(results) == "bcda"
    assert results[-1].said == ("placed last by the shop",)


def test_a_document_both_pinned_and_buried_is_pinned() -> None:
    assert ids(rules(FOUND, pin=("c",), bury=("c",))) == "cabd"


def test_a_title_out_of_print_goes_behind_its_equal() -> None:
    close = {DocId("a"): 0.8, DocId("b"): 0.8 - IN_PRINT_BONUS / 2}
    results = rules(close, gone="a")

    assert ids(results) == "ba"
    assert [each.said for each in results] == [("available: preferred by the shop among equals",), ()]
    assert ids(rules(close, gone="a", prefer_in_print=False)) == "ab"


def test_a_title_out_of_print_that_is_clearly_better_stays_first() -> None:
    assert ids(rules({DocId("a"): 0.8, DocId("b"): 0.8 - 2 * IN_PRINT_BONUS}, gone="a")) == "ab"


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1, 1), max_size=8),
    st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True),
    st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True),
    st.sets(st.sampled_from("abcdefgh")),
)
def test_rules_move_documents_and_neither_add_nor_lose_one(
    scores: dict[str, float], pin: list[str], bury: list[str], gone: set[str]
) -> None:
    found = {DocId(name): score for name, score in sorted(scores.items(), key=lambda item: -item[1])}

    results = rules(found, gone="".join(gone), pin=tuple(pin), bury=tuple(bury))

    assert sorted(each.doc_id for each in results) == sorted(found)
    assert all(each.score == found[each.doc_id] for each in results)
