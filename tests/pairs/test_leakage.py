from collections.abc import Collection

import pytest

from mangaassist.core.errors import DataError, LeakageError
from mangaassist.core.types import DocId, Pair, PairSource, Query, QueryId
from mangaassist.pairs import check_no_leakage, drop_leaks, find_leaks

DISTINCT = "".join(chr(0x4E00 + place) for place in range(102))
TEST = {
    "t1": Query(QueryId("t1"), "cosy slice of life with found family"),
    "t2": Query(QueryId("t2"), "manga like Berserk: less brutal"),
    "t3": Query(QueryId("t3"), DISTINCT),
    "t4": Query(QueryId("t4"), "quiet wandering", metadata={"reference": "mushishi"}),
}
QRELS = {
    QueryId("t1"): {DocId("yotsuba"): 2, DocId("barakamon"): 0},
    QueryId("t2"): {DocId("claymore"): 1, DocId("nana"): 0},
    QueryId("t5"): {DocId("pluto"): 1},
}


def pair(
    text: str,
    positive: str = "pluto",
    source: PairSource = "click",
    *,
    query_id: str | None = None,
    evidence: tuple[str, ...] = (),
    negatives: tuple[str, ...] = (),
) -> Pair:
    return Pair(
        text,
        DocId(positive),
        source,
        query_id=None if query_id is None else QueryId(query_id),
        evidence=evidence,
        negatives=tuple(DocId(each) for each in negatives),
    )


def named_titles(text: str) -> Collection[DocId]:
    names = ("berserk", "mushishi", "vinland", "claymore", "nana")
    return [DocId(name) for name in names if name in text.casefold()]


def check(*pairs: Pair) -> None:
    check_no_leakage(pairs, TEST.values(), QRELS, named_titles=named_titles)


CLEAN = [
    pair("manga like Vinland", "berserk", "editorial"),
    pair("giant robots", source="synthetic"),
    pair("giant robots", source="judgement", query_id="q1", evidence=("e1",)),
]


def test_pairs_that_know_nothing_of_the_test_pass() -> None:
    check(*CLEAN)


def test_a_click_on_a_text_near_or_equal_to_a_test_query_is_no_leak() -> None:
    """It makes the query seen, and seen queries are scored apart."""
    check(pair("cosy slice of life with found family", "yotsuba"), pair("Manga like Berserk, less brutal!", "claymore"))


@pytest.mark.parametrize(
    "leak",
    [pair("x", query_id="t1"), pair("x", query_id="t5"), pair("x", source="feedback", evidence=("e1", "t2"))],
)
def test_a_test_query_id_in_training_is_found_wherever_it_stands(leak: Pair) -> None:
    with pytest.raises(LeakageError, match=r"^1 of 4 training pairs know the test set; the first: test query id: "):
        check(*CLEAN, leak)


@pytest.mark.parametrize("source", ["judgement", "feedback"])
def test_a_judgement_of_the_test_under_another_id_is_found(source: PairSource) -> None:
    text = "Cosy Slice of Life with Found Family"

    for leak in (
        pair(text, "yotsuba", source, query_id="q1"),
        pair(text, "barakamon", source),
        pair(text, "new", source, negatives=("barakamon",)),
    ):
        with pytest.raises(LeakageError, match=r"test judgement: .* leaks test query 't1'"):
            check(*CLEAN, leak)
    check(pair(text, "never judged", source), pair(text + "!", "yotsuba", source))


@pytest.mark.parametrize(("shared", "leaks"), [(59, False), (60, True), (61, True)])
def test_synthetic_text_leaks_from_six_tenths_of_a_test_query_on(shared: int, leaks: bool) -> None:
    """The test query has 100 trigrams, so a prefix with n of them has a Jaccard similarity of n / 100."""
    synthetic = pair(DISTINCT[: shared + 2], source="synthetic")

    if leaks:
        with pytest.raises(LeakageError, match=r"synthetic text near a test query: .* leaks test query 't3'"):
            check(synthetic)
    else:
        check(synthetic)


@pytest.mark.parametrize(
    ("text", "positive", "test_query"),
    [
        ("manga like Berserk", "vinland", "t2"),
        ("manga like Mushishi", "yotsuba", "t4"),
        ("manga like Claymore", "berserk", "t2"),
    ],
    ids=["reference named in the text", "reference known from metadata", "mirrored judgement"],
)
def test_an_editorial_pair_of_a_test_reference_is_found(text: str, positive: str, test_query: str) -> None:
    with pytest.raises(LeakageError, match=f"editorial reference: .* leaks test query '{test_query}'"):
        check(*CLEAN, pair(text, positive, "editorial"))


def test_a_reference_as_answer_to_a_title_that_is_not_relevant_to_it_is_no_leak() -> None:
    check(pair("manga like Nana", "berserk", "editorial"))


def test_editorial_pairs_that_cannot_be_checked_are_an_error_not_a_pass() -> None:
    with pytest.raises(DataError, match="named_titles"):
        check_no_leakage(CLEAN, TEST.values(), QRELS)


def test_leaks_can_be_dropped_before_training_and_are_reported() -> None:
    leaks = [pair("x", query_id="t1"), pair(DISTINCT, source="synthetic")]

    kept, found = drop_leaks([*CLEAN, *leaks], TEST.values(), QRELS, named_titles=named_titles)

    assert kept == CLEAN
    assert [(leak.rule, leak.pair) for leak in found] == [
        ("test query id", leaks[0]),
        ("synthetic text near a test query", leaks[1]),
    ]
    assert find_leaks(kept, TEST.values(), QRELS, named_titles=named_titles) == []
