"""Claims of gain hold together: few false ones over a whole family, and none from a handful of groups."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mangaassist.core.types import GroupId, QueryId
from mangaassist.evaluation.claims import claim_of, holm, sign_flip_p

Sample = tuple[dict[QueryId, float], dict[QueryId, GroupId]]
FLIPS = 499


def drawn(rng: np.random.Generator, *, groups: int, gain: float = 0.0) -> Sample:
    """Differences that hang together within groups of one to six queries; without `gain`, none on average."""
    differences: dict[QueryId, float] = {}
    group_of: dict[QueryId, GroupId] = {}
    for group in range(groups):
        shared = rng.normal(gain, 0.3)
        for _ in range(rng.integers(1, 7)):
            query_id = QueryId(f"q{len(differences):04}")
            differences[query_id] = float(shared + rng.normal(0, 0.1))
            group_of[query_id] = GroupId(f"g{group}")
    return differences, group_of


def p_of(sample: Sample, seed: int = 0) -> float:
    return sign_flip_p(*sample, seed=seed, flips=FLIPS)


# One slice


def test_with_three_groups_p_is_the_share_of_the_eight_sign_flips_that_lie_as_far_out() -> None:
    """Totals 3, 2 and 1: of ±3±2±1 only +6 and −6 are as far from zero as 6, and 2 of 8 is a quarter."""
    differences = {QueryId("a"): 3.0, QueryId("b"): 2.0, QueryId("c"): 1.0}

    assert sign_flip_p(differences, {}, seed=0) == pytest.approx(0.25, abs=0.02)


def test_the_queries_of_a_group_are_flipped_together() -> None:
    """Forty queries that all gained are overwhelming on their own, and nothing at all as one group."""
    differences = {QueryId(f"q{number}"): 1.0 for number in range(40)}

    assert sign_flip_p(differences, {}, seed=0) < 0.001
    assert sign_flip_p(differences, dict.fromkeys(differences, GroupId("one")), seed=0) == 1.0


def test_five_groups_that_all_gain_claim_nothing() -> None:
    differences = {QueryId(f"q{number}"): 1.0 for number in range(50)}
    groups = {query_id: GroupId(f"g{number % 5}") for number, query_id in enumerate(differences)}

    p = sign_flip_p(differences, groups, seed=0)

    assert p == pytest.approx(2 / 2**5, abs=0.01)
    assert claim_of(1.0, p) is None


def test_where_nothing_differs_p_is_one() -> None:
    assert sign_flip_p({QueryId("a"): 0.0, QueryId("b"): 0.0}, {}, seed=0) == 1.0


def test_gain_and_loss_have_the_same_p() -> None:
    differences, groups = drawn(np.random.default_rng(1), groups=20, gain=0.1)
    mirrored = {query_id: -value for query_id, value in differences.items()}

    assert p_of((differences, groups)) == p_of((mirrored, groups))


# A family of slices


def test_holm_s_correction_by_hand() -> None:
    """4 × .01, 3 × .02, 2 × .03 and 1 × .04, none below the one before it."""
    assert holm({"d": 0.04, "a": 0.01, "c": 0.03, "b": 0.02}) == pytest.approx(
        {"a": 0.04, "b": 0.06, "c": 0.06, "d": 0.06}
    )


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1, exclude_min=True), max_size=8))
def test_corrected_values_stay_in_order_and_never_shrink(p_values: dict[str, float]) -> None:
    corrected = holm(p_values)

    assert all(p_values[name] <= corrected[name] <= 1 for name in p_values)
    in_order = sorted(p_values, key=lambda name: p_values[name])
    assert all(corrected[a] <= corrected[b] for a, b in pairwise(in_order))


@pytest.mark.parametrize(("p", "claim"), [(0.05, "gain"), (math.nextafter(0.05, 1), None)])
def test_a_claim_is_made_at_the_bound_and_not_just_over_it(p: float, claim: str | None) -> None:
    assert claim_of(0.1, p) == claim


def families_with_a_claim(*, groups: int, families: int = 300, slices: int = 5) -> float:
    """The share of families without any difference in which a claim is made all the same."""
    rng, claiming = np.random.default_rng(7), 0
    for family in range(families):
        samples = {str(each): drawn(rng, groups=groups) for each in range(slices)}
        corrected = holm({name: p_of(sample, seed=family) for name, sample in samples.items()})
        claiming += any(claim_of(1.0, p) for p in corrected.values())
    return claiming / families


@pytest.mark.parametrize("groups", [12, 40])
def test_at_most_five_percent_of_families_without_any_difference_make_a_claim(groups: int) -> None:
    chance = 2.6 * math.sqrt(0.05 * 0.95 / 300)

    assert families_with_a_claim(groups=groups) <= 0.05 + chance


def test_a_planted_gain_is_claimed_beside_slices_without_one() -> None:
    rng = np.random.default_rng(3)
    samples = {name: drawn(rng, groups=40) for name in ("tone", "support", "phrasing")}
    samples["similar"] = drawn(rng, groups=40, gain=0.3)

    corrected = holm({name: p_of(sample) for name, sample in samples.items()})

    claims = {name: claim_of(float(np.mean(list(samples[name][0].values()))), p) for name, p in corrected.items()}
    assert claims == {"tone": None, "support": None, "phrasing": None, "similar": "gain"}
