"""A value and a bound in, whether it is reached or passed out; equal is equal to within ROUNDING.

A mean of floats that should be 0.8 may come out as 0.7999999999999999, and that must not decide.
"""

ROUNDING = 1e-9


def reaches(value: float, bound: float) -> bool:
    """At or past the bound."""
    return value >= bound - ROUNDING


def exceeds(value: float, bound: float) -> bool:
    """Past the bound."""
    return value > bound + ROUNDING
