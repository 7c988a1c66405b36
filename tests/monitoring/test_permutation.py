from datetime import date, timedelta

import numpy as np
import pytest

from mangaassist.core.monitor_settings import MonitorSettings
from mangaassist.monitoring import Tally, compare, day_blocks
from mangaassist.monitoring.checks import checks_for, population_stability
from mangaassist.monitoring.permutation import Blocks, chances

MONDAY = date(2026, 9, 7)
RULES = MonitorSettings(fewest=10)


def days(first: int, tallies: list[Tally]) -> dict[date, Tally]:
    return {MONDAY + timedelta(days=first + number): tally for number, tally in enumerate(tallies)}


def clicks(zero: int, seen: int = 100) -> Tally:
    return Tally({"searches": seen, "seen": seen, "zero_click": zero})


def test_days_are_exchanged_with_the_same_weekday_only() -> None:
    blocks = day_blocks(days(0, [clicks(40)] * 14), days(14, [clicks(40)] * 7))

    draws = blocks.every_draw()

    assert blocks.exchanges == len(draws) == 3**7
    assert (draws.sum(axis=1) == 7).all()
    for weekday in range(7):
        assert (draws[:, blocks.strata == weekday].sum(axis=1) == 1).all()


def test_random_draws_begin_with_the_window_as_it_is_and_keep_its_size_in_every_stratum() -> None:
    blocks = day_blocks(days(0, [clicks(40)] * 28), days(28, [clicks(40)] * 14))

    draws = np.concatenate(list(blocks.some_draws(50, np.random.default_rng(0))))

    assert (draws[0] == blocks.is_window).all()
    assert len({draw.tobytes() for draw in draws}) > 40
    for weekday in range(7):
        assert (draws[:, blocks.strata == weekday].sum(axis=1) == 2).all()


def test_the_chance_of_the_clearest_change_is_one_exchange_of_all() -> None:
    blocks = day_blocks(days(0, [clicks(40 + number % 3) for number in range(14)]), days(14, [clicks(80)] * 7))

    (check,) = [
        check for check in checks_for(total(blocks, False), total(blocks, True), RULES) if "click" in check.name
    ]

    assert chances(blocks, [check], permutations=1999, rng=np.random.default_rng(0)) == [pytest.approx(3.0**-7)]


def total(blocks: Blocks, side: bool) -> Tally:
    found = Tally()
    for tally, inside in zip(blocks.tallies, blocks.is_window, strict=True):
        if inside == side:
            found.update(tally)
    return found


def test_equal_days_have_chance_one() -> None:
    blocks = day_blocks(days(0, [clicks(40)] * 14), days(14, [clicks(40)] * 7))

    assert {verdict.p for verdict in compare(blocks, RULES, seed=0)} == {1.0}


def test_a_weekend_that_was_always_so_is_no_change() -> None:
    """Every Saturday and Sunday has twice as many; the window has a weekend like the others."""
    rng = np.random.default_rng(1)
    week = [40, 40, 40, 40, 40, 80, 80]
    made = [clicks(int(rng.binomial(400, zero / 100)), 400) for zero in week * 3]

    verdicts = compare(day_blocks(days(0, made[:14]), days(14, made[14:])), RULES, seed=0)

    assert all(verdict.status == "ok" for verdict in verdicts)


def test_first_cases_of_what_never_happened_are_found() -> None:
    """The reference has no spread at all."""
    never, some = Tally({"searches": 100}), Tally({"searches": 100, "degraded": 5})

    verdicts = {
        each.name: each for each in compare(day_blocks(days(0, [never] * 14), days(14, [some] * 7)), RULES, seed=0)
    }

    assert verdicts["degraded_share"].status == "alarm"
    assert verdicts["degraded_share"].change == pytest.approx(0.05)


def test_exchange_holds_its_rate_of_false_alarms_at_one_look() -> None:
    """400 looks at 10 % a look, days with habits of their own: binomially at most 13.5 % once in a hundred times."""
    rules = MonitorSettings(fewest=10, false_alarms=0.1, looks=1, least_zero_click=0.0001, permutations=199)
    alarms = 0
    for run in range(400):
        rng = np.random.default_rng(run)
        made = [clicks(int(rng.binomial(200, np.clip(rng.normal(0.4, 0.05), 0, 1))), 200) for _ in range(21)]
        blocks = day_blocks(days(0, made[:14]), days(14, made[14:]))
        alarms += any(verdict.status == "alarm" for verdict in compare(blocks, rules, seed=run))

    assert alarms / 400 <= 0.135


def test_population_stability_of_equal_distributions_is_nothing_and_known_by_hand() -> None:
    same = np.full(10, 1000.0)

    assert population_stability(same, same) == pytest.approx(0, abs=1e-12)
    moved = same.copy()
    moved[0], moved[9] = 2000.0, 0.0
    by_hand = (2000.5 - 1000.5) / 10005 * np.log(2000.5 / 1000.5) + (0.5 - 1000.5) / 10005 * np.log(0.5 / 1000.5)
    assert population_stability(same, moved) == pytest.approx(by_hand)
