"""What `train --fix NAME` changes in pairs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mangaassist.core.types import DocId, Pair, PairSource
from mangaassist.data import Title
from mangaassist.pairs import (
    FIXES,
    PairRules,
    SyntheticPair,
    TasteFacets,
    balance_pairs,
    bilingual_pairs,
    fixed_rules,
    synthetic_pairs,
    taste_pairs,
)

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def pair(positive: str, client: str = "", *, text: str = "dark", days: float = 0, source: PairSource = "click") -> Pair:
    return Pair(text, DocId(positive), source, client=client, at=NOON + timedelta(days=days))


def weight_by_document(pairs: list[Pair], rules: PairRules) -> dict[str, float]:
    weights: dict[str, float] = {}
    for each in balance_pairs(pairs, rules).pairs:
        weights[each.positive] = weights.get(each.positive, 0.0) + each.weight
    return weights


# Rules


def test_without_fixes_the_rules_are_what_they_were() -> None:
    assert fixed_rules(PairRules(), []) == PairRules()


def test_a_fix_never_loosens_a_stricter_rule() -> None:
    strict = PairRules(max_synthetic_share=0.05, max_document_share=0.01, max_client_share=0.001)

    fixed = fixed_rules(strict, FIXES)

    assert (fixed.max_synthetic_share, fixed.max_document_share, fixed.max_client_share) == (0.05, 0.01, 0.001)


def test_the_fix_of_popularity_collapse_gives_every_document_the_same_weight() -> None:
    pairs = [pair("seller", f"c{number}") for number in range(98)] + [pair("rare", "x"), pair("other", "y")]
    open_to_all = PairRules(max_client_share=1.0)

    before = weight_by_document(pairs, open_to_all)
    after = weight_by_document(pairs, fixed_rules(open_to_all, ["popularity_collapse"]))

    assert before["seller"] > 9 * before["rare"]
    assert after == {"seller": pytest.approx(100 / 3), "rare": pytest.approx(100 / 3), "other": pytest.approx(100 / 3)}


def test_the_fix_of_click_farm_leaves_three_bots_no_more_of_a_title_than_three_readers_have() -> None:
    bots = [pair("junk", f"bot{each}", text=f"text {number}") for number in range(50) for each in range(3)]
    readers = [pair("junk", f"c{number}") for number in range(60)]
    fans = [pair("aria", f"c{number}") for number in range(200)]
    unfixed = PairRules(max_repeats=1000, max_client_share=1.0, popularity_exponent=0.0)

    before = weight_by_document([*bots, *readers, *fans], unfixed)
    after = balance_pairs([*bots, *readers, *fans], replace(fixed_rules(unfixed, ["click_farm"]), max_client_share=1.0))

    junk = [each for each in after.pairs if each.positive == "junk"]
    of_bots = sum(each.weight for each in junk if each.client.startswith("bot"))
    assert before["junk"] == pytest.approx(210)
    assert of_bots <= 0.15 * sum(each.weight for each in junk) + 1e-9


def test_a_document_share_of_one_caps_nothing() -> None:
    pairs = [pair("junk", "bot", text=f"text {number}") for number in range(9)]

    assert weight_by_document(pairs, PairRules(max_client_share=1.0)) == {"junk": pytest.approx(9)}


def test_the_fix_of_synthetic_drift_drops_the_generators_that_drift() -> None:
    reviewed = [
        SyntheticPair("1", "cozy manga", DocId("aria"), "facets", "accepted", "ann"),
        SyntheticPair("2", "gondolas", DocId("aria"), "alias", "accepted", "ann"),
    ]
    rules = fixed_rules(PairRules(), ["synthetic_drift"], drifting=["facets"])

    report = synthetic_pairs(reviewed, [DocId("aria")], dropped_generators=rules.dropped_generators)

    assert [each.query_text for each in report.pairs] == ["gondolas"]
    assert report.dropped == {"dropped_generator": 1}
    assert rules.max_synthetic_share == 0.10


# Diverse positives within a client's taste

FACETS = {
    DocId("berserk"): TasteFacets(frozenset({"fantasy"}), frozenset({"bleak"})),
    DocId("claymore"): TasteFacets(frozenset({"fantasy"}), frozenset({"bleak"})),
    DocId("monster"): TasteFacets(frozenset({"thriller"}), frozenset({"bleak"})),
    DocId("aria"): TasteFacets(frozenset({"sci-fi"}), frozenset({"healing"})),
}


def history(days: float = -10, last: PairSource = "cart") -> list[Pair]:
    return [
        pair("claymore", "ann", days=days),
        pair("aria", "ann", days=days + 1, source="cart"),
        pair("monster", "ann", days=days + 2, source=last),
    ]


def test_a_bought_title_of_the_same_tone_and_another_genre_is_a_diverse_positive() -> None:
    found = taste_pairs([*history(), pair("berserk", "ann", text="dark fantasy")], FACETS)

    assert [(each.query_text, each.positive, each.source) for each in found] == [("dark fantasy", "monster", "cart")]


@pytest.mark.parametrize(
    "pairs",
    [
        [*history(), pair("berserk", "bob")],
        [*history(days=-100), pair("berserk", "ann")],
        [*history()[1:], pair("berserk", "ann")],
        [*history(last="click"), pair("berserk", "ann")],
        [*history(), pair("berserk", "")],
    ],
    ids=["another client", "over 90 days ago", "two titles", "clicked and not bought", "no client"],
)
def test_without_a_taste_there_is_none(pairs: list[Pair]) -> None:
    assert [each for each in taste_pairs(pairs, FACETS) if each.query_text == "dark"] == []


def test_what_is_bought_later_says_nothing_of_earlier_searches() -> None:
    assert taste_pairs([pair("berserk", "ann"), *history(days=1)], FACETS) == []


# Names in every language


def test_every_name_that_is_not_the_english_title_becomes_a_pair() -> None:
    title = Title(
        title_id="aria", title="Aria", title_romaji="ARIA", title_japanese="アリア", aliases=("Aqua", "アリア")
    )

    assert [(each.query_text, each.positive, each.source, each.weight) for each in bilingual_pairs([title])] == [
        ("アリア", "aria", "corpus", 2.0),
        ("Aqua", "aria", "corpus", 2.0),
    ]


def test_a_phrase_is_paired_with_titles_that_have_all_it_means() -> None:
    titles = [
        Title(title_id="aria", title="Aria", tones=("healing",), genres=("slice_of_life",)),
        Title(title_id="yuru", title="Yuru", tones=("healing",)),
    ]

    found = bilingual_pairs(titles, {"iyashikei": ["healing", "slice of life"]})

    assert [(each.query_text, each.positive) for each in found] == [("iyashikei", "aria")]
