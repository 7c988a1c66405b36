import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.errors import DataError
from mangaassist.core.types import PAIR_SOURCES, DocId, Pair, PairSource
from mangaassist.pairs import PairRules, balance_pairs, balance_popularity, cap_synthetic_share, source_shares


def pairs_on(doc_ids: str, source: PairSource = "click", weight: float = 1.0) -> list[Pair]:
    return [Pair(f"text {n}", DocId(doc_id), source, weight) for n, doc_id in enumerate(doc_ids.split())]


def test_exponent_zero_changes_nothing_and_one_gives_every_document_the_same() -> None:
    pairs = pairs_on("a a a b")

    assert [pair.weight for pair in balance_popularity(pairs, exponent=0)] == [1, 1, 1, 1]
    assert [pair.weight for pair in balance_popularity(pairs, exponent=1)] == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2])


def test_exponent_one_half_leaves_a_document_the_root_of_its_pairs() -> None:
    weights = [pair.weight for pair in balance_popularity(pairs_on("a a a a b"), exponent=0.5)]

    assert weights[4] / sum(weights[:4]) == pytest.approx(1 / 2), "4 pairs against 1 become 2 against 1"
    assert sum(weights) == pytest.approx(5)


def test_balancing_one_source_takes_no_weight_from_another() -> None:
    pairs = [*pairs_on("a a a b"), *pairs_on("a c", "editorial", 3.0)]

    assert source_shares(balance_popularity(pairs, exponent=0.7)) == pytest.approx({"click": 0.4, "editorial": 0.6})


@pytest.mark.parametrize(("synthetic", "is_scaled"), [(19, False), (20, True), (21, True), (500, True)])
def test_the_synthetic_share_ends_below_its_bound(synthetic: int, is_scaled: bool) -> None:
    pairs = [*pairs_on("a " * 80), *pairs_on("b " * synthetic, "synthetic")]

    capped = cap_synthetic_share(pairs, max_share=0.2)

    share = source_shares(capped)["synthetic"]
    assert share < 0.2
    assert (capped != pairs) is is_scaled
    if is_scaled:
        assert share == pytest.approx(0.2)


def test_synthetic_pairs_alone_cannot_be_below_a_fifth() -> None:
    with pytest.raises(DataError, match="add pairs from clicks"):
        cap_synthetic_share(pairs_on("a b", "synthetic"), max_share=0.2)


def test_corpus_pairs_do_not_make_room_for_synthetic_ones() -> None:
    pairs = [*pairs_on("a " * 10), *pairs_on("b " * 10, "synthetic"), *pairs_on("c " * 1000, "corpus")]

    balanced = balance_pairs(pairs, PairRules())

    weight = {source: sum(pair.weight for pair in balanced.pairs if pair.source == source) for source in PAIR_SOURCES}
    assert weight["synthetic"] / (weight["synthetic"] + weight["click"]) < 0.2
    assert weight["corpus"] == 1000
    assert sum(balanced.share_by_source.values()) == pytest.approx(1)


def test_a_client_has_three_pairs_for_one_text_and_document_over_all_sources() -> None:
    clicks = [Pair("dark", DocId("a"), "click", client="ann")] * 3
    carts = [Pair("dark", DocId("a"), "cart", client="ann")] * 2

    balanced = balance_pairs([*clicks, *carts], PairRules())

    assert sorted(pair.source for pair in balanced.pairs) == ["cart", "cart", "click"]
    assert balanced.repeats == 2


@given(
    clicks=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=60),
    synthetic=st.integers(0, 40),
    exponent=st.floats(0, 1),
)
def test_whatever_is_balanced_both_caps_hold_together(
    clicks: list[tuple[int, int]], synthetic: int, exponent: float
) -> None:
    logged = [
        Pair(f"text {n}", DocId(f"d{doc}"), "click", client=f"c{client}") for n, (client, doc) in enumerate(clicks)
    ]
    pairs = [*logged, *pairs_on("a " * 5, "editorial"), *pairs_on("b " * synthetic, "synthetic")]

    balanced = balance_pairs(pairs, PairRules(max_client_share=0.1, popularity_exponent=exponent))

    assert balanced.share_by_source.get("synthetic", 0) < 0.2
    assert balanced.largest_client_share <= 0.1
    assert all(pair.weight > 0 for pair in balanced.pairs)


@pytest.mark.parametrize(
    "bad", [{"max_client_share": 1.5}, {"popularity_exponent": -0.1}, {"max_repeats": 0}, {"max_synthetic_share": 2.0}]
)
def test_rules_out_of_range_are_refused_by_name(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        PairRules(**bad)  # type: ignore[arg-type]
