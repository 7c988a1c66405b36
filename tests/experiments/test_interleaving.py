"""Team-draft interleaving: small lists one can draft by hand, and what holds for any two rankings."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.types import DocId
from mangaassist.experiments.interleaving import Slot, team_draft

RANKINGS = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12)


def drafted(live: Sequence[str], candidate: Sequence[str], *, k: int = 10, seed: str = "s") -> list[Slot]:
    return team_draft([DocId(each) for each in live], [DocId(each) for each in candidate], k=k, seed=seed)


def both_drafts(live: str, candidate: str, k: int) -> set[str]:
    """Every list that some coins give, with the teams in capitals for the candidate."""
    lists = (drafted(live, candidate, k=k, seed=str(seed)) for seed in range(64))
    return {"".join(slot.id.upper() if slot.team == "candidate" else str(slot.id) for slot in slots) for slots in lists}


def test_two_picks_each_by_hand() -> None:
    """Live a b c d, candidate b d a c. Per round a coin says who picks first; nobody picks what is there."""
    assert both_drafts("abcd", "bdac", 4) == {"aBcD", "aBDc", "BacD", "BaDc"}


def test_who_picks_second_takes_its_next_best() -> None:
    assert both_drafts("abc", "acb", 3) == {"abC", "aCb"}


def test_what_both_begin_with_is_drafted_by_neither() -> None:
    slots = drafted("pqabc", "pqcba")

    assert [(slot.id, slot.team) for slot in slots[:2]] == [("p", "both"), ("q", "both")]
    assert {slot.team for slot in slots[2:]} == {"live", "candidate"}


def test_equal_rankings_earn_nobody_a_credit() -> None:
    assert [slot.team for slot in drafted("abcde", "abcde", k=3)] == ["both"] * 3


def test_places_in_both_rankings_are_told() -> None:
    (slot,) = drafted("ab", "cb", k=1)[:1]

    assert slot == Slot(
        1, slot.id, "live" if slot.id == "a" else "candidate", *((1, None) if slot.id == "a" else (None, 1))
    )


def test_when_one_ranking_is_used_up_the_other_fills_the_list() -> None:
    assert [slot.id for slot in drafted("a", "bcd")][2:] == ["c", "d"]
    assert drafted("", "") == []


def test_a_seed_gives_one_list_and_another_seed_another() -> None:
    lists = {tuple(drafted("abcdef", "fedcba", seed=f"q-{number}")) for number in range(50)}

    assert drafted("abcdef", "fedcba", seed="q-1") == drafted("abcdef", "fedcba", seed="q-1")
    assert len(lists) > 4


@given(RANKINGS, RANKINGS, st.integers(1, 10), st.text(max_size=5))
def test_any_two_rankings(live: list[str], candidate: list[str], k: int, seed: str) -> None:
    slots = drafted(live, candidate, k=k, seed=seed.encode("utf-8", "replace").decode())

    ids = [slot.id for slot in slots]
    assert len(set(ids)) == len(ids) == min(k, len({*live, *candidate}))
    assert [slot.position for slot in slots] == list(range(1, len(slots) + 1))
    picks = Counter[Any](slot.team for slot in slots)
    full = k <= min(len(live), len(candidate))
    assert not full or abs(picks["live"] - picks["candidate"]) <= 1
    for slot in slots:
        assert slot.live == (live.index(slot.id) + 1 if slot.id in live else None)
        assert slot.candidate == (candidate.index(slot.id) + 1 if slot.id in candidate else None)
        ranking, place = (candidate, slot.candidate) if slot.team == "candidate" else (live, slot.live)
        assert place is not None
        assert set(ranking[: place - 1]) <= set(ids[: slot.position - 1])  # a team's pick is its best that is left


def test_over_many_queries_the_coins_are_fair_and_a_shopper_who_clicks_by_place_prefers_nobody() -> None:
    """Unrelated rankings, clicks that only look at the position: each team earns half, as the source proves."""
    rng, earned, firsts = np.random.default_rng(0), Counter[str](), Counter[str]()
    for number in range(6000):
        live, candidate = (["".join(each) for each in rng.permutation(list("abcdefghij"))] for _ in range(2))
        slots = drafted(live, candidate, seed=f"query {number}")
        if slots[0].team == "both":
            continue
        firsts[slots[0].team] += 1
        place = min(int(rng.geometric(0.4)), 10) - 1
        earned[slots[place].team] += 1

    for counted in (firsts, earned):
        share = counted["candidate"] / (counted["candidate"] + counted["live"])
        assert abs(share - 0.5) < 3 * 0.5 / np.sqrt(5000)
