"""An interval that may be looked at daily: hand-held numbers, coverage at every look, false alarms and power."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from mangaassist.experiments.confidence import RHO, _log_mixture, boundary, confidence_sequence

RUNS, DAYS, A_DAY = 600, 60, 40


def daily_looks(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> list[int]:
    return [A_DAY * day - 1 for day in range(1, DAYS + 1)]


def sessions(rng: np.random.Generator, preference: float, size: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """1, −1 or 0: half of the sessions prefer somebody."""
    drawn = rng.random(size)
    wins = (0.5 + preference) / 2
    return np.where(drawn < wins, 1.0, np.where(drawn < 0.5, -1.0, 0.0))


def test_the_mixture_is_the_integral_that_it_stands_for() -> None:
    """The closed form of proposition 9 against its definition: exponentials of ψ_E under a truncated gamma weight."""
    c, deviation, variance = 2.0, 12.0, 40.0
    shape, rate = RHO / c**2, RHO / c

    def weight(bet: float) -> float:
        left = 1 / c - bet  # the gamma density stands in 1/c − λ, scaled
        return float(stats.gamma.pdf(c * left * rate / c, shape, scale=1.0) * rate)

    def exponential(bet: float) -> float:
        psi = (-np.log(1 - c * bet) - c * bet) / c**2
        return float(np.exp(bet * deviation - variance * psi))

    ends = (0, 1 / c)
    top = integrate.quad(lambda bet: exponential(bet) * weight(bet), *ends)[0]
    whole = integrate.quad(weight, *ends)[0]

    found = _log_mixture(np.array([deviation]), np.array([variance]), RHO)[0]

    assert found == pytest.approx(np.log(top / whole), rel=1e-6)


def test_the_boundary_is_where_the_mixture_reaches_one_over_alpha() -> None:
    variance = np.array([0.0, 1.0, 50.0, 1e4])

    found = boundary(variance, alpha=0.025)

    assert _log_mixture(found, variance, RHO) == pytest.approx(np.full(4, np.log(40)), abs=1e-6)
    assert (np.diff(found) > 0).all()


def test_at_first_the_interval_says_nothing_and_it_narrows_with_every_thousand() -> None:
    found = confidence_sequence(sessions(np.random.default_rng(0), 0.0, 4000), low=-1, high=1)

    assert found.interval(1) == (-1.0, 1.0)
    widths = [high - low for low, high in map(found.interval, (100, 1000, 4000))]
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.15


def test_values_are_scaled_to_their_bounds() -> None:
    values = sessions(np.random.default_rng(1), 0.1, 500)
    one, other = confidence_sequence(values, low=-1, high=1), confidence_sequence(10 * values + 3, low=-7, high=13)

    assert other.interval(500) == pytest.approx([10 * end + 3 for end in one.interval(500)])
    assert (one.excludes(0.2) == other.excludes(5.0)).all()


def test_what_is_excluded_lies_outside_the_interval() -> None:
    found = confidence_sequence(sessions(np.random.default_rng(1), 0.3, 300), low=-1, high=1)

    first = found.first_outside(0.0)

    assert first is not None
    assert found.interval(first)[0] > 0 >= found.interval(first - 1)[0]


def test_a_value_out_of_bounds_is_refused() -> None:
    with pytest.raises(ValueError, match=r"cannot lie in \[-1, 1\]"):
        confidence_sequence([0.0, 1.5], low=-1, high=1)


def test_no_value_gives_no_interval() -> None:
    assert len(confidence_sequence([], low=0, high=1).mean) == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60))
def test_the_mean_lies_in_its_interval_and_the_interval_in_the_bounds(values: list[float]) -> None:
    found = confidence_sequence(values, low=-1, high=1)

    low, high = found.interval(len(values))
    assert found.mean[-1] == pytest.approx(np.mean(values), abs=1e-12)
    assert -1 <= low <= found.mean[-1] + 1e-12
    assert found.mean[-1] - 1e-12 <= high <= 1


def test_daily_looks_over_sixty_days_cry_wolf_in_at_most_five_percent_of_runs_where_a_fixed_interval_does_in_many() -> (
    None
):
    rng, ours, naive = np.random.default_rng(2), 0, 0
    for _ in range(RUNS):
        values = sessions(rng, 0.0, DAYS * A_DAY)
        looks = daily_looks(values)
        found = confidence_sequence(values, low=-1, high=1)
        counts = np.arange(1, len(values) + 1)
        error = np.sqrt((np.cumsum(values**2) / counts - found.mean**2) / counts)
        ours += bool(found.excludes(0.0)[looks].any())
        naive += bool((np.abs(found.mean[looks]) > 1.96 * error[looks]).any())

    assert ours / RUNS <= 0.05
    assert naive / RUNS > 0.2


def test_it_holds_the_average_of_what_was_to_be_expected_though_that_moves() -> None:
    """A preference that swings from week to week: the interval is about the average so far."""
    rng, missed = np.random.default_rng(3), 0
    swing = 0.3 * np.sin(np.arange(DAYS * A_DAY) / 200)
    for _ in range(300):
        drawn = rng.random(len(swing))
        values = np.where(drawn < (0.5 + swing) / 2, 1.0, np.where(drawn < 0.5, -1.0, 0.0))
        found = confidence_sequence(values, low=-1, high=1)
        truth = np.cumsum(swing) / np.arange(1, len(swing) + 1)
        missed += bool(found.excludes(truth).any())

    assert missed / 300 <= 0.05


@pytest.mark.parametrize(("preference", "within"), [(0.2, 300), (0.1, 1000)])
def test_a_true_preference_is_found_in_eight_of_ten_runs(preference: float, within: int) -> None:
    """A fixed design with one look needs 98 and 392 sessions for this."""
    rng = np.random.default_rng(4)

    found = [
        confidence_sequence(sessions(rng, preference, within), low=-1, high=1).first_outside(0.0) for _ in range(200)
    ]

    assert sum(each is not None for each in found) / 200 >= 0.8
