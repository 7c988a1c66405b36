import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from mangaassist.evaluation import Verdicts, agreement

UNHURRIED = settings(deadline=None, max_examples=40)


def counted(both: int, first: int, second: int, neither: int) -> list[Verdicts]:
    kinds = [(True, True, both), (True, False, first), (False, True, second), (False, False, neither)]
    verdicts = [(a, b) for a, b, count in kinds for _ in range(count)]
    return [Verdicts(str(number % 10), a, b) for number, (a, b) in enumerate(verdicts)]


def test_kappa_is_the_agreement_beyond_chance() -> None:
    found = agreement(counted(20, 5, 10, 15), seed=0)

    # agreed 35 of 50; by chance .5 · .6 + .5 · .4 = .5; (.7 - .5) / .5
    assert found is not None
    assert found.kappa == pytest.approx(0.4)
    assert found.agreed == pytest.approx(0.7)
    assert (found.verdicts, found.groups) == (50, 10)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.4 < found.high


def test_full_agreement_is_1_and_chance_is_0() -> None:
    full, chance = agreement(counted(10, 0, 0, 10), seed=0), agreement(counted(4, 4, 4, 4), seed=0)

    assert full is not None
    assert chance is not None
    assert full.kappa == pytest.approx(1)
    assert chance.kappa == pytest.approx(0)


def test_one_who_always_says_the_same_has_no_kappa() -> None:
    found = agreement(counted(10, 0, 0, 0), seed=0)

    assert found is not None
    assert (found.kappa, found.low, found.high, found.agreed) == (None, None, None, 1.0)


def test_without_verdicts_there_is_no_agreement() -> None:
    assert agreement([], seed=0) is None


VERDICTS = st.lists(
    st.builds(Verdicts, st.sampled_from("abcde"), st.booleans(), st.booleans(), st.integers(1, 4).map(float)),
    min_size=1,
    max_size=40,
)


@UNHURRIED
@given(verdicts=VERDICTS)
def test_kappa_is_that_of_an_independent_implementation(verdicts: list[Verdicts]) -> None:
    found = agreement(verdicts, seed=0)

    assert found is not None
    labels = [[each.first for each in verdicts], [each.second for each in verdicts]]
    if found.kappa is None:
        assert len({label for column in labels for label in column}) == 1
    else:
        wanted = cohen_kappa_score(*labels, sample_weight=[each.weight for each in verdicts])
        assert found.kappa == pytest.approx(wanted)


@UNHURRIED
@given(verdicts=VERDICTS)
def test_it_does_not_matter_who_is_first_and_the_same_seed_gives_the_same_interval(verdicts: list[Verdicts]) -> None:
    swapped = [Verdicts(each.group, each.second, each.first, each.weight) for each in verdicts]

    assert agreement(verdicts, seed=3) == agreement(verdicts, seed=3)
    mine, other = agreement(verdicts, seed=3), agreement(swapped, seed=3)
    assert mine is not None
    assert other is not None
    assert other.kappa == (None if mine.kappa is None else pytest.approx(mine.kappa))
