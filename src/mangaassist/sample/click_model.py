"""Grades and tastes of the results in, one shopper's visit out: what was shown, what was clicked, what was carted.

The shopper goes down the list. Result k (from 1) is *shown* if it is above the fold or if the shopper scrolls on to it,
each further one with chance `scroll_on`. A shown result is *examined* with chance k ** -position_bias, and an examined
one is clicked with chance

    (1 - noise) * (c + popularity_taste * taste * (1 - c)) + noise / 2,      c = click_by_grade[grade]

where taste is the document's popularity as a quantile in [0, 1]. After a click the shopper is satisfied, and stops,
with chance stop_by_grade[grade]: a cascade. A clicked title is put into the cart with chance cart_by_grade[grade], then
bought with chance `purchase_after_cart`; independently it is wishlisted with chance wishlist_by_grade[grade].
A grade beyond a table's end counts as the last one.
Sources: position-based model and cascade as in Chuklin, Markov and de Rijke 2015; taste and noise are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mangaassist.sample.simulator_dice import Dice


@dataclass(frozen=True, slots=True)
class Visit:
    """What happened on one results page: how many results were shown, and which positions (from 1) were clicked."""

    shown: int
    clicked: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClickModel:
    """The chances that a shopper scrolls, examines, clicks, stops and buys; all in [0, 1] except the bias, >= 0."""

    position_bias: float = 0.6
    fold: int = 4
    scroll_on: float = 0.85
    click_by_grade: tuple[float, ...] = (0.05, 0.40, 0.60)
    popularity_taste: float = 0.10
    noise: float = 0.02
    stop_by_grade: tuple[float, ...] = (0.10, 0.45, 0.70)
    cart_by_grade: tuple[float, ...] = (0.03, 0.15, 0.25)
    purchase_after_cart: float = 0.45
    wishlist_by_grade: tuple[float, ...] = (0.02, 0.08, 0.12)

    def click_chance(self, grade: int, taste: float) -> float:
        """The chance that an examined result is clicked."""
        wanted = at_grade(self.click_by_grade, grade)
        return (1 - self.noise) * (wanted + self.popularity_taste * taste * (1 - wanted)) + self.noise / 2

    def visit(self, grades: Sequence[int], tastes: Sequence[float], dice: Dice) -> Visit:
        """One shopper's way down the results."""
        shown, clicked = 0, []
        for position, (grade, taste) in enumerate(zip(grades, tastes, strict=True), start=1):
            if position > self.fold and dice.roll() >= self.scroll_on:
                break
            shown = position
            is_examined = dice.roll() < position**-self.position_bias
            if is_examined and dice.roll() < self.click_chance(grade, taste):
                clicked.append(position)
                if dice.roll() < at_grade(self.stop_by_grade, grade):
                    break
        return Visit(max(shown, min(self.fold, len(grades))), tuple(clicked))

    def cart_events_per_click(self, grade: int) -> float:
        """How many cart, purchase and wishlist events a click leads to on average."""
        carted = at_grade(self.cart_by_grade, grade) * (1 + self.purchase_after_cart)
        return carted + at_grade(self.wishlist_by_grade, grade)

    def cart_actions(self, grade: int, dice: Dice, *, eagerness: float = 1.0) -> list[str]:
        """What follows a click, in order; `eagerness` multiplies the chances to cart and to wishlist."""
        actions = []
        if dice.roll() < at_grade(self.wishlist_by_grade, grade) * eagerness:
            actions.append("add_to_wishlist")
        if dice.roll() < at_grade(self.cart_by_grade, grade) * eagerness:
            actions.append("add_to_cart")
            if dice.roll() < self.purchase_after_cart:
                actions.append("purchase")
        return actions


def at_grade(table: Sequence[float], grade: int) -> float:
    """The table's chance for a grade; a grade beyond its end counts as the last one."""
    return table[min(grade, len(table) - 1)]
