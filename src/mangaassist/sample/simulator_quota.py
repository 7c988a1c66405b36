"""Targets in, how eager shoppers must be out: a log with as many clicks and cart events as were asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Targets:
    """Raw events to log: clicks; and carts, which are add_to_cart, add_to_wishlist and purchase events together."""

    clicks: int
    carts: int


class Quota:
    """Counts a log towards its targets, and steers the cart events so that both are reached together.

    Without targets shoppers are as eager as the click model says. With targets, `eagerness` multiplies their chances to
    cart by what is still wanted over what the clicks still to come would bring; clicks end exactly at the target unless
    carts are then missing.
    """

    def __init__(self, targets: Targets | None) -> None:
        self._targets = targets
        self.clicks = 0
        self.carts = 0
        self._expected_carts = 0.0

    @property
    def missing(self) -> int:
        """Events still to come before both targets are reached; 0 without targets."""
        if self._targets is None:
            return 0
        return max(0, self._targets.clicks - self.clicks) + max(0, self._targets.carts - self.carts)

    @property
    def is_met(self) -> bool:
        """Whether both targets are reached; never without targets."""
        return self._targets is not None and self.missing == 0

    @property
    def wants_carts(self) -> bool:
        """Whether one more cart event may be logged."""
        return self._targets is None or self.carts < self._targets.carts

    def eagerness(self) -> float:
        """What to multiply the chances to cart with."""
        if self._targets is None:
            return 1.0
        # Aim to have all carts a little before the last click: the end must not hang on one rare event.
        clicks_left = max(1.0, 0.98 * self._targets.clicks - self.clicks)
        carts_left = self._targets.carts - self.carts
        per_click = self._expected_carts / max(1, self.clicks)
        return carts_left / (clicks_left * per_click) if per_click else 1.0

    def count_click(self, expected_carts: float) -> None:
        """One more click, which brings so many cart events at eagerness 1."""
        self.clicks += 1
        self._expected_carts += expected_carts
