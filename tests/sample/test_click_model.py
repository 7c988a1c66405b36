from collections import Counter
from math import sqrt

import pytest

from mangaassist.sample.click_model import ClickModel, Visit
from mangaassist.sample.simulator_dice import Dice

VISITS = 20_000
PLAIN = ClickModel(scroll_on=1.0, popularity_taste=0.0, noise=0.0, stop_by_grade=(0.0, 0.0, 0.0))
"""Nobody tires, nobody is satisfied, tastes and slips are off: clicks are examination times attraction."""


def visits(model: ClickModel, grades: list[int], tastes: list[float] | None = None) -> list[Visit]:
    dice = Dice(5)
    return [model.visit(grades, tastes or [0.0] * len(grades), dice) for _ in range(VISITS)]


def click_rate(seen: list[Visit], position: int) -> float:
    return sum(position in visit.clicked for visit in seen) / len(seen)


def near(expected: float, of: int = VISITS) -> object:
    """Within four standard errors of a share: off by chance once in 16,000 times, and never for this seed."""
    return pytest.approx(expected, abs=4 * sqrt(expected * (1 - expected) / of))


@pytest.mark.parametrize("position", [1, 2, 5, 10])
def test_a_click_needs_examination_which_falls_with_the_position(position: int) -> None:
    seen = visits(PLAIN, [2] * 10)

    assert click_rate(seen, position) == near(0.60 * position**-0.6)


@pytest.mark.parametrize(("grade", "chance"), [(0, 0.05), (1, 0.40), (2, 0.60), (3, 0.60)])
def test_attraction_goes_by_grade_and_grades_beyond_the_table_count_as_the_last(grade: int, chance: float) -> None:
    assert click_rate(visits(PLAIN, [grade]), 1) == near(chance)


def test_popularity_and_noise_draw_clicks_to_what_is_not_relevant() -> None:
    model = ClickModel(popularity_taste=0.5, noise=0.1, stop_by_grade=(0.0,))

    assert model.click_chance(0, 1.0) == pytest.approx(0.9 * (0.05 + 0.5 * 0.95) + 0.05)
    assert click_rate(visits(model, [0], [1.0]), 1) == near(0.9 * 0.525 + 0.05)
    assert click_rate(visits(model, [0], [0.0]), 1) == near(0.9 * 0.05 + 0.05)


def test_a_satisfied_shopper_sees_nothing_further() -> None:
    model = ClickModel(popularity_taste=0.0, noise=0.0, stop_by_grade=(0.0, 0.45), scroll_on=1.0)

    seen = visits(model, [1, 1])

    assert click_rate(seen, 2) == near((1 - 0.40 * 0.45) * 2**-0.6 * 0.40)


def test_results_above_the_fold_are_shown_and_each_further_one_by_scrolling_on() -> None:
    model = ClickModel(click_by_grade=(0.0,), noise=0.0, popularity_taste=0.0, fold=3, scroll_on=0.5)

    shown = Counter(visit.shown for visit in visits(model, [0] * 5))

    assert {depth: count / VISITS for depth, count in sorted(shown.items())} == {
        3: near(0.5),
        4: near(0.25),
        5: near(0.25),
    }


def test_the_fold_is_shown_even_to_who_clicks_the_first_and_leaves() -> None:
    model = ClickModel(click_by_grade=(1.0,), noise=0.0, stop_by_grade=(1.0,), fold=4)

    assert model.visit([0] * 10, [0.0] * 10, Dice(1)) == Visit(shown=4, clicked=(1,))
    assert model.visit([0] * 2, [0.0] * 2, Dice(1)) == Visit(shown=2, clicked=(1,))
    assert model.visit([], [], Dice(1)) == Visit(shown=0, clicked=())


def test_carts_purchases_and_wishlists_follow_clicks_by_grade() -> None:
    dice, model = Dice(3), ClickModel()

    followed = Counter(action for _ in range(VISITS) for action in model.cart_actions(2, dice))

    assert followed["add_to_cart"] / VISITS == near(0.25)
    assert followed["purchase"] / VISITS == near(0.25 * 0.45)
    assert followed["add_to_wishlist"] / VISITS == near(0.12)
    assert followed.total() / VISITS == pytest.approx(model.cart_events_per_click(2), abs=0.02)


def test_eagerness_multiplies_the_chances_to_cart() -> None:
    dice, model = Dice(3), ClickModel()

    followed = Counter(action for _ in range(VISITS) for action in model.cart_actions(1, dice, eagerness=2.0))

    assert followed["add_to_cart"] / VISITS == near(0.30)
    assert followed["add_to_wishlist"] / VISITS == near(0.16)
    assert model.cart_actions(1, dice, eagerness=0.0) == []
