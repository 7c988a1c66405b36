import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.types import DocId, Pair, PairSource
from mangaassist.pairs import PairRules, cap_client_share, cap_repeats, largest_client_share

WEIGHTS = st.floats(0.01, 100)


def pair(client: str, weight: float = 1.0, *, text: str = "dark", source: PairSource = "click") -> Pair:
    return Pair(text, DocId("a"), source, weight=weight, client=client)


def weights_of(pairs: list[Pair]) -> list[float]:
    return [round(each.weight, 6) for each in pairs]


def test_a_heavy_client_is_scaled_down_to_its_share_of_the_new_sum() -> None:
    pairs = [pair("heavy", 6), pair("heavy", 3), pair("light", 1), pair("", 2)]

    capped = cap_client_share(pairs, max_share=0.4)

    assert weights_of(capped) == [1.333333, 0.666667, 1, 2], "2 of 5 is 40 %"
    assert largest_client_share(capped) == pytest.approx(0.4)


def test_a_client_exactly_at_its_share_is_left_alone_and_one_just_over_is_not() -> None:
    at, over = [pair("ann", 1.0), pair("", 3)], [pair("ann", 1.01), pair("", 3)]

    assert cap_client_share(at, max_share=0.25) == at
    assert weights_of(cap_client_share(over, max_share=0.25)) == [1.0, 3]


@pytest.mark.parametrize(("weight", "is_scaled"), [(0.99, False), (1.0, False), (1.01, True)])
def test_one_hundredth_of_the_weight_is_the_most_for_a_client_by_default(weight: float, is_scaled: bool) -> None:
    pairs = [pair("ann", weight), pair("", 99)]

    capped = cap_client_share(pairs, max_share=PairRules().max_client_share)

    assert (capped != pairs) is is_scaled
    assert largest_client_share(capped) <= 0.01


def test_too_few_clients_for_the_share_are_levelled_to_the_lightest() -> None:
    capped = cap_client_share([pair("ann", 5), pair("ben", 2)], max_share=0.01)

    assert weights_of(capped) == [2, 2]
    assert largest_client_share(capped) == 0.5


@given(
    clients=st.lists(WEIGHTS, min_size=1, max_size=30), free=st.just(0.0) | WEIGHTS, share=st.sampled_from([0.05, 0.2])
)
def test_no_client_exceeds_its_share_wherever_weights_can_obey(clients: list[float], free: float, share: float) -> None:
    pairs = [pair(f"c{number}", weight) for number, weight in enumerate(clients)] + [pair("", free)] * (free > 0)

    capped = cap_client_share(pairs, max_share=share)

    if free or len(clients) > 1 / share:
        assert largest_client_share(capped) <= share
    scales = [after.weight / before.weight for after, before in zip(capped, pairs, strict=True)]
    untouched = [before.weight for scale, before in zip(scales, pairs, strict=True) if scale == 1 and before.client]
    assert all(0 < scale <= 1 for scale in scales)
    assert max(untouched, default=0) <= max(each.weight for each in capped if each.client) + 1e-9, "only the heaviest"


@given(clients=st.lists(WEIGHTS, min_size=8, max_size=30))
def test_no_more_weight_is_taken_than_the_share_asks_for(clients: list[float]) -> None:
    pairs = [pair(f"c{number}", weight) for number, weight in enumerate(clients)]

    capped = cap_client_share(pairs, max_share=0.2)

    if capped != pairs:
        assert largest_client_share(capped) == pytest.approx(0.2)


def test_the_pairs_kept_of_a_repeated_one_are_carts_first_then_the_earliest() -> None:
    pairs = [
        Pair("dark", DocId("a"), source, client="ann", query_id=query_id)  # type: ignore[arg-type]
        for query_id, source in [("q1", "click"), ("q2", "click"), ("q3", "cart"), ("q4", "click")]
    ]

    kept, dropped = cap_repeats(reversed(pairs), max_repeats=2)

    assert [each.query_id for each in kept] == ["q1", "q3"]
    assert [each.query_id for each in dropped] == ["q2", "q4"]


def test_pairs_without_a_client_repeat_nobody() -> None:
    pairs = [pair("", source="editorial")] * 5

    assert cap_repeats(pairs, max_repeats=3) == (pairs, [])
